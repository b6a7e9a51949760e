"""What --help says of a script whose configuration has groups: its examples, the options that people set, and the groups."""
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from realistic_editing.apps.config import CONFIGS

# Of groups that many scripts share, what people set, and what it is.
_TRAINER = {
    "trainer.steps": "optimiser steps",
    "trainer.batch_size": "samples in a step, over all processes",
    "trainer.learning_rate": "the greatest of the schedule",
    "trainer.seed": "decides weights, order, augmentation and edits",
    "trainer.workers": "processes that decode photos; 0 = none beside this one",
    "trainer.precision": "32-true, bf16-mixed or 16-mixed",
    "trainer.accelerator": "auto, cpu, cuda or mps",
    "trainer.evaluate_every": "steps between two validations",
    "trainer.smoke": "true = a few photos, two steps and a short validation, to see within a minute that a run will work",
}
_OTHERS = {
    "paths.data": "the folder that holds coco/, osie/ and other sets; when not given, that of REALISTIC_EDITING_DATA",
    "paths.outputs": "where runs are written",
    "regions.folders": "your own folders of photos with masks; alone, unless regions.sources names sets as well",
    "regions.shards": "a folder or an address of regions that pack_regions.py packed, in place of data sets",
}
_UNCHOSEN = ("paths", "regions", "trainer")  # groups of which nobody takes another
_COLUMN, _WIDTH = 24, 126
_END = """Set any of these on the command line as NAME=VALUE, or GROUP.NAME=VALUE for what is indented.
--cfg job shows the whole configuration that a command composes, with all other options, and runs nothing."""


def script_help(script: str) -> str:
    """The text of --help of a script.

    Args:
        script: such as "train_enhancer", whose configuration lies in configs/ itself.
    """
    path = CONFIGS / f"{script}.yaml"
    text = path.read_text(encoding="utf-8").split("\nhydra:\n")[0]
    examples, _, rest = text.partition("defaults:\n")
    own, groups, content = re.sub(r"\A(?:[ \t]+.*\n|\n)+", "", rest), _groups(path), yaml.safe_load(text)
    shared = _TRAINER | _OTHERS if script.startswith("train_") else _OTHERS
    lines = [_line(name, words) for name, words in shared.items() if name.split(".")[0] in groups and not _has(content, name)]
    parts = [examples.strip(), own.strip(), "\n".join(["# Of its groups:", *lines])]
    if chosen := [_line(name, ", ".join(choices)) for name, choices in groups.items() if name not in _UNCHOSEN]:
        after = "; a preset chooses those that are named after it" if "preset" in groups else ""
        parts.append("\n".join([f"# Whole groups, as NAME=CHOICE{after}:", *chosen]))
    return "\n\n".join([*parts, _END])


def _line(name: str, words: str) -> str:
    return textwrap.fill(words, _WIDTH, initial_indent=f"{name:<{_COLUMN}} # ", subsequent_indent=f"{'':<{_COLUMN}} # ")


def _has(content: Mapping[str, Any], name: str) -> bool:
    """Whether a configuration file itself sets an option, and so shows it."""
    group, _, option = name.partition(".")
    return option in (content.get(group) or {})


def _groups(path: Path) -> dict[str, list[str]]:
    """The groups that a configuration file asks for, and those of its preset -> their choices, with the default marked."""
    own: dict[str, list[str]] = {}
    of_preset: dict[str, list[str]] = {}
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")).get("defaults", ()):
        group, taken = next(iter(entry.items())) if isinstance(entry, dict) else ("override", None)
        if group.startswith("override"):
            continue
        folder = CONFIGS / group.removeprefix("/").split("@")[0]
        name = group.removeprefix("/").split("/")[0]  # preset/SCRIPT is set as preset=
        own[name] = [f"{one} (default)" if one == taken else one for one in sorted(file.stem for file in folder.glob("*.yaml"))]
        if name == "preset":
            of_preset = _groups(folder / f"{taken}.yaml")
    return own | of_preset
