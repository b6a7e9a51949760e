"""Run one of the package's jobs for a script or the command: errors of the user's in one line, exit code 2."""
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from omegaconf.errors import MissingMandatoryValue

from realistic_editing.apps.streams import patient
from realistic_editing.common.errors import InputError

JOBS = {
    "train_saliency": "realistic_editing.apps.train:train_saliency",
    "train_realism": "realistic_editing.apps.train:train_realism",
    "train_enhancer": "realistic_editing.apps.train:train_enhancer",
    "train_gazeshift": "realistic_editing.apps.train:train_gazeshift",
    "pack_regions": "realistic_editing.apps.regions:pack_regions",
    "evaluate": "realistic_editing.apps.evaluate:evaluate",
    "benchmark": "realistic_editing.apps.benchmark:benchmark",
    "figures": "realistic_editing.apps.figures:figures",
    "enhance": "realistic_editing.apps.edit:enhance",
    "batch": "realistic_editing.apps.batch:batch",
    "score": "realistic_editing.apps.score:score",
    "recipe": "realistic_editing.apps.recipe:recipe",
    "doctor": "realistic_editing.apps.doctor:doctor",
    "plan": "realistic_editing.apps.plan:plan",
    "video": "realistic_editing.apps.video:video",
    "mask": "realistic_editing.apps.mask:mask",
    "export": "realistic_editing.apps.export:export",
    "export-onnx": "realistic_editing.apps.export_onnx:export_onnx",
    "study": "realistic_editing.apps.study.command:study",
    "study-export": "realistic_editing.apps.study.command:study_export",
    "demo": "realistic_editing.apps.demo:demo",
    "page": "realistic_editing.apps.page.serve:page",
}
RESUMED = (
    "train_saliency", "train_realism", "train_enhancer", "train_gazeshift", "pack_regions", "evaluate", "batch", "study",
)  # fmt: skip


def call(job: str, config: Any) -> Any:
    """Call a job by name; on a user's error print it and leave with code 2.

    Args:
        job: a key of JOBS; resolved late, so that --help does not wait for torch.
        config: what the job takes.

    Returns:
        What the job returns.
    """
    with patient():
        return _called(job, config)


def _called(job: str, config: Any) -> Any:
    module, function = JOBS[job].split(":")
    try:
        return getattr(importlib.import_module(module), function)(config)
    except InputError as error:
        _leave(str(error))
    except MissingMandatoryValue as error:
        _leave(f"{error.full_key} is not set; add {error.full_key}=... to the command")
    except KeyboardInterrupt:
        again = "; the same command goes on where it stopped" if job in RESUMED else ""
        print(f"\nstopped{again}", file=sys.stderr)
        sys.exit(130)  # as shells have it: 128 and the number of the signal


def explain(config: Path, more: str = "") -> None:
    """On --help print the configuration file, whose comments say what every option is, and leave.

    Args:
        config: a file of configs/ that asks for no groups; Hydra's own help drops the comments.
        more: lines on options that the file takes from elsewhere.
    """
    if {"--help", "-h"} & set(sys.argv[1:]):
        text = config.read_text(encoding="utf-8").split("\nhydra:\n")[0]
        text = "\n".join([text, more, ""])
        with patient():
            print(f"{text}\nSet any of these on the command line as NAME=VALUE, or GROUP.NAME=VALUE for what is indented.")
        sys.exit(0)


def start(main: Callable[[], None]) -> None:
    """Run the Hydra main of a script; an option that Hydra cannot use ends it as any other error of the user's.

    Args:
        main: decorated with hydra.main.
    """
    from hydra.errors import HydraException, InstantiationException

    os.environ["HYDRA_FULL_ERROR"] = "1"  # or Hydra would print the error itself, and leave with code 1
    try:
        main()
    except InstantiationException:
        raise  # from inside the job, which has said what a user can change
    except HydraException as error:
        _leave(str(error))


def _leave(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
