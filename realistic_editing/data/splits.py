"""Which side of train, validation and test a photo is on: a pure function of the photo's identity."""
import zlib

from realistic_editing.common.errors import InputError

SPLITS = ("train", "val", "test")

# Share of the photos that train, then of those that validate; the rest tests. COCO's own train set only trains; its
# validation set is halved, so that what chooses a checkpoint is not what reports on it. Mechrez is evaluation only.
SHARES = {
    "osie": (0.8, 0.1),
    "ecssd": (0.8, 0.1),
    "bsds500": (0.8, 0.1),
    "folder": (0.8, 0.1),
    "coco-train2017": (1.0, 0.0),
    "coco-val2017": (0.0, 0.5),
    "mechrez": (0.0, 0.0),
}


def split_of(photo_id: str, source: str) -> str:
    """The split of a photo; all regions of a photo share it, and it never changes as a data set grows.

    BSDS500 is split by hash over all its photos as well, not by its own folders: those keep 40 % for testing, which
    is more than is needed here, and its labels were made for another task.

    Args:
        photo_id: the photo's name within its source, without folder or suffix.
        source: a key of SHARES.

    Returns:
        "train", "val" or "test".

    Raises:
        InputError: when the source is unknown.
    """
    if source not in SHARES:
        raise InputError(f"source is {source!r}; expected one of {', '.join(SHARES)}")
    train, val = SHARES[source]
    position = zlib.crc32(f"{source}/{photo_id}".encode()) / 2**32  # uniform in [0, 1), alike on every machine
    if position < train:
        return "train"
    return "val" if position < train + val else "test"
