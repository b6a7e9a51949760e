"""Loops over pixels as machine code."""
from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable, **options: Any) -> Callable:
    """Compile on the first call; keep the outcome beside the function's file, else in the user's cache folder, else nowhere.

    Args:
        function: as numba.njit takes it. It runs on the thread that calls it, and lets other threads run.
        options: of numba.njit, such as fastmath.
    """
    try:
        return numba.njit(cache=True, nogil=True, **options)(function)
    except RuntimeError:  # numba found no folder that can be written
        return numba.njit(nogil=True, **options)(function)
