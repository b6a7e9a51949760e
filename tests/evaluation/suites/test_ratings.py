"""Ratings as a user writes them: read as they are, and what is wrong is named by file, line and value."""
import numpy as np
import pytest

from realistic_editing.common.errors import InputError
from realistic_editing.evaluation.suites.ratings import RATING_COLUMNS, read_ratings

HEADER = "rater,image,task,method,effectiveness,realism\n"
GOOD = "anna,bench,attenuate,ours,7,9\n"


def written(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def test_read_in_the_order_of_the_file_and_nan_where_empty(tmp_path):
    text = HEADER + GOOD + '"Smith, Ben", tree ,amplify,ours,,1\n\n' + "anna,bench,attenuate,Ærø,7.5,\n"
    found = read_ratings(written(tmp_path / "r.csv", text, "utf-8-sig"))
    assert found.columns.tolist() == list(RATING_COLUMNS)
    assert found.rater.tolist() == ["anna", "Smith, Ben", "anna"] and found.image.tolist() == ["bench", "tree", "bench"]
    assert found.method.tolist() == ["ours", "ours", "Ærø"]
    np.testing.assert_equal(found.effectiveness.to_numpy(), [7, np.nan, 7.5])
    np.testing.assert_equal(found.realism.to_numpy(), [9, 1, np.nan])


def test_columns_in_any_order(tmp_path):
    text = "realism,method,task,image,rater,effectiveness\n9,ours,attenuate,bench,anna,7\n"
    turned, straight = written(tmp_path / "a.csv", text), written(tmp_path / "b.csv", HEADER + GOOD)
    assert read_ratings(turned).equals(read_ratings(straight))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: has no column 'rater'"),
        ("rater;image\n", "line 1: column 'rater;image' is unknown"),
        (HEADER.replace("realism", "beauty") + GOOD, "line 1: column 'beauty' is unknown"),
        (HEADER.replace("realism", "rater") + GOOD, "line 1: column 'rater' .* there twice"),
        (HEADER.replace(",realism", "") + GOOD, "line 1: has no column 'realism'"),
        (HEADER, "holds no ratings"),
        (HEADER + "anna,bench,attenuate,ours,7\n", "line 2: has 5 values for 6 columns"),
        (HEADER + GOOD + "anna,,attenuate,ours,7,9\n", "line 3: image is empty"),
        (HEADER + "anna,bench,calm,ours,7,9\n", "line 2: task is 'calm'; use attenuate or amplify"),
        (HEADER + "anna,bench,attenuate,ours,11,9\n", "line 2: effectiveness is '11'; use a number from 1 to 10"),
        (HEADER + "anna,bench,attenuate,ours,7,0\n", "line 2: realism is '0'"),
        (HEADER + "anna,bench,attenuate,ours,good,9\n", "line 2: effectiveness is 'good'"),
        (HEADER + "anna,bench,attenuate,ours,nan,9\n", "line 2: effectiveness is 'nan'"),
        (HEADER + GOOD + "ben" + GOOD[4:] + GOOD, "line 4: anna, bench, attenuate, ours was rated in line 2 already"),
        (HEADER + '"anna\nb",bench,attenuate,ours,7,9\n' + "anna,bench,calm,ours,7,9\n", "line 4: task"),
        (HEADER + 'an"na,"bench" x,attenuate,ours,7,9\n', "is not CSV"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, words):
    path = written(tmp_path / "r.csv", text)
    with pytest.raises(InputError, match=f"r.csv.*{words}"):
        read_ratings(path)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="nothing.csv: cannot be read"):
        read_ratings(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="UTF-8"):
        read_ratings(written(tmp_path / "r.csv", HEADER + "Zoë,bench,attenuate,ours,7,9\n", "latin-1"))
