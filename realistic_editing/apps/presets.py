"""Presets, experiments and ablations of the training scripts: found by their short names, refused where they mislead."""
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf, open_dict

from realistic_editing.apps.config import CONFIGS, instantiate_node
from realistic_editing.common.errors import InputError
from realistic_editing.common.hints import did_you_mean
from realistic_editing.enhance.options import NAMES

SCRIPTS = ("train_saliency", "train_realism", "train_enhancer")
CHOICES = ("preset", "experiment", "ablation")  # each is a folder of configs/, with a folder for each script in it
# Of a sweep, what the folder's name says without them, or what does not change the outcome.
UNNAMED = ("output", "task", "paths.", "trainer.workers", "trainer.log_every", "trainer.save_every")


def full_names(script: str, arguments: Sequence[str]) -> list[str]:
    """Turn preset=, experiment= and ablation= into the groups of this script: experiment=NAME -> experiment/SCRIPT=NAME.

    Args:
        script: such as "train_realism"; arguments of scripts without such folders come back as they are.
        arguments: of the command line; a sweep's NAME,NAME too.

    Raises:
        InputError: when a name is unknown, or another script's; naming the right script.
    """
    if script not in SCRIPTS:
        return list(arguments)
    result = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if equals and name.lstrip("+") in CHOICES:
            choice = name.lstrip("+")
            for one in re.split(r"[,\s]+", value.strip("'\"[]")):
                _check_choice(script, choice, one)
            argument = f"{choice}/{script}={value}"
        result.append(argument)
    _refuse_two_presets(script, result)
    return result


def with_a_task(script: str, arguments: Sequence[str]) -> list[str]:
    """The same arguments; of a script that wants a task with one, as showing its options must not ask for a choice first."""
    named = script != "train_enhancer" or any(one.startswith("task=") for one in arguments)
    return [*arguments] if named else [*arguments, "task=attenuate"]


def known(choice: str, script: str) -> list[str]:
    """The names that a script knows for "preset", "experiment" or "ablation"."""
    return sorted(path.stem for path in (CONFIGS / choice / script).glob("*.yaml"))


def _check_choice(script: str, choice: str, name: str) -> None:
    if name in (*known(choice, script), "null", "choice", "glob") or "(" in name:  # Hydra's own words for sweeps
        return
    others = [other for other in SCRIPTS if name in known(choice, other)]
    has = ", ".join(known(choice, script)) or f"no {choice} at all"
    if others:
        raise InputError(f"{choice}={name} is for {others[0]}.py, not for {script}.py, which has {has}")
    raise InputError(f"{choice}={name} is unknown; {script}.py has {has}")


def _refuse_two_presets(script: str, arguments: Sequence[str]) -> None:
    """An experiment may choose its preset; another one on the command line would make it something else."""
    given = {name: value for name, _, value in (argument.partition("=") for argument in arguments)}
    preset = given.get(f"preset/{script}")
    for name in given.get(f"experiment/{script}", "").split(","):
        path = CONFIGS / "experiment" / script / f"{name}.yaml"
        entries = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("defaults", ()) if path.is_file() else ()
        groups = {key: entry[key] for entry in entries if isinstance(entry, dict) for key in entry}
        chosen = groups.get(f"override /preset/{script}")
        if preset and chosen and preset != chosen:
            raise InputError(f"experiment={name} belongs to preset={chosen}; leave out preset={preset}")


def completed(
    script: str,
    config: DictConfig,
    choices: Mapping[str, Any],
    sweep: str | None = None,
    recompose: Callable[[], DictConfig] | None = None,
) -> DictConfig:
    """The configuration with the names of what was chosen, and a folder for its output that no other choice has.

    Args:
        script: such as "train_realism".
        config: as Hydra composed it.
        choices: group -> what was chosen of it, `hydra.runtime.choices`.
        sweep: of a job of a sweep, what is swept as "NAME=VALUE,NAME=VALUE"; None outside sweeps.
        recompose: gives the configuration without the ablation.

    Returns:
        The same configuration; of scripts that train, with `preset`, `experiment`, `ablation` and `output` set.

    Raises:
        InputError: when an option is unknown, or `choices` and `config` do not go together.
    """
    _refuse_unknown(script, config)
    if script not in SCRIPTS:
        return config
    names = {choice: choices.get(f"{choice}/{script}") for choice in CHOICES}
    if names["ablation"] and recompose is not None and _plain(recompose()) == _plain(config):
        raise InputError(
            f"ablation={names['ablation']} changes nothing of preset={names['preset']} with these options, so "
            "that its run would mislead; leave it out, or choose another preset"
        )
    with open_dict(config):
        for choice, name in names.items():
            config[choice] = name
        task = OmegaConf.select(config, "task.name")
        leaf = "_".join(name for name in (task, names["experiment"], names["ablation"]) if name) or "default"
        if sweep:
            leaf += _safe(sweep)
        if config.output is None:
            config.output = str(Path(config.paths.outputs) / script / names["preset"] / leaf)
        elif sweep is not None:
            config.output = str(Path(config.output) / leaf)  # the folder of all the sweep's jobs
    return config


def _plain(config: DictConfig) -> dict[str, Any]:
    found = {name: value for name, value in OmegaConf.to_container(config, resolve=True).items() if name != "hydra"}
    if "objective" in found:
        found["objective"] = instantiate_node(config.objective, "objective")  # with the values that its config leaves out
    return found


def swept_keys(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Which options of a command line are swept over, and which are fixed: their names.

    Args:
        arguments: of the command line, without those that begin with a dash.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser

    words = [word for word in arguments if not word.startswith("-") and "=" in word]  # "--cfg job" has a word of its own
    overrides = OverridesParser.create().parse_overrides(words)
    swept = [one.get_key_element() for one in overrides if one.is_sweep_override()]
    return swept, [key for one in overrides if (key := one.get_key_element()) not in swept]


def unnamed(keys: Sequence[str]) -> list[str]:
    """Those of some options that a folder's name need not say once more."""
    groups = tuple(f"{choice}/" for choice in CHOICES)
    return [key for key in keys if key.startswith(groups) or key in UNNAMED or key.startswith("paths.")]


def _safe(sweep: str) -> str:
    """As part of a folder's name; values with other characters, and long ones, are separated by a mark."""
    plain = re.sub(r"[^\w.=,+-]", "_", sweep)
    mark = hashlib.sha256(sweep.encode()).hexdigest()[:8]
    return f",{plain}" if plain == sweep and len(plain) <= 120 else f",{plain[:100]}-{mark}"


def _refuse_unknown(script: str, config: DictConfig) -> None:
    expected = _options(script)
    for name in config:
        if name not in expected:
            remedy = did_you_mean(str(name), expected, f"it has {', '.join(sorted(expected))}")
            raise InputError(f"{name} is no option of {script}.py; {remedy}")


def _options(script: str) -> set[str]:
    """The top-level options of a script: those that its config and its presets write, or get from groups."""
    folder = CONFIGS if (CONFIGS / f"{script}.yaml").is_file() else CONFIGS / script
    main = next(path for path in (folder / f"{script}.yaml", folder / "figures.yaml") if path.is_file())
    presets = (CONFIGS / "preset" / script) if script in SCRIPTS else main.parent / "preset"
    found = {*CHOICES} if script in SCRIPTS else set()
    for path in [main, *sorted(presets.glob("*.yaml"))]:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found |= {name for name in content if name not in ("defaults", "hydra")}
        for entry in content.get("defaults", ()):
            group = next(iter(entry)) if isinstance(entry, dict) else "_self_"
            if not group.startswith("override ") and group != "_self_" and group.split("/")[0] not in CHOICES:
                found.add(re.split(r"[@/]", group)[-1])
    return found | (set(NAMES) if script == "enhance" else set())
