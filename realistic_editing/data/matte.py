"""Soft alpha mattes from hard masks, so that an edit fades out along hair, fur and blur instead of at a seam."""
import contextlib
import functools
import importlib.util
import math
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np

from realistic_editing.common.threads import CHANGING
from realistic_editing.data.pixels import resize

# The unknown band reaches this share of sqrt(mask area) to each side of the mask's edge: the release's width.
_BAND = 0.05
MAX_SIDE = 640  # larger crops are matted at this size, COCO's own, and the matte enlarged
_TRUST = 0.5  # a matte that keeps less than this share of the mask, or grows by more, has failed

_MAX_FACTORS = int(5e8 / 16)  # an eighth of pymatting's default, which reserves 4 GB in every worker
_EPSILON = 1e-5  # larger than pymatting's 1e-7: JPEG noise is not colour, and the solver converges sooner
# pymatting's loops run on several threads by themselves: where numba has neither TBB nor OpenMP, two calls at once end the
# process. Held while it is imported, too, which must not be seen half done.
ALONE = threading.RLock()
_SOLVER = {"rtol": 1e-5, "maxiter": 1000}  # far below one level of 255


def trimap(mask: np.ndarray) -> np.ndarray:
    """What is surely inside, surely outside, and unknown.

    The band is _BAND * sqrt(area) wide on each side of the edge, by Euclidean distance. Where the region is thinner
    than the band, its core (beyond half of its greatest depth) stays inside, so that a matte exists.

    Args:
        mask: (H, W) bool.

    Returns:
        (H, W) float64: 1 inside, 0 outside, 0.5 unknown.
    """
    width = max(1.0, _BAND * math.sqrt(np.count_nonzero(mask)))
    depth = cv2.distanceTransform(np.pad(mask, 1, mode="edge").astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    beyond = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    depth = depth[1:-1, 1:-1]  # the photo's border is no edge of the region: what touches it goes on behind it
    result = np.full(mask.shape, 0.5)
    result[beyond > width] = 0
    result[depth > min(width, depth.max() / 2)] = 1
    return result


def alpha_matte(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The closed-form matte (Levin et al., 2008) of a region; its hard mask where matting fails.

    Only the mask's surroundings are solved, since the matte is known elsewhere.

    Args:
        image: (H, W, 3) uint8, RGB.
        mask: (H, W) bool, the region.

    Returns:
        (H, W) uint8, 0 outside to 255 inside.
    """
    hard = mask.astype(np.uint8) * 255
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return hard
    margin = math.ceil(_BAND * math.sqrt(np.count_nonzero(mask))) + 4  # past the band, where all is known
    top, left = max(0, rows[0] - margin), max(0, columns[0] - margin)
    box = np.s_[top : rows[-1] + 1 + margin, left : columns[-1] + 1 + margin]
    alpha = _solve(image[box], mask[box])
    if alpha is None:
        return hard
    matte = np.zeros_like(hard)
    matte[box] = alpha
    return matte


def pymatting() -> ModuleType:
    """The package, which the extra `tools` brings.

    Imported late, because that takes a second or more.

    Raises:
        ModuleNotFoundError: where it is absent.
    """
    with ALONE, _threads_kept():
        import pymatting
    # It prints to stdout where a first try of several fails, and goes on to the next.
    if (module := sys.modules.get("pymatting.preconditioner.ichol")) is not None:
        module.print = _say_nothing
    return pymatting


def _say_nothing(*words: object) -> None:
    pass


def foreground_estimator() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """pymatting's `estimate_foreground_ml`, from its file alone.

    The whole package looks through what it has compiled when it is imported, which takes longer than most edits. Call it, and
    what it gives, while `ALONE` is held.

    Raises:
        ModuleNotFoundError: where it is absent.
    """
    name, package = "pymatting.foreground.estimate_foreground_ml", importlib.util.find_spec("pymatting")
    path = Path(package.origin).parent / "foreground" / "estimate_foreground_ml.py" if package else None
    if "pymatting" in sys.modules or path is None or not path.is_file():
        return pymatting().estimate_foreground_ml
    return _module(name, path).estimate_foreground_ml


@functools.cache
def _module(name: str, path: Path) -> ModuleType:
    """A module from its file, without the package that it lies in."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # numba looks it up by name, and finds it here
    try:
        with _threads_kept():
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextlib.contextmanager
def _threads_kept() -> Iterator[None]:
    """Numba, when it is imported, sets the threads of this process to all cores, PyTorch's too, whatever was said."""
    torch = sys.modules.get("torch")
    with CHANGING:
        threads = torch.get_num_threads() if torch else None
    yield
    if torch:
        with CHANGING:
            torch.set_num_threads(threads)


def _solve(image: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """(H, W) uint8 of a crop, or None where there is no matte to trust."""
    matting = pymatting()
    height, width = mask.shape
    shrink = min(1.0, MAX_SIDE / max(height, width))
    size = (max(1, round(height * shrink)), max(1, round(width * shrink)))
    small = resize(mask.astype(np.uint8) * 255, size) >= 128
    known = trimap(small)
    if min(size) < 3 or not (  # closed-form matting looks at windows of 3 x 3
        (known == 1).any() and (known == 0).any() and (known == 0.5).any()
    ):
        return None
    try:
        with ALONE:
            alpha = matting.estimate_alpha_cf(
                resize(image, size) / 255.0,
                known,
                preconditioner=lambda matrix: matting.ichol(matrix, max_nnz=_MAX_FACTORS),
                laplacian_kwargs={"epsilon": _EPSILON},
                cg_kwargs=_SOLVER,
            )
    except ValueError:  # pymatting: no factor found, or no convergence
        return None
    kept, added = alpha[small].sum(), alpha[~small].sum()
    if not (kept >= _TRUST * small.sum() and added <= (1 - _TRUST) * small.sum()):  # "not", because nan compares false
        return None
    return resize(np.rint(alpha * 255).astype(np.uint8), (height, width))
