"""Run a script of scripts/: its configuration by Hydra, checked, and then one call into the package."""
import sys
from pathlib import Path

from realistic_editing.apps.main import call, explain, in_our_words, leave, needed, start

# Script -> the folder below configs/ with its configuration, and that file's name. It is a folder of its own where an option,
# such as task, has the name of a group.
CONFIG = {
    "train_saliency": ("", "train_saliency"),
    "train_realism": ("", "train_realism"),
    "train_enhancer": ("", "train_enhancer"),
    "train_gazeshift": ("", "train_gazeshift"),
    "train_selector": ("", "train_selector"),
    "pack_regions": ("", "pack_regions"),
    "optimise_regions": ("", "optimise_regions"),
    "benchmark": ("", "benchmark"),
    "gpu_run": ("", "gpu_run"),
    "evaluate": ("evaluate", "evaluate"),
    "figures": ("figures", "figures"),
    "enhance": ("enhance", "enhance"),
}


def run_script(job: str) -> None:
    """Do what the command line of this process says.

    Args:
        job: a key of CONFIG, and of `main.JOBS`.
    """
    with needed():
        import hydra
        from hydra.errors import HydraException

        from realistic_editing.apps.config import CONFIGS, TEXT, quoted
        from realistic_editing.apps.presets import completed, full_names, swept_keys, unnamed, with_a_task
        from realistic_editing.apps.script_help import script_help
        from realistic_editing.apps.streams import patient
        from realistic_editing.common.errors import InputError
        from realistic_editing.enhance.options import as_comments
    folder, name = CONFIG[job]
    arguments = sys.argv[1:]
    if {"--help", "-h"} & {*arguments}:
        more = as_comments() if job == "enhance" else ""
        with patient():
            print(explain(CONFIGS / folder / f"{name}.yaml", more) if folder else script_help(job))
        sys.exit(0)
    if "--cfg" in arguments:
        arguments = with_a_task(job, arguments)
    try:
        arguments = full_names(job, quoted(arguments, TEXT[job]))
        if {"-m", "--multirun"} & {*arguments}:
            # A job's folder is named after what is swept over, and not after what all jobs have in common.
            swept, fixed = swept_keys(arguments)
            arguments.append(f"hydra.job.config.override_dirname.exclude_keys=[{','.join([*fixed, *unnamed(swept)])}]")
    except (InputError, HydraException) as error:
        leave(in_our_words(error))
    sys.argv[1:] = arguments

    @hydra.main(version_base="1.3", config_path=str(Path(CONFIGS) / folder), config_name=name)
    def main(config) -> None:
        from hydra.core.hydra_config import HydraConfig
        from hydra.types import RunMode

        own = HydraConfig.get()
        sweep = own.job.override_dirname if own.mode == RunMode.MULTIRUN else None
        try:
            plain = [one for one in own.overrides.task if not one.startswith("ablation/")]
            config = completed(job, config, own.runtime.choices, sweep, lambda: hydra.compose(name, overrides=plain))
        except InputError as error:
            leave(str(error))
        call(job, config)

    start(main)
