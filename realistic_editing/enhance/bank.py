"""A bank of edits that optimisation found, one for each region and order: a file to which rows are added as they come."""
import dataclasses
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular, full_disk_is_named
from realistic_editing.common.nested import parse_json
from realistic_editing.data.regions import Region
from realistic_editing.data.transforms import RegionDataset
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.inputs import SIZE
from realistic_editing.ops import Recipe
from realistic_editing.ops.orders import ALL_ORDERS

_MARK = "realistic-editing bank"


@dataclasses.dataclass(frozen=True)
class BankedEdit:
    """What optimisation made of one region in one order, refined, and guarded.

    Args:
        region: `region_key`.
        recipe: a batch of one.
        realism_change: dR of eq. 2.
        saliency_change: relative, as in `Edit`.
    """

    region: str
    recipe: Recipe
    realism_change: float
    saliency_change: float

    @property
    def order(self) -> tuple[int, ...]:
        """Of its operators."""
        return tuple(self.recipe.order[0].tolist())

    def to_line(self) -> str:
        """As a line of the file."""
        return json.dumps(dataclasses.asdict(self) | {"recipe": self.recipe.to_dict()}) + "\n"

    @classmethod
    def from_content(cls, content: Mapping[str, Any], source: str) -> "BankedEdit":
        """The inverse of `to_line`, of the line's content. Raises InputError naming `source`."""
        try:
            region, realism, saliency = content["region"], *(content[name] for name in ("realism_change", "saliency_change"))
            if not isinstance(region, str):
                raise ValueError(f"region is {region!r}")
            recipe = Recipe.from_dict(content["recipe"], source)
            return cls(region, recipe, float(realism), float(saliency))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{source}: no edit of a bank ({error}); make the bank again with optimise_regions.py") from error


def region_key(region: Region) -> str:
    """A region's name among all sets; of a user's folders, which may hold photos of one name, with its path."""
    photo = region.photo.absolute().as_posix() if region.source == "folder" else region.photo_id
    return f"{region.source}/{photo}/{region.region_id}"


def orders_of(region: Region, count: int) -> list[tuple[int, ...]]:
    """So many different orders of the operators for a region, the same each time; with another count, the first stay."""
    generator = torch.Generator().manual_seed(zlib.crc32(region_key(region).encode()))
    return [ALL_ORDERS[place] for place in torch.randperm(len(ALL_ORDERS), generator=generator)[:count].tolist()]


def optimised(enhancer: Enhancer, region: Region, orders: Sequence[tuple[int, ...]], steps: int) -> list[BankedEdit]:
    """Optimise the edit of one region in some orders.

    Args:
        enhancer: with an objective; its network's proposals are where descent starts.
        region: with a mask.
        orders: of the operators.
        steps: of gradient descent.

    Raises:
        InputError: when a file cannot be read.
    """
    item = RegionDataset([region], SIZE, cache=False)[0]
    image, mask = (item[name][None].to(enhancer.device).float() / 255 for name in ("image", "mask"))
    view = enhancer.view_of(image, mask, human=region.human if region.category else None)
    found = []
    for order in orders:
        edit = view.guard(view.improve(view.pick(order), steps))
        found.append(BankedEdit(region_key(region), edit.recipe, edit.realism_change, edit.saliency_change))
    return found


class Bank:
    """The file: a line that says how its edits were made, then a line for each edit. A last line that was cut is dropped.

    Args:
        path: of the file; made when absent.
        settings: all that decides an edit, as JSON can hold it; None = whatever the file says.

    Raises:
        InputError: when it is no bank, or was made with other settings.
    """

    def __init__(self, path: str | Path, settings: Mapping[str, Any] | None = None) -> None:
        self.path, self._cut = Path(path), ""
        check_regular(self.path)
        if self.path.is_dir():
            raise InputError(f"{self.path}: is a folder; name a file")
        lines = self._lines()
        self.settings = self._settings_of(lines[0]) if lines else dict(settings or {})
        if settings is not None:
            self._refuse_others(dict(settings))
            self._drop_cut(first=not lines)
        contents = [self._parsed(line, number) for number, line in enumerate(lines[1:], start=2)]
        self.edits = [BankedEdit.from_content(content, f"{self.path}, line {at}") for at, content in enumerate(contents, 2)]
        self._known = {(edit.region, edit.order) for edit in self.edits}
        if not lines:
            if settings is None:
                what = "not a bank of optimised edits" if self._cut else "no such bank"
                raise InputError(f"{self.path}: {what}; make one with optimise_regions.py")
            self._append(json.dumps({"format": _MARK, "version": 1, "settings": self.settings}) + "\n")

    def has(self, region: str, order: tuple[int, ...]) -> bool:
        """Whether a region's edit in an order is there."""
        return (region, order) in self._known

    def add(self, edits: Sequence[BankedEdit]) -> None:
        """Add edits, at the end of the file."""
        self._append("".join(edit.to_line() for edit in edits))
        self.edits += edits
        self._known |= {(edit.region, edit.order) for edit in edits}

    def _lines(self) -> list[str]:
        if not self.path.is_file():
            return []
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{self.path}: cannot be read ({error}); choose another file") from error
        whole, _, self._cut = text.rpartition("\n")
        return whole.splitlines()

    def _drop_cut(self, first: bool) -> None:
        """Drop what a process that was killed left of a line; for whoever adds lines. All else of the file stays as it is."""
        if not self._cut:
            return
        header = json.dumps({"format": _MARK})[:-1]
        if first and not self._cut.startswith(header[: len(self._cut)]):
            raise InputError(f"{self.path}: not a bank of optimised edits; choose another output")
        with full_disk_is_named(self.path), self.path.open("rb+") as file:
            file.truncate(self.path.stat().st_size - len(self._cut.encode()))

    def _parsed(self, line: str, number: int) -> dict[str, Any]:
        try:
            content = parse_json(line)
        except ValueError as error:
            raise InputError(f"{self.path}, line {number}: not JSON ({error}); delete the line") from error
        if not isinstance(content, dict):
            raise InputError(f"{self.path}, line {number}: not an edit of a bank; delete the line")
        return content

    def _settings_of(self, line: str) -> dict[str, Any]:
        content = self._parsed(line, 1)
        settings = content.get("settings")
        if content.get("format") != _MARK or not isinstance(settings, dict):
            raise InputError(f"{self.path}: not a bank of optimised edits; give the file that optimise_regions.py made")
        return settings

    def _refuse_others(self, settings: dict[str, Any]) -> None:
        for name in sorted({*settings, *self.settings}):
            if settings.get(name) != self.settings.get(name):
                raise InputError(
                    f"{self.path}: was made with {name}={self.settings.get(name)}, and now it is {settings.get(name)}; choose "
                    "another output"
                )

    def _append(self, text: str) -> None:
        with full_disk_is_named(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text)
