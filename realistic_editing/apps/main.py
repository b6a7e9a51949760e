"""Run one of the package's jobs for a script or the command: errors of the user's in one line, exit code 2."""
import contextlib
import importlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from omegaconf.errors import MissingMandatoryValue

from realistic_editing.apps.streams import patient
from realistic_editing.common.errors import InputError
from realistic_editing.common.extras import how_to_install
from realistic_editing.common.files import FULL
from realistic_editing.common.hints import did_you_mean, like

JOBS = {
    "train_saliency": "realistic_editing.apps.train:train_saliency",
    "train_realism": "realistic_editing.apps.train:train_realism",
    "train_enhancer": "realistic_editing.apps.train:train_enhancer",
    "train_gazeshift": "realistic_editing.apps.train:train_gazeshift",
    "train_selector": "realistic_editing.apps.train:train_selector",
    "pack_regions": "realistic_editing.apps.regions:pack_regions",
    "optimise_regions": "realistic_editing.apps.optimise_regions:optimise_regions",
    "evaluate": "realistic_editing.apps.evaluate:evaluate",
    "benchmark": "realistic_editing.apps.benchmark:benchmark",
    "gpu_run": "realistic_editing.apps.gpu_run:gpu_run",
    "figures": "realistic_editing.apps.figures:figures",
    "enhance": "realistic_editing.apps.edit:enhance",
    "batch": "realistic_editing.apps.batch:batch",
    "score": "realistic_editing.apps.score:score",
    "recipe": "realistic_editing.apps.recipe:recipe",
    "doctor": "realistic_editing.apps.doctor:doctor",
    "plan": "realistic_editing.apps.plan:plan",
    "video": "realistic_editing.apps.video:video",
    "mask": "realistic_editing.apps.mask:mask",
    "suggest": "realistic_editing.apps.suggest:suggest",
    "clean": "realistic_editing.apps.clean:clean",
    "export": "realistic_editing.apps.export:export",
    "convert": "realistic_editing.apps.convert:convert",
    "export-onnx": "realistic_editing.apps.export_onnx:export_onnx",
    "study": "realistic_editing.apps.study.command:study",
    "study-export": "realistic_editing.apps.study.command:study_export",
    "demo": "realistic_editing.apps.demo:demo",
    "page": "realistic_editing.apps.page.serve:page",
}
# The extras of pyproject.toml, and what each brings beyond the core: packages as they are imported.
EXTRAS = {
    "tools": ("pandas", "pymatting", "av"),
    "train": ("lightning_fabric", "torchvision", "timm", "pycocotools", "fsspec", "tensorboard", "matplotlib"),
}
TRAINING = (
    "train_saliency", "train_realism", "train_enhancer", "train_gazeshift", "train_selector", "pack_regions",
    "optimise_regions", "evaluate", "benchmark", "gpu_run", "figures",
)  # fmt: skip
RESUMED = (
    "train_saliency", "train_realism", "train_enhancer", "train_gazeshift", "train_selector", "pack_regions",
    "optimise_regions", "evaluate", "gpu_run", "batch", "study",
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
    from realistic_editing.apps.given_files import check_given_files
    from realistic_editing.apps.option_ranges import CHECKED_EARLY, OPTION_RANGES, check_ranges  # late: --help needs none of it

    module, function = JOBS[job].split(":")
    try:
        if job in OPTION_RANGES:
            check_ranges(job, config)  # before the job is imported, which takes seconds
        check_given_files(job, config)
        if job in CHECKED_EARLY:
            CHECKED_EARLY[job](config)
        with needed("train" if job in TRAINING else None):
            return getattr(importlib.import_module(module), function)(config)
    except InputError as error:
        leave(str(error))
    except OSError as error:  # a log or a journal; what replaces a file names it itself
        if error.errno not in FULL:
            raise
        leave(f"{error.filename or 'an output'}: cannot be written ({error.strerror}); free some disk space")
    except MemoryError:
        leave("there is not enough memory; use a smaller photo, batch or network, or close other programs")
    except KeyboardInterrupt:
        again = "; the same command goes on where it stopped" if job in RESUMED else ""
        print(f"\nstopped{again}", file=sys.stderr)
        sys.exit(130)  # as shells have it: 128 and the number of the signal


@contextlib.contextmanager
def needed(whole: str | None = None) -> Iterator[None]:
    """Name the extra of this project where a package that only it installs is absent; and an option that has no value yet.

    Args:
        whole: an extra that brings all that is needed here; None = the one that brings the package.

    Raises:
        InputError: in the place of the import's error.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        extra = next((extra for extra, packages in EXTRAS.items() if package in packages), None)
        if extra is None:
            raise
        extra = whole or extra
        raise InputError(
            f"this needs the package {package}, which comes with the extra {extra}: {how_to_install(extra)}"
        ) from error
    except MissingMandatoryValue as error:
        raise InputError(f"{error.full_key} is not set; add {error.full_key}=... to the command") from error


def explain(config: Path, more: str = "") -> str:
    """What --help says of a script: its configuration file, whose comments say what every option is.

    Args:
        config: a file of configs/ that asks for no groups; Hydra's own help drops the comments.
        more: lines on options that the file takes from elsewhere.
    """
    text = config.read_text(encoding="utf-8").split("\nhydra:\n")[0]
    text = "\n".join([text, more, ""])
    return f"{text}\nSet any of these on the command line as NAME=VALUE, or GROUP.NAME=VALUE for what is indented."


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
        leave(in_our_words(error))


def in_our_words(error: Exception) -> str:
    """What Hydra says of an option; of one that is not there without its advice to add it, which nothing would read."""
    unknown = re.match(r"Could not override '([^']+)'\.\s+To append to your config", str(error))
    if unknown is None:
        return _of_group(str(error))
    *groups, name = (getattr(error.__cause__, "full_key", None) or unknown[1]).split(".")  # up to what is not there
    beside = getattr(error.__cause__, "parent_node", None)  # the options of the group that has no such one
    near = like(name, [str(one) for one in beside or ()])  # without the groups, which all of them share
    remedy = f"did you mean {'.'.join([*groups, near])}?" if near else "--help shows all that there are"
    return f"{unknown[1]}: there is no such option; {remedy}"


def _of_group(message: str) -> str:
    """What Hydra says of a group of options, in one line; what it says of anything else as it is."""
    if found := re.match(r"Could not override '([^']+)'\. No match in the defaults list", message):
        return f"{found[1]}: this script has no such group; --help shows all that there are"
    offered = re.findall(r"\t(\S+)", message.split("Config search path")[0])
    if found := re.search(r"Could not find '([^']+)/([^'/]+)'", message):
        remedy = did_you_mean(found[2], offered, f"use one of {', '.join(offered)}")
        return f"{found[1]}={found[2]}: there is no such choice; {remedy}" if offered else message
    if (found := re.match(r"You must specify '([^']+)'", message)) and offered:
        return f"{found[1]} is not given; add one of {', '.join(f'{found[1]}={one}' for one in offered)}"
    return message


def leave(message: str) -> NoReturn:
    """Say what the user must change, and end with code 2."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
