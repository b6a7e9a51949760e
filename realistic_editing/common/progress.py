"""A bar for what takes a while inside something that has a bar of its own."""
from collections.abc import Iterable

from tqdm import tqdm


def validating(batches: Iterable) -> tqdm:
    """The same batches, with a bar that is gone when they are: of a validation, while training's own bar stands still."""
    return tqdm(batches, "validate", unit="batch", leave=False, dynamic_ncols=True)
