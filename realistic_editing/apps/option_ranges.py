"""What the options of the scripts may be, beside those of their groups, which say so themselves: one table for each script."""
from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from realistic_editing.apps.evaluations import asked
from realistic_editing.apps.region_ways import check_one_region
from realistic_editing.common.errors import InputError
from realistic_editing.common.ranges import Choice, Either, Flag, Many, Number, Text, check, optional
from realistic_editing.common.tasks import TASKS, check_task
from realistic_editing.common.trainer_ranges import TRAINER_RANGES
from realistic_editing.data.splits import SPLITS
from realistic_editing.enhance.options import EditOptions

# As elsewhere; what says so there imports PyTorch, for which a mistake in the command need not wait.
LEAST_SIDE = 11  # measures.photo_changes.WINDOW: results are measured at edit_size, where a window of SSIM must have room
MOST_ORDERS = 24  # of the four operators, ops.ALL_ORDERS

_WEIGHT = Number(0, 10**6)
_SHARE = Number(0, 1)
_COUNT = Number(1, 10**9, whole=True)
_SEED = Number(0, 2**63 - 1, whole=True)
_SIDE = Number(8, 4096, whole=True)  # of photos that networks are trained on
_SECONDS = Number(0, 86400)
_WORKERS = optional(Number(1, 1024, whole=True))
_TEXT = optional(Text())
_TEXTS = Many(Text(".+", "a name"))
_TASK = optional(Choice(tuple(TASKS)))
_REGIONS = {
    "regions.sources": Either((Choice(("auto",)), _TEXTS)),
    "regions.sets": _TEXTS,
    "regions.folders": _TEXTS,
    "regions.val_regions": optional(_COUNT),
    "regions.matte": Flag(),
    "regions.saliency": _TEXT,
    "regions.shards": _TEXT,
    "regions.cache": _TEXT,
}
_EPOCHS = optional(Number(0, 10**6, above=True))

OPTION_RANGES: dict[str, dict[str, Any]] = {
    "train_saliency": {
        "initial": _TEXT,
        "sets": Many(Text(), least=1),
        "weights.kl": _WEIGHT, "weights.cc": _WEIGHT, "weights.nss": _WEIGHT, "weights.scale": _WEIGHT,
        "zoom": Number(0, 1, above=True),
        "jitter": _SHARE,
        "size": optional(Many(_SIDE, 2)),
        "teachers": _TEXTS,
        "teacher_weight": _WEIGHT,
        "ranked.weight": _WEIGHT, "ranked.margin": Number(0, 10, above=True),
        "unlabelled": Flag(),
        **_REGIONS,
    },
    "train_realism": {
        "size": optional(_SIDE),
        "pixels_per_zone": Number(0, 10**5, whole=True),
        "initial": _TEXT,
        "loss.kind": Choice(("cross_entropy", "squares")),
        "loss.rank": _WEIGHT, "loss.guess": _WEIGHT,
        "samples": Text(),
        "human": Flag(),
        "augment": Flag(),
        "epochs": _EPOCHS,
        **_REGIONS,
    },
    "train_enhancer": {
        "size": optional(_SIDE),
        "pixels_per_zone": Number(0, 10**5, whole=True),
        "initial": _TEXT, "realism.weights": _TEXT, "saliency.weights": _TEXT, "model.attention": _TEXT,
        "damage": _SHARE,
        "augment": Flag(),
        "adversarial": Flag(),
        "bank": _TEXT,
        "epochs": _EPOCHS,
        **_REGIONS,
    },
    "train_gazeshift": {
        "initial": _TEXT, "saliency.weights": Text(),
        "size": _SIDE,
        "weight": _WEIGHT,
        "sharpness": Number(0, 10**4, above=True),
        "discriminator.width": Number(1, 512, whole=True),
        **_REGIONS,
    },
    "train_selector": {"learn": Choice(("masks", "kinds")), "initial": _TEXT},
    "pack_regions": {"size": _SIDE, "photos": Number(1, 10**6, whole=True), "workers": _WORKERS, **_REGIONS},
    "optimise_regions": {
        "weights": Text(), "judges.critic": Text(), "judges.saliency": Text(), "output": Text(),
        "split": Choice(SPLITS),
        "limit": optional(_COUNT),
        "orders": Number(1, MOST_ORDERS, whole=True),
        "steps": Number(1, 10**5, whole=True),
        "workers": _WORKERS,
        **_REGIONS,
    },
    "evaluate": {
        "suite": _TEXT, "dataset": _TEXT, "ratings": _TEXT, "path": _TEXT, "compare_to": _TEXT, "paper_ratings": _TEXT,
        "preset": Text(), "saliency": Text(), "critic": Text(), "attenuate": Text(), "amplify": Text(),
        "heldout_saliency": Text(), "second_heldout": _TEXT,
        "fp32_weights": _TEXT, "output": _TEXT, "device": _TEXT, "edits": Text(),
        "resamples": _COUNT,
        "limit": optional(_COUNT),
        "workers": _WORKERS,
        "seed": _SEED,
        "edit_size.saliency": Number(LEAST_SIDE, 4096, whole=True), "edit_size.critic": Number(LEAST_SIDE, 4096, whole=True),
        "map_size": Many(_SIDE, 2),
        "viewer_splits": Number(1, 1000, whole=True),
        "optimise": optional(Number(0, 10**5, whole=True)),
        "samples_per_region": _COUNT,
        "max_regions": _COUNT,
        "sets": optional(Many(Text(), least=1)),
        "task": _TASK,
        "method": optional(Either((Text(), _TEXTS))),
        "rivals": optional(_TEXTS),
        **_REGIONS,
    },
    "figures": {
        "seed": _SEED,
        "rows": Number(1, 1000, whole=True),
        "task": Text(), "edits": Text(), "device": _TEXT, "photos": _TEXT, "photo": _TEXT, "mask": _TEXT,
        "attenuate": Text(), "amplify": Text(), "rival": Text(), "clean": _TEXT, "critic": Text(), "saliency": Text(),
        **_REGIONS,
    },
    "benchmark": {
        "photos": Number(1, 10**4, whole=True),
        "apply.megapixels": Many(Number(0, 1000, above=True), least=1),
        "apply.shares": Many(Number(0, 1, above=True), least=1),
        "apply.depths": Many(Either((Number(8, 8, whole=True), Number(16, 16, whole=True))), least=1),
        "apply.orders": Many(Many(Number(0, 3, whole=True), 4), least=1),
        "apply.plain_up_to": Number(0, 1000),
        "apply.seconds": _SECONDS, "propose.seconds": _SECONDS, "select.seconds": _SECONDS, "score.seconds": _SECONDS,
        "load.seconds": _SECONDS, "busy.seconds": _SECONDS, "page.seconds": _SECONDS, "gpu.seconds": _SECONDS,
        "training.seconds": _SECONDS, "quality.minutes": Number(0, 1440), "quality.shared": _TEXTS,
        "propose.plain_orders": Number(1, 24, whole=True), "select.plain_orders": Number(1, 24, whole=True),
        "propose.runtimes": _TEXTS,
        "score.batch": Number(1, 10**4, whole=True),
        "load.size": _SIDE,
        "busy.loads": Many(Number(0, 1000), least=1),
        "edit.megapixels": Many(Number(0, 1000, above=True)),
        "edit.batch_megapixels": Many(Number(0, 1000, above=True)),
        "edit.photos": Number(0, 10**6, whole=True),
        "edit.repeats": _COUNT, "growth.repeats": _COUNT,
        "edit.beside": _TEXT,
        "growth.sizes": Many(Number(0, 10**6, above=True), least=1),
        "page.side": Number(64, 20000, whole=True),
        "gpu.megapixels": Number(0, 1000, above=True),
        "gpu.shares": Many(Number(0, 1, above=True), least=1),
        "gpu.batch": Number(1, 10**5, whole=True),
    },
}  # fmt: skip


def check_options(script: str, config: DictConfig) -> None:
    """Refuse what no option of a script may be, before data are read or a network is built.

    Args:
        script, config: as for `check_ranges`; of `model.network`, its arguments are checked as well.

    Raises:
        InputError: naming the option, its value and what it may be.
    """
    check_ranges(script, config)
    network = _value(config, "model.network")
    if isinstance(network, dict):
        check_network("model.network", network)


def check_ranges(script: str, config: DictConfig) -> None:
    """Refuse what no option of a script may be, as far as that is known without PyTorch, which takes seconds to import.

    Args:
        script: a key of OPTION_RANGES.
        config: as Hydra composed it; what is absent, or `???`, passes. Of a group, a range holds for every entry.

    Raises:
        InputError: naming the option, its value and what it may be.
    """
    trainer = {f"trainer.{name}": allowed for name, allowed in TRAINER_RANGES.items()}
    for name, allowed in (OPTION_RANGES[script] | trainer).items():
        value = _value(config, name)
        if isinstance(value, dict):
            for entry, one in value.items():
                check(f"{name}.{entry}", one, allowed)
        elif value is not _ABSENT:
            check(name, value, allowed)
    if script == "evaluate":
        asked(config)


def check_network(name: str, node: dict[str, Any]) -> None:
    """Refuse what no argument of a network may be, by the network's own schema.

    Args:
        name: of the node of a configuration that describes the network, for the message.
        node: its content, with `_target_`.

    Raises:
        InputError: naming the argument, its value and what it may be; or a network that is not known.
    """
    from realistic_editing.weights.registry import name_of  # late: these import PyTorch
    from realistic_editing.weights.schema import check_config

    arguments = {argument: value for argument, value in node.items() if argument != "_target_"}
    check_config(name_of(node.get("_target_")), arguments, name)


def _check_edit(options: Mapping[str, Any]) -> None:
    check_task(options.get("task"))
    EditOptions.read(options)


def _check_edit_of_region(options: Mapping[str, Any]) -> None:
    _check_edit(options)
    if options.get("image"):
        check_one_region(options)


def _check_video(options: Mapping[str, Any]) -> None:
    _check_edit(options)
    check_one_region(options, clip=True)


# What is checked of commands before they are imported; a batch's table may name the task of each photo.
CHECKED_EARLY = {
    "enhance": _check_edit_of_region, "mask": check_one_region, "video": _check_video, "batch": EditOptions.read,
}  # fmt: skip
_ABSENT = object()


def _value(config: DictConfig, name: str) -> Any:
    """The value of an option in plain Python; `_ABSENT` where there is none, or one that is still to be given."""
    holder, (*groups, last) = config, name.split(".")
    for group in groups:
        holder = holder.get(group) if isinstance(holder, DictConfig) and not OmegaConf.is_missing(holder, group) else None
    if not isinstance(holder, DictConfig):
        if groups and _is_group(config, groups[0]):
            raise InputError(f"{groups[0]} is {config[groups[0]]!r}; set its entries, such as {name}")
        return _ABSENT
    if last not in holder or OmegaConf.is_missing(holder, last):
        return _ABSENT
    value = holder[last]
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value


def _is_group(config: DictConfig, name: str) -> bool:
    """Whether a group was given another value than its entries."""
    return name in config and not OmegaConf.is_missing(config, name) and not isinstance(config[name], DictConfig)
