"""Whether judges of attention say the same of the same edits."""
import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd

from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.statistics import bootstrap
from realistic_editing.evaluation.statistics.agreement import rank_correlation

_LEAST = 3  # regions, below which a correlation says nothing


def agreement_of_judges(
    name: str, title: str, by_method: Mapping[str, pd.DataFrame], judges: Mapping[str, str], resamples: int, seed: int
) -> Table | None:
    """The rank correlation of each two judges' changes over the regions that a method edited.

    Args:
        name, title: of the table.
        by_method: of mild edits and of strong ones: a row for each region, with its photo under "photo".
        judges: two or more, by their names, with the columns of the changes that they saw.
        resamples, seed: of the bootstrap over photos.

    Returns:
        A row for each method that edited at least three regions and changed any; None where there is no such method.
    """
    rows = []
    for method, found in by_method.items():
        found = found.dropna(subset=list(judges.values()))
        if len(found) < _LEAST or not found[list(judges.values())].to_numpy().any():
            continue
        cells: dict[str, object] = {"method": method, "regions": len(found)}
        for (one, first), (other, second) in itertools.combinations(judges.items(), 2):
            pairs = found[[first, second]].to_numpy(float)

            def statistic(drawn: np.ndarray, pairs: np.ndarray = pairs) -> float:
                return rank_correlation(*pairs[drawn].T)

            cells[f"{one}, {other}"] = bootstrap.bootstrap(statistic, found.photo, resamples, seed, limits=bootstrap.SIGNED)
        rows.append(cells)
    if not rows:
        return None
    words = (
        "Spearman's rank correlation, over regions, of the changes of saliency that two judges see; 1 where they put all edits "
        "in the same order, nan where one sees the same change in all."
    )
    return Table(name, title, words, pd.DataFrame(rows))
