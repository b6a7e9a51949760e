"""The ablations that the tables compare with: networks that are not bundled, found where train_enhancer.py leaves them."""
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from realistic_editing.common.errors import InputError
from realistic_editing.weights import bundled

# Of Table 4 and Figures 8 and 11: task and ablation.
TABLED = (("attenuate", "no_realism"), ("amplify", "no_realism"), ("attenuate", "adversarial"), ("attenuate", "clean_masks"))
# Of the tables: minutes on a core.
ABLATION_SETTINGS = "trainer.steps=200 trainer.learning_rate=2e-3 trainer.evaluate_every=200"


def ablation_weights(config: DictConfig, task: str, ablation: str) -> Path:
    """Where train_enhancer.py leaves an ablation of the preset.

    Args:
        config: with `paths` and, at will, `preset`.
        task: "attenuate" or "amplify".
        ablation: a name of configs/ablation/train_enhancer.
    """
    folder = Path(config.paths.outputs) / "train_enhancer" / _training_preset(config)
    return folder / f"{task}_{ablation}" / "model.safetensors"


def _training_preset(config: DictConfig) -> str:
    """The preset that trains the networks of an evaluation's preset: the bundled enhancers are of `compact`."""
    preset = config.get("preset") or "compact"
    return "compact" if preset == "bundled" else str(preset)


def how_to_make(config: DictConfig, task: str, ablation: str) -> str:
    """The command that trains it."""
    preset = _training_preset(config)
    chosen = "" if preset == "compact" else f" preset={preset}"
    return f"python scripts/train_enhancer.py task={task} ablation={ablation}{chosen} {ABLATION_SETTINGS}"


def named_weights(config: DictConfig, name: str) -> str:
    """A file, bundled weights, or an ablation that has been trained, such as attenuate_no_realism -> what loads it.

    Raises:
        InputError: when it is an ablation that has not been trained; with the command that does.
    """
    task, _, ablation = Path(name).name.partition("_")
    if Path(name).is_file() or name in bundled() or (task, ablation) not in TABLED:
        return name
    path = ablation_weights(config, task, ablation)
    if not path.is_file():
        raise InputError(f"{name}: there is none at {path}; make it by {how_to_make(config, task, ablation)}")
    return str(path)


def trained_ablations(config: DictConfig, wanted: Sequence[str] | None = None) -> list[str]:
    """The files of those ablations of the tables that have been trained; of the others it prints how to make them.

    Args:
        config: as for `ablation_weights`.
        wanted: names, such as no_realism, without which nothing can go on; None = none of them, and all are of use.

    Raises:
        InputError: when one of `wanted` has not been trained for any task.
    """
    found, missing = [], []
    for task, ablation in TABLED:
        path = ablation_weights(config, task, ablation)
        if path.is_file():
            found.append(str(path))
        elif wanted is None or ablation in wanted:
            missing.append((task, ablation))
    for task, ablation in missing:
        if wanted is not None and not any(f"_{ablation}/" in Path(path).as_posix() for path in found):
            raise InputError(f"method {ablation} has not been trained here; make it by {how_to_make(config, task, ablation)}")
        print(f"not compared: {task}_{ablation}, which is not bundled; make it by {how_to_make(config, task, ablation)}")
    return found
