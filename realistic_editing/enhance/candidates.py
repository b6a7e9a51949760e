"""The edits of one region in all orders, with what each does."""
import dataclasses
from collections.abc import Iterator

import torch

from realistic_editing.enhance.edit import Edit
from realistic_editing.ops import Recipe


@dataclasses.dataclass(frozen=True)
class Candidates:
    """Edits of one region with what each does. `candidates[index]` is an `Edit`.

    Args:
        recipe: N edits, on the CPU.
        task: "attenuate" or "amplify".
        realism_change, saliency_change: (N,) of each, as in `Edit`.
    """

    recipe: Recipe
    task: str
    realism_change: torch.Tensor
    saliency_change: torch.Tensor

    def __repr__(self) -> str:
        return f"Candidates({self.task}, {len(self)} edits)"

    def __len__(self) -> int:
        return len(self.recipe)

    def __getitem__(self, index: int) -> Edit:
        if not -len(self) <= index < len(self):
            raise IndexError(f"candidate {index} of {len(self)}")
        changes = float(self.realism_change[index]), float(self.saliency_change[index])
        return Edit(self.recipe[index % len(self)], self.task, *changes)

    def __iter__(self) -> Iterator[Edit]:
        return (self[index] for index in range(len(self)))
