"""Run one of the package's jobs for a script or the command: errors of the user's in one line, exit code 2."""
import importlib
import sys
from typing import Any

from realistic_editing.common.errors import InputError

JOBS = {
    "train_saliency": "realistic_editing.apps.train:train_saliency",
    "train_realism": "realistic_editing.apps.train:train_realism",
    "train_enhancer": "realistic_editing.apps.train:train_enhancer",
    "enhance": "realistic_editing.apps.edit:enhance",
    "demo": "realistic_editing.apps.demo:demo",
}


def call(job: str, config: Any) -> Any:
    """Call a job by name; on a user's error print it and leave with code 2.

    Args:
        job: a key of JOBS; resolved late, so that --help does not wait for torch.
        config: what the job takes.
    """
    module, function = JOBS[job].split(":")
    try:
        return getattr(importlib.import_module(module), function)(config)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
