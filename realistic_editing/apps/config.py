"""Find the configs, and turn their groups into objects."""
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig

from realistic_editing.common.errors import InputError
from realistic_editing.enhance.options import DEFAULTS

_PACKAGE = Path(__file__).resolve().parents[1]

# Beside the package in a checkout, inside it in an installed wheel.
CONFIGS = next(folder for folder in (_PACKAGE / "configs", _PACKAGE.parent / "configs") if folder.is_dir())


# Options that are plain text. Paths may hold spaces and commas, and an order does; Hydra would read those as lists.
ENHANCE_TEXT = (
    "image", "mask", "box", "points", "outside", "order", "output", "sheet", "weights", "critic", "saliency",
)  # fmt: skip
EVALUATE_TEXT = (
    "output", "path", "ratings", "saliency", "critic", "fp32_weights", "attenuate", "amplify", "heldout_saliency",
    "second_heldout", "paths.data", "paths.outputs", "paths.regions", "regions.saliency",
)  # fmt: skip
FIGURES_TEXT = (
    "output", "photos", "photo", "mask", "attenuate", "amplify", "rival", "clean", "critic", "saliency", "paths.data",
    "paths.outputs", "paths.regions", "+results.*",
)  # fmt: skip
BENCHMARK_TEXT = ("output", "data", "realism.weights", "saliency.weights", "paths.outputs")
TRAIN_TEXT = (
    "output", "initial", "bank", "saliency.weights", "realism.weights", "paths.data", "paths.outputs", "paths.regions",
    "regions.saliency", "regions.shards",
)  # fmt: skip
TEXT = {
    **dict.fromkeys(
        ("train_saliency", "train_realism", "train_enhancer", "train_gazeshift", "train_selector", "pack_regions"), TRAIN_TEXT
    ),
    "enhance": ENHANCE_TEXT, "evaluate": EVALUATE_TEXT, "figures": FIGURES_TEXT, "benchmark": BENCHMARK_TEXT,
    "optimise_regions": (*TRAIN_TEXT, "weights", "judges.critic", "judges.saliency"),
    "gpu_run": ("output", "data", "saliency_weights", "paths.outputs"),
}  # fmt: skip


# The options of an edit, which configs/enhance takes as `edit_options`: declared once, in `EditOptions`.
ConfigStore.instance().store(name="edit_options", node=dict(DEFAULTS), package="_global_")


def quoted(arguments: Sequence[str], names: Sequence[str]) -> list[str]:
    """Quote the values of some options for Hydra, so that they reach the program as typed.

    Args:
        arguments: of the command line, such as "image=my photo, 2.jpg".
        names: the options whose values are plain text; "+results.*" means all that begin so.

    Returns:
        The arguments, quoted where that is needed.
    """
    result, beginnings = [], tuple(name.removesuffix("*") for name in names if name.endswith("*"))
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if equals and (name in names or name.startswith(beginnings)) and value and value != "null" and value[0] not in "'\"":
            value = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        result.append(name + equals + value)
    return result


def instantiate_node(node: DictConfig, name: str) -> Any:
    """What a config node describes; a value that its constructor refuses is the user's to change.

    Raises:
        InputError: naming the node.
    """
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, InputError):  # names its option
            raise error.__cause__ from error
        if isinstance(error.__cause__, ValueError | TypeError):
            raise InputError(f"{name}: {error.__cause__}; change its settings") from error
        raise
