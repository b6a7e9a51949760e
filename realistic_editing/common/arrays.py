"""Check photos and masks given as arrays, and bring them to a common form."""
import cv2
import numpy as np

from realistic_editing.common.errors import InputError

# The value that means 1 in each dtype a photo or mask may have.
LEVELS = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535, np.dtype(np.float32): 1, np.dtype(np.float64): 1}


def check_photo(array: np.ndarray, name: str = "photo") -> np.ndarray:
    """Refuse what cannot be a photo.

    Args:
        array: (H, W, 3) RGB as displayed: uint8, uint16, or float32 or float64 in [0, 1].
        name: what the message calls the argument.

    Returns:
        The same array, or a C-contiguous copy when its memory is laid out otherwise.

    Raises:
        InputError: naming the argument, the value found and the remedy.
    """
    _check_array(array, name)
    if array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        remedy = "drop the alpha channel: photo[..., :3]" if array.shape[2:] == (4,) else "pass RGB, channels last"
        raise InputError(f"{name} has shape {array.shape}; expected (H, W, 3): {remedy}")
    if LEVELS[array.dtype] == 1:  # every value of an integer type is one that a photo can have
        _check_range(array, name)
    return np.ascontiguousarray(array)


def check_mask(array: np.ndarray, photo: np.ndarray, name: str = "mask", keep_bool: bool = False) -> np.ndarray:
    """Refuse what cannot be the mask of `photo`.

    Args:
        array: (H, W) bool, uint8, uint16, or float32 or float64 in [0, 1]; the photo's size, in any of these types
            whatever the photo's. The largest value of the type (True, 255, 65535, 1.0) selects a pixel wholly.
        photo: (H, W, 3).
        name: what the message calls the argument.
        keep_bool: whether a mask of bool stays one, which costs no memory.

    Returns:
        (H, W), C-contiguous, with values as given: the same array, or a copy when its memory is laid out otherwise. Without
        `keep_bool`, bool becomes uint8, 0 and 255.

    Raises:
        InputError: naming the argument, the value found and the remedy; also when the mask selects nothing.
    """
    chosen = isinstance(array, np.ndarray) and array.dtype == bool
    if chosen:
        array = array.view(np.uint8)
    _check_array(array, name)
    if array.ndim != 2:
        raise InputError(f"{name} has shape {array.shape}; expected (H, W): pass one channel, such as {name}[..., 0]")
    if array.shape != photo.shape[:2]:
        swapped = array.shape[::-1] == photo.shape[:2]
        raise InputError(
            f"{name} is {array.shape[0]} x {array.shape[1]} (H x W) and the photo {photo.shape[0]} x "
            f"{photo.shape[1]}; {'its sides are swapped, so turn it' if swapped else 'resize it'} to fit the photo"
        )
    largest = _check_range(array, name)
    if largest == 0:
        most = True if chosen else LEVELS[array.dtype]
        raise InputError(f"{name} is 0 everywhere, so nothing is selected; mark the region with {most}")
    if largest == 1 and LEVELS[array.dtype] > 1 and not chosen:
        # Read literally, this would edit at a 255th of the strength: nobody means that.
        raise InputError(
            f"{name} is {array.dtype} and holds only 0 and 1, where {LEVELS[array.dtype]} means selected; "
            f"pass {name}.astype(bool)"
        )
    array = np.ascontiguousarray(array)
    if chosen and largest > 1:
        array = (array != 0).view(np.uint8)  # a view of other bytes as bool, of which NumPy takes any but 0 for True
    if chosen:
        return array.view(bool) if keep_bool else array * np.uint8(255)
    return array


def to_unit(array: np.ndarray) -> np.ndarray:
    """Map a checked photo or mask to float32 in [0, 1]; the shape stays."""
    if LEVELS[array.dtype] == 1:
        return array.astype(np.float32)
    return array * np.float32(1 / LEVELS[array.dtype])


def as_bytes(array: np.ndarray) -> np.ndarray:
    """A photo or mask of any of the dtypes as uint8, rounded; as it is where it has 8 bits."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.uint16 and array.size:  # without a copy as floats, which takes four times the room of the result
        return cv2.convertScaleAbs(array.reshape(1, -1), alpha=1 / 257).reshape(array.shape)
    return np.rint(to_unit(array) * 255).astype(np.uint8)


def _check_array(array: np.ndarray, name: str) -> None:
    if not isinstance(array, np.ndarray):
        raise InputError(f"{name} is a {type(array).__name__}; expected a NumPy array: convert with numpy.asarray")
    if array.dtype not in LEVELS:
        raise InputError(
            f"{name} has dtype {array.dtype}; expected uint8, uint16, or float32 or float64 in [0, 1]: "
            "convert with astype"
        )


def _check_range(array: np.ndarray, name: str) -> float:
    """Return the largest value, of integers 0, 1 or one that is more, having refused floats outside [0, 1]."""
    if LEVELS[array.dtype] > 1:
        # Of integers only whether they are all 0, or 0 and 1, is asked: a few of them mostly show it.
        few = array[::16, ::16].max(initial=0).item()
        return few if few > 1 else array.max(initial=0).item()
    largest, smallest = array.max(initial=0), array.min(initial=0)
    # NaN passes through min and max and fails both comparisons; no copy of the photo is made.
    if not (smallest >= 0 and largest <= 1):
        raise InputError(
            f"{name} is {array.dtype} with values from {smallest} to {largest}; expected finite values in [0, 1]: "
            "divide by the largest level (255 or 65535), or clip"
        )
    return largest.item()
