"""What all commands that write files have in common: a result's format, what it may not replace, and words for the user."""
import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular

# Formats that store pixels exactly; a result goes into one of these unless the user names another.
LOSSLESS = (".png", ".tif", ".tiff")
DATABASE = b"SQLite format 3\0"  # begins every file of SQLite


def lossless_suffix(photo: Path) -> str:
    """The suffix of a photo's result: its own where that format keeps every pixel, else .png."""
    return photo.suffix if photo.suffix.lower() in LOSSLESS else ".png"


def refuse_overwriting(outputs: Iterable[str | Path], inputs: Iterable[str | Path | None]) -> None:
    """Refuse to write over what is read, or into a folder whose files are, or over a database, which is no result.

    Args:
        outputs: the files that will be written.
        inputs: the files and folders that are read; None where one was not given.

    Raises:
        InputError: naming the first output that is an input too, by whatever path, lies in a folder that is one, or is a
            database.
    """
    inputs = [Path(file) for file in inputs if file]
    for file in inputs:
        check_regular(file)  # before the path is followed, which a name with a null character cannot be
    kept = {file.resolve() for file in inputs}
    for output in map(Path, outputs):
        check_regular(output)
        place = output.resolve()
        if place in kept:
            raise InputError(f"{output}: would overwrite a file that is read here; choose another output")
        if place.parent in kept:
            raise InputError(f"{output}: would lie among the files of {output.parent}, which are read; choose another folder")
        if _is_database(place):
            raise InputError(f"{output}: is a database, which would be lost; choose another output")


def _is_database(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(DATABASE)) == DATABASE


def say(notes: Iterable[str], about: str | Path) -> None:
    """Print notes, such as those of `read_photo` and `read_mask`, to stderr.

    Args:
        notes: sentences.
        about: the file or region that they are about.
    """
    for note in notes:
        print(f"note: {about}: {note}", file=sys.stderr)


@contextlib.contextmanager
def reporting(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a place for what a command finds, by name: printed when the block ends, as one JSON object, where that is asked.

    All else that is printed meanwhile then goes to stderr, so that the object is all that stdout holds.

    Args:
        options: of the command; json, whether to print JSON, may be absent.
    """
    found: dict[str, Any] = {}
    asked = bool(options.get("json"))
    with contextlib.redirect_stdout(sys.stderr) if asked else contextlib.nullcontext():
        yield found
    if asked:
        print(json.dumps(found, indent=2, default=str))  # paths as text


def place_of(output: str | Path | None, default: Path) -> tuple[Path, bool]:
    """Where a result goes: where the user says; by its default name, or NAME_2 and so on, in a folder, or without a word.

    Args:
        output: a file; a folder, which is there or ends in a slash; or None.
        default: what the result is called.

    Returns:
        The path, and whether the user named the file itself, which may then be replaced.
    """
    # A folder that is called like a picture is in the way of one. os.path does not raise at names that no file can have.
    is_folder = output and (str(output).endswith(("/", os.sep)) or (os.path.isdir(output) and not Path(output).suffix))
    if output and not is_folder:
        return Path(output), True
    return free_place(Path(output) / default.name if output else default), False


def free_place(path: Path) -> Path:
    """The path, or NAME_2, NAME_3 and so on, where there is neither such a file or folder nor a recipe of its name."""
    number, place = 1, path
    while place.exists() or place.with_suffix(".json").exists():
        number += 1
        place = path.with_name(f"{path.stem}_{number}{path.suffix}")
    return place


def replaced(path: Path) -> list[str]:
    """A note where a file that the user named is there already, and is about to be replaced."""
    return [f"{path} was there already, and is replaced"] if path.exists() else []


def refuse_left_out(problems: Sequence[str], what: str = "photos") -> None:
    """End a command that went on past what it could not use, when all else is written: exit code 2, and every reason.

    Args:
        problems: the reasons.
        what: was left out.

    Raises:
        InputError: where there is a problem.
    """
    if problems:
        raise InputError(f"{len(problems)} {what} were left out:\n  " + "\n  ".join(problems))
