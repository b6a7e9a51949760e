"""How results are written: the format, the quality of JPEG, and whether place and personal data are left out."""
import argparse
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from realistic_editing.apps.results import lossless_suffix
from realistic_editing.common.errors import InputError
from realistic_editing.common.ranges import Flag, check, optional

_FORMATS = ("jpg", "png", "tif", "webp")
SAME = "same"


@dataclasses.dataclass(frozen=True)
class Writing:
    """What is asked of the files of results.

    Args:
        format: "jpg", "png", "tif", "webp", "same" (the photo's own, where it can be written), or None: the photo's own where
            that keeps every pixel, else PNG.
        quality: of JPEG, 1 to 100; 95 when None.
        strip: leave out EXIF, XMP, IPTC and texts.

    Raises:
        InputError: naming the option, its value and what it may be.
    """

    format: str | None = None
    quality: int | None = None
    strip: bool = False

    def __post_init__(self) -> None:
        if self.format in ("jpeg", "tiff"):  # the other names of two
            object.__setattr__(self, "format", {"jpeg": "jpg", "tiff": "tif"}[self.format])
        if self.format not in (None, SAME, *_FORMATS):
            raise InputError(f"format is {self.format!r}; use {', '.join((SAME, *_FORMATS))}")
        try:
            quality = None if self.quality is None else int(str(self.quality))
        except ValueError:
            quality = 0
        if quality is not None and not 1 <= quality <= 100:
            raise InputError(f"quality is {self.quality!r}; use a whole number from 1 to 100")
        object.__setattr__(self, "quality", quality)

    @classmethod
    def read(cls, options: Mapping[str, Any]) -> "Writing":
        """Of a command's options; what is absent is the default. Raises InputError."""
        check("strip", options.get("strip"), optional(Flag()))
        return cls(options.get("format"), options.get("quality"), bool(options.get("strip")))

    def suffix(self, photo: Path) -> str:
        """Of the result of a photo."""
        if self.format is None:
            return lossless_suffix(photo)
        if self.format != SAME:
            return f".{self.format}"
        suffix = {".jpe": ".jpg", ".jfif": ".jpg"}.get(photo.suffix.lower(), photo.suffix)
        return suffix if suffix.lower() in (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp") else ".png"

    def refuse_other(self, output: Path) -> None:
        """Refuse a result whose name ends as another format than the one that is asked for. Raises InputError."""
        found = {".jpeg": "jpg", ".tiff": "tif"}.get(output.suffix.lower(), output.suffix.lower().removeprefix("."))
        if self.format not in (None, SAME, found):
            raise InputError(f"format is {self.format}, and the result {output}; leave out --format, or end the name in it")

    def notes(self, output: Path) -> list[str]:
        """For the user, on what the format does to the photo."""
        if output.suffix.lower() in (".jpg", ".jpeg"):
            return ["written as JPEG: what lies outside the region is encoded again too, and moves by some levels"]
        return [] if self.quality is None else [f"quality {self.quality} is of JPEG; {output.suffix} is written without loss"]


DEFAULT = Writing()


def add_writing(parser: argparse.ArgumentParser) -> None:
    """Add the options to a command."""
    words = f"of the result: {', '.join((SAME, *_FORMATS))}; without loss, the photo's own or PNG, when not given"
    parser.add_argument("--format", metavar="FORMAT", help=words)
    parser.add_argument("--quality", metavar="NUMBER", help="of JPEG, 1 to 100; 95 when not given")
    parser.add_argument("--strip", action="store_true", help="leave out EXIF, XMP, IPTC and texts: places, names, devices")
