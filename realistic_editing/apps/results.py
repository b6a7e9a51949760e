"""What all commands that write files have in common: a result's format, what it may not replace, and words for the user."""
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from realistic_editing.common.errors import InputError

# Formats that store pixels exactly; a result goes into one of these unless the user names another.
LOSSLESS = (".png", ".tif", ".tiff")


def lossless_suffix(photo: Path) -> str:
    """The suffix of a photo's result: its own where that format keeps every pixel, else .png."""
    return photo.suffix if photo.suffix.lower() in LOSSLESS else ".png"


def refuse_overwriting(outputs: Iterable[str | Path], inputs: Iterable[str | Path | None]) -> None:
    """Refuse to write over what is read.

    Args:
        outputs: the files that will be written.
        inputs: the files that are read; None where one was not given.

    Raises:
        InputError: naming the first output that is an input too, by whatever path.
    """
    kept = {Path(file).resolve() for file in inputs if file}
    for output in outputs:
        if Path(output).resolve() in kept:
            raise InputError(f"{output}: would overwrite a file that is read here; choose another output")


def say(notes: Iterable[str], about: str | Path) -> None:
    """Print notes, such as those of `read_photo` and `read_mask`, to stderr.

    Args:
        notes: sentences.
        about: the file or region that they are about.
    """
    for note in notes:
        print(f"note: {about}: {note}", file=sys.stderr)


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
