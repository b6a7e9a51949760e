"""An edit as a value: the order of the four operators and their parameters, for a batch."""
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular, replacing
from realistic_editing.common.nested import parse_json, read_text
from realistic_editing.ops.orders import OPERATORS

_MOST = 1e6  # of a factor in a file; no edit has more than a few
BLENDS = ("final", "each")
PARAMETERS = ("white_balance", "color_curve", "saturation", "exposure")
KNOTS = 8

# The range of each parameter in the paper's supplement; the network's heads and the optimiser stay inside.
RANGES = {"white_balance": (0.1, 1.0), "color_curve": (0.5, 2.0), "saturation": (0.0, 2.0), "exposure": (0.5, 2.0)}


@dataclasses.dataclass(frozen=True, eq=False)  # tensors have no single truth to compare by
class Recipe:
    """A batch of B edits. Immutable; every method returns a new recipe.

    Args:
        order: (B, 4) integers, a permutation of 0 white balance, 1 colour curve, 2 saturation, 3 exposure; first
            applied first.
        white_balance: (B, 3) R, G, B of what should become neutral, > 0; equal values change nothing.
        color_curve: (B, 3, 8) knots of each channel's curve, > 0; equal knots of a channel change nothing.
        saturation: (B,) factor of HSV saturation, >= 0; 1 changes nothing.
        exposure: (B,) factor of the values, > 0; 1 changes nothing.
        blend: "final" composites with the mask once, after the last operator; "each" after every operator, as the
            authors' release does. They differ only where the mask is neither 0 nor 1.

    Raises:
        ValueError: when a shape, or blend, is not as above.
    """

    order: torch.Tensor
    white_balance: torch.Tensor
    color_curve: torch.Tensor
    saturation: torch.Tensor
    exposure: torch.Tensor
    blend: str = "final"

    def __post_init__(self) -> None:
        batch = self.order.shape[0] if self.order.ndim else 0
        shapes = {
            "order": (batch, 4),
            "white_balance": (batch, 3),
            "color_curve": (batch, 3, KNOTS),
            "saturation": (batch,),
            "exposure": (batch,),
        }
        for name, shape in shapes.items():
            found = tuple(getattr(self, name).shape)
            if found != shape:
                raise ValueError(f"Recipe.{name} has shape {found}; expected {shape} for a batch of {batch}")
        if self.blend not in BLENDS:
            raise ValueError(f"Recipe.blend is {self.blend!r}; expected one of {BLENDS}")

    @classmethod
    def identity(cls, order: torch.Tensor, dtype: torch.dtype = torch.float32, blend: str = "final") -> "Recipe":
        """The edit that changes nothing, for each of the given orders.

        Args:
            order: (B, 4) integers.
            dtype: of the parameters.
            blend: see the class.
        """
        batch, options = order.shape[0], {"dtype": dtype, "device": order.device}
        return cls(
            order,
            torch.ones(batch, 3, **options),
            torch.ones(batch, 3, KNOTS, **options),
            torch.ones(batch, **options),
            torch.ones(batch, **options),
            blend,
        )

    def __len__(self) -> int:
        return self.order.shape[0]

    def __getitem__(self, index: int | slice | Sequence[int] | torch.Tensor) -> "Recipe":
        """The recipes at `index` along the batch; an integer gives a batch of one."""
        if isinstance(index, int):
            index = range(len(self))[index]
            index = slice(index, index + 1)
        return self._map(lambda value: value[index])

    @staticmethod
    def cat(recipes: Sequence["Recipe"]) -> "Recipe":
        """Join recipes of one blend along the batch."""
        blends = {recipe.blend for recipe in recipes}
        if len(blends) != 1:
            raise ValueError(f"cannot join recipes of blends {sorted(blends)}; apply them one after another instead")
        fields = {name: torch.cat([getattr(recipe, name) for recipe in recipes]) for name in ("order", *PARAMETERS)}
        return Recipe(**fields, blend=blends.pop())

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Recipe":
        """Move to a device, or change the parameters' dtype (the order keeps its integers)."""
        moved = self._map(lambda value: value.to(device=device))
        fields = {name: getattr(moved, name).to(dtype=dtype) for name in PARAMETERS}
        return dataclasses.replace(moved, **fields)

    def detach(self) -> "Recipe":
        """The same recipe, cut from the graph."""
        return self._map(torch.Tensor.detach)

    def repeat_interleave(self, times: int) -> "Recipe":
        """Each recipe `times` times in a row: (B * times)."""
        return self._map(lambda value: value.repeat_interleave(times, dim=0))

    def at_strength(self, strength: float | torch.Tensor) -> "Recipe":
        """Go from the identity (0) to this recipe (1), and past it (> 1).

        Exposure, white balance and curve move geometrically (exposure linearly in stops), so that they stay positive
        and a curve stays monotone past 1; saturation moves linearly and stops at grey.

        Args:
            strength: a number >= 0, or (B,).

        Raises:
            ValueError: when strength is negative or not finite.
        """
        amount = torch.as_tensor(strength, dtype=self.exposure.dtype, device=self.exposure.device)
        if not bool(((amount >= 0) & amount.isfinite()).all()):
            raise ValueError(f"strength is {strength}; expected a finite number >= 0 (0 = no edit, 1 = the recipe)")
        amount = amount.expand(len(self))
        return dataclasses.replace(
            self,
            white_balance=self.white_balance ** amount[:, None],
            color_curve=self.color_curve ** amount[:, None, None],
            saturation=(1 + amount * (self.saturation - 1)).clamp(min=0),
            exposure=self.exposure**amount,
        )

    def without_color(self) -> "Recipe":
        """The same edits of tone alone, which leave grey grey: exposure, and one curve, the geometric mean of the three."""
        still = Recipe.identity(self.order, self.exposure.dtype, self.blend)
        curve = self.color_curve.log().mean(dim=1, keepdim=True).exp().expand_as(self.color_curve)
        return dataclasses.replace(still, color_curve=curve, exposure=self.exposure)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON: operator names in order, and the parameters of each edit of the batch."""
        edits = []
        for index in range(len(self)):
            edit = {"order": [OPERATORS[i] for i in self.order[index].tolist()]}
            edit.update({name: getattr(self, name)[index].tolist() for name in PARAMETERS})
            edits.append(edit)
        return {"format": "realistic-editing recipe", "version": 1, "blend": self.blend, "edits": edits}

    @classmethod
    def from_dict(cls, content: dict[str, Any], source: str = "recipe") -> "Recipe":
        """The inverse of `to_dict`; float32 values survive the round trip exactly.

        Raises:
            InputError: naming `source`, what is wrong, and what was expected.
        """
        if not isinstance(content, dict):
            raise InputError(f"{source}: not a recipe, but {type(content).__name__}; write one with Recipe.save")
        try:
            if content["format"] != "realistic-editing recipe" or content["version"] != 1:
                raise ValueError(f"format {content['format']!r}, version {content['version']!r}")
            order = [[OPERATORS.index(name) for name in edit["order"]] for edit in content["edits"]]
            if not order or any(sorted(row) != [0, 1, 2, 3] for row in order):
                raise ValueError(f"each order must hold {', '.join(OPERATORS)} once")
            fields = {n: torch.tensor([_numbers(n, e[n]) for e in content["edits"]], dtype=torch.float32) for n in PARAMETERS}
            recipe = cls(torch.tensor(order), **fields, blend=content["blend"])
            for name in PARAMETERS:
                value = getattr(recipe, name)
                low = 0.0 if name == "saturation" else torch.finfo(torch.float32).tiny
                if not bool(((value >= low) & (value <= _MOST)).all()):
                    raise ValueError(f"{name} must be {'>= 0' if low == 0 else '> 0'}, and not above {_MOST:g}")
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RuntimeError) as error:  # the last are torch's
            reason = f"{error} is missing" if isinstance(error, KeyError) else error
            raise InputError(f"{source}: not a recipe that can be read ({reason}); write one with Recipe.save") from error
        return recipe

    def save(self, path: str | Path) -> None:
        """Write as JSON; the file appears whole or not at all."""
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=2) + "\n")

    @classmethod
    def load(cls, path: str | Path) -> "Recipe":
        """Read what `save` wrote.

        Raises:
            InputError: when the file is absent or not a recipe.
        """
        try:
            check_regular(path)
            content = parse_json(read_text(path))
        except InputError:
            raise
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from error
        except ValueError as error:
            raise InputError(f"{path}: not JSON ({error}); give the .json that an edit wrote, or Recipe.save") from error
        return cls.from_dict(content, source=str(path))

    def _map(self, function) -> "Recipe":
        return dataclasses.replace(self, **{name: function(getattr(self, name)) for name in ("order", *PARAMETERS)})


def _numbers(name: str, value: Any) -> Any:
    """The value of a parameter, of numbers alone: PyTorch would take true for 1. Raises ValueError."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, list):
            _numbers(name, one)
        elif isinstance(one, bool) or not isinstance(one, int | float):
            raise ValueError(f"{name} holds {str(one)[:40]!r} instead of a number")
    return value
