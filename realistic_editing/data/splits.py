"""Which side of train, validation and test a photo is on: a pure function of the photo's identity."""
import zlib
from collections.abc import Sequence
from typing import TypeVar

from realistic_editing.common.errors import InputError
from realistic_editing.data.columnar import select

SPLITS = ("train", "val", "test")
Item = TypeVar("Item")

# Share of the photos that train, then of those that validate; the rest tests. COCO's own train set only trains; its
# validation set is halved, so that what chooses a checkpoint is not what reports on it. Mechrez is evaluation only.
SHARES = {
    "osie": (0.8, 0.1),
    "mit1003": (0.8, 0.1),
    "crowd": (0.8, 0.1),
    "ecssd": (0.8, 0.1),
    "bsds500": (0.8, 0.1),
    "folder": (0.8, 0.1),
    "coco-train2017": (1.0, 0.0),
    "coco-val2017": (0.0, 0.5),
    "mechrez": (0.0, 0.0),
}

_LARGE = 300  # photos of a folder, of which a hash leaves no side without some

# ECSSD took photos from BSDS500 and Mechrez from ECSSD. The same picture under two names must be on one side, whether
# or not the other set is at hand, so the copies that we found (by correlation of thumbnails, > 0.98) are listed here.
# fmt: off
ECSSD_IN_BSDS500 = {
    "0002": "102061", "0003": "105025", "0004": "108073", "0005": "113009", "0006": "113016", "0007": "113044",
    "0009": "12003", "0010": "124084", "0011": "134052", "0012": "135037", "0013": "138078", "0014": "140055",
    "0015": "143090", "0016": "145014", "0017": "147021", "0018": "15088", "0019": "159091", "0020": "160068",
    "0022": "163014", "0023": "163062", "0025": "170057", "0026": "172032", "0027": "173036", "0028": "175043",
    "0029": "187029", "0030": "187039", "0031": "187083", "0032": "189011", "0033": "19021", "0034": "197017",
    "0035": "198023", "0089": "202012", "0090": "208001", "0091": "210088", "0092": "21077", "0093": "229036",
    "0094": "23025", "0095": "239007", "0096": "24004", "0098": "242078", "0100": "302008", "0101": "304034",
    "0102": "311068", "0103": "317080", "0105": "35010", "0106": "353013", "0107": "361010", "0109": "372047",
    "0110": "376043", "0111": "388016", "0112": "41004", "0113": "56028", "0116": "65019", "0117": "65074",
    "0118": "66053", "0120": "69015", "0121": "69020", "0122": "78004", "0123": "85048", "0124": "86016",
    "0125": "90076", "0126": "92059", "0127": "94079",
}
ECSSD_IN_MECHREZ = {
    "0238": "object_enhancement/036", "0428": "object_enhancement/009", "0595": "saliency_shift/018",
    "0647": "object_enhancement/039", "0669": "object_enhancement/044", "0769": "object_enhancement/001",
    "0862": "object_enhancement/092", "0908": "object_enhancement/002",
}
# fmt: on


def split_of(photo_id: str, source: str) -> str:
    """The split of a photo; all its regions and known copies share it, and it never changes as a data set grows.

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
    if source == "ecssd":
        if photo_id in ECSSD_IN_MECHREZ:
            return "test"
        if photo_id in ECSSD_IN_BSDS500:
            source, photo_id = "bsds500", ECSSD_IN_BSDS500[photo_id]
    train, val = SHARES[source]
    position = zlib.crc32(f"{source}/{photo_id}".encode()) / 2**32  # uniform in [0, 1), alike on every machine
    if position < train:
        return "train"
    return "val" if position < train + val else "test"


def folder_splits(names: Sequence[str]) -> dict[str, str]:
    """The split of each photo of a user's folder, which may be small: from two photos on, one validates; from three, one tests.

    It is `split_of`'s, unless that leaves a side with less than a tenth of the photos, as it may among a few dozen. Then the
    photos are put in order by the same hash and shared out by number: a photo may then change its side as the folder grows.

    Args:
        names: of the photos, each once.
    """
    found = {name: split_of(name, "folder") for name in names}
    least = max(1, round(len(names) / 10))
    if min(list(found.values()).count(side) for side in ("val", "test")) >= least or len(names) >= _LARGE:
        return found
    ranked = sorted(names, key=lambda name: (zlib.crc32(f"folder/{name}".encode()), name))
    val, test = (least if len(names) > few else 0 for few in (1, 2))
    sides = ["train"] * (len(names) - val - test) + ["val"] * val + ["test"] * test
    return dict(zip(ranked, sides, strict=True))


def train_and_val(items: Sequence[Item], name: str = "regions") -> tuple[Sequence[Item], Sequence[Item]]:
    """Those to train on and those to validate on.

    Args:
        items: regions or photos, each with its `split`.
        name: what the message calls them.

    Raises:
        InputError: when one side is empty.
    """
    sides = {side: select(items, "split", side.__eq__) for side in ("train", "val")}
    for side, found in sides.items():
        if not found:
            raise InputError(
                f"none of {len(items)} {name} is on the side {side!r}; of your own photos one in ten validates, of three or "
                "more at least one: add photos, or a data set"
            )
    return sides["train"], sides["val"]
