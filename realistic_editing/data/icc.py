"""ICC profiles of a matrix and curves: written, and read as arithmetic; what colours primaries span."""
import dataclasses
import functools
import struct
from collections.abc import Iterable

import numpy as np

D65 = (0.3127, 0.3290)
D50 = np.array([0.9642, 1, 0.8249])  # XYZ of ICC's connection space
BT709_SPACE = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65)
Primaries = tuple[tuple[float, float], ...]  # red, green, blue and white, as (x, y)


def matrix_profile(name: str, primaries: Primaries, gamma: float | None) -> bytes:
    """An ICC profile, version 4, of three primaries and one curve.

    Args:
        name: that programs show.
        primaries: (x, y) of red, green, blue and white.
        gamma: of the curve; None for that of sRGB.
    """
    white = xyz(*primaries[3])
    matrix = np.stack([xyz(*one) for one in primaries[:3]], axis=1)
    matrix = matrix * np.linalg.solve(matrix, white)
    cone = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])  # Bradford
    adapt = np.linalg.inv(cone) @ np.diag((cone @ D50) / (cone @ white)) @ cone
    matrix = adapt @ matrix
    shape = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045) if gamma is None else (gamma,)
    curve = b"para\0\0\0\0" + struct.pack(">HH", 3 if gamma is None else 0, 0) + fixed(shape)
    tags = [(b"desc", _text(name)), (b"cprt", _text("CC0")), (b"wtpt", b"XYZ \0\0\0\0" + fixed(D50))]
    tags += [(b"chad", b"sf32\0\0\0\0" + fixed(adapt.reshape(-1)))]
    tags += [(tag, b"XYZ \0\0\0\0" + fixed(matrix[:, i])) for i, tag in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))]
    tags += [(tag, curve) for tag in (b"rTRC", b"gTRC", b"bTRC")]
    table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for tag, value in tags:
        table += tag + struct.pack(">II", start + len(body), len(value))
        body += value + b"\0" * (-len(value) % 4)
    size = struct.pack(">I", start + len(body))
    head = size + bytes(4) + b"\x04\x20\0\0mntrRGB XYZ " + struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp"
    head = head.ljust(68, b"\0") + fixed(D50)
    return head.ljust(128, b"\0") + table + body


def is_space(primaries: Primaries) -> bool:
    """Whether three primaries span colours, with the white among them."""
    (ax, ay), (bx, by), (cx, cy), white = primaries
    corners, area = np.array([(ax, bx, cx), (ay, by, cy), (1, 1, 1)]), abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2
    return bool(area > 0.01 and min(ay, by, cy) > 0 and (np.linalg.solve(corners, [*white, 1]) > 0.01).all())


def coded_transfer(profile: bytes) -> int:
    """The transfer that an ICC profile's cicp tag names, 2 (unspecified) where it has none."""
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        for place in range(132, 132 + 12 * min(count, 100), 12):
            name, start, _ = struct.unpack_from(">4sII", profile, place)
            if name == b"cicp":
                return profile[start + 9]
    except (struct.error, IndexError):
        pass
    return 2


def xyz(x: float, y: float) -> np.ndarray:
    """(3,) of a chromaticity, at Y = 1."""
    return np.array([x / y, 1, (1 - x - y) / y])


def fixed(values: Iterable[float]) -> bytes:
    """Numbers as ICC's s15Fixed16."""
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)


def _text(words: str) -> bytes:
    encoded = words.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded


@dataclasses.dataclass(frozen=True)
class Space:
    """A space of a matrix and curves: light of each level, the level of each root of light, RGB to XYZ of D50."""

    light: list[np.ndarray]
    levels: list[np.ndarray]
    matrix: np.ndarray


@functools.lru_cache(maxsize=8)
def space_of(profile: bytes | None) -> Space | None:
    """What a profile says, None where it says it by tables."""
    profile = matrix_profile("sRGB", BT709_SPACE, None) if profile is None else profile
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        entries = (struct.unpack_from(">4sII", profile, 132 + 12 * i) for i in range(min(count, 100)))
        tags = {name: profile[start : start + size] for name, start, size in entries}
        if b"A2B0" in tags or b"A2B1" in tags:
            return None
        columns = [np.array(struct.unpack_from(">3i", tags[name], 8)) / 65536 for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        curves = [_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")]
    except (KeyError, ValueError, struct.error):
        return None
    ramp = np.linspace(0, 1, 65536)
    levels = [np.rint(np.interp(ramp**2, curve, ramp) * 65535).astype(np.uint16) for curve in curves]
    return Space([curve.astype(np.float32) for curve in curves], levels, np.stack(columns, axis=1))


def _curve(tag: bytes) -> np.ndarray:
    """The light, 0 to 1, of each of 65536 levels. Raises ValueError for a kind of curve that is not known."""
    ramp = np.linspace(0, 1, 65536)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count > 1:
            values = np.frombuffer(tag, ">u2", count, 12) / 65535
            return np.maximum.accumulate(np.interp(ramp, np.linspace(0, 1, count), values))
        return ramp ** (struct.unpack_from(">H", tag, 12)[0] / 256 if count else 1)
    kind = struct.unpack_from(">H", tag, 8)[0] if tag[:4] == b"para" else -1
    sizes = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
    if kind not in sizes:
        raise ValueError("a curve of no known kind")
    g, a, b, c, d, e, f = (*(np.array(struct.unpack_from(f">{sizes[kind]}i", tag, 12)) / 65536), *(0.0,) * (7 - sizes[kind]))
    if kind == 0:
        return ramp**g
    if kind in (1, 2):
        return np.clip(np.where(ramp >= -b / a, np.maximum(a * ramp + b, 0) ** g, 0) + (c if kind == 2 else 0), 0, 1)
    bent = np.maximum(a * ramp + b, 0) ** g + (e if kind == 4 else 0)
    return np.clip(np.where(ramp >= d, bent, c * ramp + (f if kind == 4 else 0)), 0, 1)
