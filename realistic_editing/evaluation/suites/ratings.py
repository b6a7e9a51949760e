"""Read the ratings of a user study.

A CSV file with a header and a line for each rating, its columns in any order:

    rater,image,task,method,effectiveness,realism
    anna,bench,attenuate,ours,7,9
    anna,bench,attenuate,GazeShift,5,
    ben,bench,attenuate,ours,8,10

rater, image and method are names of one's own. task is attenuate or amplify. effectiveness and realism are numbers from 1
to 10, higher is better, as the paper asks them (section 5.2); either may be empty. Nobody rates a method twice on an image.
"""
import csv
from pathlib import Path

import pandas as pd

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular
from realistic_editing.common.tasks import TASKS

KEYS = ("rater", "image", "task", "method")
RATED_QUALITIES = ("effectiveness", "realism")
RATING_COLUMNS = (*KEYS, *RATED_QUALITIES)
LOWEST, HIGHEST = 1, 10


def read_ratings(path: str | Path) -> pd.DataFrame:
    """Read and check the ratings of a study.

    Args:
        path: of a CSV file, as this module describes it; UTF-8.

    Returns:
        A row a rating in the order of the file: KEYS as text, RATED_QUALITIES as float in [1, 10], nan where empty.

    Raises:
        InputError: naming the file, the line, the value and the remedy.
    """
    check_regular(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:  # spreadsheets begin a file with a byte order mark
            return _checked(path, csv.reader(file, strict=True))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a CSV file of ratings") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text (byte {error.start}); save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{path}: is not CSV ({error}); save it as CSV with commas") from error


def _checked(path, lines) -> pd.DataFrame:
    header = [name.strip() for name in next(lines, [])]
    known = ", ".join(RATING_COLUMNS)
    wrong = [name for name in header if name not in RATING_COLUMNS or header.count(name) > 1]
    if wrong:
        raise InputError(f"{path}, line 1: column {wrong[0]!r} is unknown or there twice; use {known}")
    if missing := [name for name in RATING_COLUMNS if name not in header]:
        raise InputError(f"{path}, line 1: has no column {missing[0]!r}; the columns are {known}, with commas")
    rows, seen = [], {}
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        where = f"{path}, line {lines.line_num}"
        if len(cells) != len(header):
            raise InputError(f"{where}: has {len(cells)} values for {len(header)} columns; quote values that hold commas")
        row = _row(where, dict(zip(header, (cell.strip() for cell in cells), strict=True)))
        key = tuple(row[name] for name in KEYS)
        if key in seen:
            raise InputError(f"{where}: {', '.join(key)} was rated in line {seen[key]} already; keep one of the two")
        seen[key] = lines.line_num
        rows.append(row)
    if not rows:
        raise InputError(f"{path}: holds no ratings; add a line for each")
    return pd.DataFrame(rows, columns=list(RATING_COLUMNS))


def _row(where: str, row: dict[str, str]) -> dict[str, str | float]:
    for name in KEYS:
        if not row[name]:
            raise InputError(f"{where}: {name} is empty; name it")
        if "\0" in row[name]:
            raise InputError(f"{where}: {name} holds a null character; save the table as text")
    if row["task"] not in TASKS:
        raise InputError(f"{where}: task is {row['task']!r}; use {' or '.join(TASKS)}")
    return row | {name: _rating(where, name, row[name]) for name in RATED_QUALITIES}


def _rating(where: str, name: str, text: str) -> float:
    if not text:
        return float("nan")
    try:
        value = float(text) if "_" not in text else float("nan")  # Python would read 1_0 as 10
    except ValueError:
        value = float("nan")
    if not LOWEST <= value <= HIGHEST:  # nan as well
        raise InputError(f"{where}: {name} is {text!r}; use a number from {LOWEST} to {HIGHEST}, or leave it empty")
    return value
