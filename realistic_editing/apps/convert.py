"""Turn the checkpoints of the paper's authors into files of weights that every command here takes."""
import dataclasses
import hashlib
from pathlib import Path
from typing import Any

from torch import nn

from realistic_editing.apps.results import refuse_overwriting
from realistic_editing.common.errors import InputError
from realistic_editing.common.tasks import TASKS
from realistic_editing.enhance.equations import SALIENCY_WEIGHT
from realistic_editing.enhance.loss import Objective
from realistic_editing.weights import load_released, save_network

# --as -> the network's name here, and how many checkpoints make it.
_KINDS = {"editnet": ("editnet", 1), "realismnet": ("pix2pix", 1), "emlnet": ("emlnet", 3)}
_CONFIGS = {"editnet": {"blend": "each"}, "realismnet": {}, "emlnet": {}}


def convert(options: dict[str, Any]) -> Path:
    """Read checkpoints, write one .safetensors file, and print how it is used.

    Args:
        options: of the command line: checkpoints, kind, task, output.

    Returns:
        The file's path.

    Raises:
        InputError: when a checkpoint cannot be read or is another network, or the task of an EditNet is not known.
    """
    paths, kind = [Path(path) for path in options["checkpoints"]], options["kind"]
    name, count = _KINDS[kind]
    if len(paths) != count:
        remedy = "give IMAGENET.pth PLACES.pth DECODER.pth, in this order" if kind == "emlnet" else "give one"
        words = f"{count} checkpoint{'s' if count > 1 else ''}"
        raise InputError(f"{kind} is made of {words}, and {len(paths)} {'was' if len(paths) == 1 else 'were'} given; {remedy}")
    if options["output"] and Path(options["output"]).suffix != ".safetensors":
        raise InputError(f"{options['output']}: weights are written as .safetensors; give a name that ends so")
    card = {"source": "the authors' release", "checkpoints": [f"{path.name}, SHA-256 {_digest(path)}" for path in paths]}
    network = _network(kind, paths)  # before its task is asked for: it may be no checkpoint at all
    if kind == "editnet":
        task = _task(options["task"], paths[0])
        card |= {"task": task, "objective": dataclasses.asdict(_released(task))}
        stem = f"editnet_{task}"
    else:
        stem = kind
    output = Path(options["output"] or f"outputs/{stem}.safetensors")
    refuse_overwriting([output], paths)
    save_network(network, name, output, _CONFIGS[kind], card)
    print(f"{output}: {_use(kind, output, card.get('task'))}")
    return output


def _network(kind: str, paths: list[Path]) -> nn.Module:
    if kind != "emlnet":
        return load_released(paths[0], kind)
    from realistic_editing.saliency.emlnet import EMLNet  # torchvision takes long to import

    return EMLNet.from_released(*paths)


def _task(given: str | None, path: Path) -> str:
    """The task of an EditNet, which its checkpoint does not say: as given, or as the file's name has it."""
    named = [task for task in TASKS if task in path.stem.lower()]
    if given is None and len(named) != 1:
        raise InputError(f"{path}: its name does not say what it was trained for; add --task {' or --task '.join(TASKS)}")
    task = given or named[0]
    if task not in TASKS:
        raise InputError(f"task is {task!r}; use {' or '.join(TASKS)}")
    return task


def _released(task: str) -> Objective:
    """What the release minimises: configs/objective/released.yaml."""
    return Objective(
        saliency_weight=SALIENCY_WEIGHT[task], change="relative", clip=1.0, cap=10.0, margin=0.1, realism_weight=1.0,
        human_weight=10.0, combine="product",
    )  # fmt: skip


def _use(kind: str, output: Path, task: str | None) -> str:
    if kind == "editnet":
        return f"realistic-editing edit PHOTO MASK --task {task} --weights {output}"
    option = {"realismnet": "critic", "emlnet": "saliency"}[kind]
    group = {"realismnet": "realism", "emlnet": "saliency"}[kind]
    return f"edit --{option} {output}, evaluate.py {option}={output}, train_enhancer.py preset=paper {group}.weights={output}"


def _digest(path: Path) -> str:
    """SHA-256, by which a checkpoint is known again."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    return digest.hexdigest()
