"""The configuration of a script, by Hydra, for those who do not come by its command line."""
from collections.abc import Sequence

from omegaconf import DictConfig, open_dict

from realistic_editing.apps.config import CONFIGS, TRAIN_TEXT, quoted
from realistic_editing.apps.main import in_our_words
from realistic_editing.apps.presets import completed, full_names
from realistic_editing.common.errors import InputError


def composed(name: str, overrides: Sequence[str]) -> DictConfig:
    """The configuration that scripts/NAME.py would have with these overrides.

    Args:
        name: of the script, such as "train_realism".
        overrides: as on its command line.

    Raises:
        InputError: when an override cannot be used.
    """
    from hydra import compose, initialize_config_dir  # late: --help of the command does not need them
    from hydra.core.global_hydra import GlobalHydra
    from hydra.errors import HydraException
    from hydra.initialize import get_gh_backup, restore_gh_from_backup

    before = get_gh_backup()  # of the script that this one may be called by
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(CONFIGS), version_base="1.3"):
            chosen = full_names(name, quoted(overrides, TRAIN_TEXT))
            config = compose(name, overrides=chosen, return_hydra_config=True)
            choices = config.hydra.runtime.choices
            with open_dict(config):
                del config["hydra"]
            plain = [one for one in chosen if not one.startswith("ablation/")]
            return completed(name, config, choices, recompose=lambda: compose(name, overrides=plain))
    except HydraException as error:
        raise InputError(in_our_words(error)) from error
    finally:
        restore_gh_from_backup(before)
