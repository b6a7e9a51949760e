"""What scripts/evaluate.py may be asked for; the suites themselves, which import PyTorch, are found late."""
from collections.abc import Mapping
from typing import Any

from realistic_editing.common.errors import InputError

_SUITES = "realistic_editing.evaluation.suites"
# What suite= may name -> "module:Class" of a `Suite`; dataset= and ratings= run suites of their own.
SUITES = {
    "saliency": f"{_SUITES}.saliency:SaliencySuite",
    "critic": f"{_SUITES}.critic:CriticSuite",
    "enhancer": f"{_SUITES}.enhancer:EnhancerSuite",
    "default_edits": f"{_SUITES}.default_edits:DefaultEditsSuite",
    "penalties": f"{_SUITES}.penalties:PenaltiesSuite",
    "masks": f"{_SUITES}.masks:MaskSuite",
    "baselines": f"{_SUITES}.baselines:BaselineSuite",
    "select_masks": f"{_SUITES}.select_masks:SelectSuite",
    "suggest": f"{_SUITES}.suggest:SuggestSuite",
}
BY_OPTION = {"dataset": "realistic_editing.apps.compare:ComparisonSuite", "ratings": f"{_SUITES}.study:StudySuite"}
DATASETS = ("mechrez", "coco", "ade20k", "folder")  # what dataset= may name


def asked(config: Mapping[str, Any]) -> str:
    """Which of `suite`, `dataset` and `ratings` a configuration names, and that it names one and one that there is.

    Args:
        config: as configs/evaluate/evaluate.yaml.

    Raises:
        InputError: naming what may be asked for.
    """
    given = [name for name in ("suite", "dataset", "ratings") if config.get(name) is not None]
    if len(given) != 1:
        found = f"{' and '.join(given)} are given" if given else "nothing is named"
        known = f"suite={'|'.join(SUITES)}, dataset={'|'.join(DATASETS)}, or ratings=FILE.csv"
        raise InputError(f"{found}; use one of them: {known}")
    for name, names in (("suite", tuple(SUITES)), ("dataset", DATASETS)):
        if config.get(name) is not None and config[name] not in names:
            raise InputError(f"{name} is {config[name]!r}; use {', '.join(names[:-1])} or {names[-1]}")
    return given[0]
