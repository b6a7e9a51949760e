"""scripts/evaluate.py ratings=...: a user study from its file to its report, and what a user may get wrong."""
import json

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir

from realistic_editing.apps.config import CONFIGS, EVALUATE_TEXT
from realistic_editing.apps.evaluate import evaluate
from realistic_editing.common.errors import InputError
from realistic_editing.evaluation.suites.ratings import RATING_COLUMNS


def configured(*options):
    with initialize_config_dir(str(CONFIGS / "evaluate"), version_base="1.3"):
        return compose("evaluate", overrides=["resamples=50", *options])


@pytest.fixture
def ratings(tmp_path):
    rng, rows = np.random.default_rng(0), []
    for task, methods in (("attenuate", "ab"), ("amplify", "abc")):
        rows += [
            (rater, image, task, method, *rng.integers(1, 11, 2)) for rater in "xyz" for image in "ijkl" for method in methods
        ]
    path = tmp_path / "ratings.csv"
    pd.DataFrame(rows, columns=list(RATING_COLUMNS)).to_csv(path, index=False)
    return path


def test_a_study_from_end_to_end(ratings, tmp_path, capsys):
    path = evaluate(configured(f"ratings={ratings}", f"paths.outputs={tmp_path}"))
    assert path == tmp_path / "evaluate/study/report.md" and path.read_text() in capsys.readouterr().out
    content = json.loads(path.with_suffix(".json").read_text())
    wanted = {f"{part}_{task}" for part in ("means", "intervals", "comparisons") for task in ("attenuate", "amplify")}
    assert set(content["tables"]) == wanted | {"agreement"}
    for ending in ("csv", "tex"):
        assert {file.stem for file in path.parent.glob(f"*.{ending}")} == set(content["tables"])
    assert content["facts"]["counts"] == {"rater": 3, "image": 4, "task": 2, "method": 3, "ratings": 60}
    again = evaluate(configured(f"ratings={ratings}", f"output={tmp_path / 'again'}"))
    assert json.loads(again.with_suffix(".json").read_text())["tables"] == content["tables"]


def test_what_cannot_be_used_is_named(ratings, tmp_path):
    with pytest.raises(InputError, match="use one of them"):
        evaluate(configured(f"ratings={ratings}", "suite=critic", f"output={tmp_path / 'out'}"))
    with pytest.raises(InputError, match="nothing.csv: cannot be read"):
        evaluate(configured("ratings=nothing.csv", f"output={tmp_path / 'out'}"))
    assert not (tmp_path / "out").exists()


def test_the_name_of_the_file_is_plain_text():
    assert "ratings" in EVALUATE_TEXT
