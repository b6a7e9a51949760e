"""Say of a region what an eye sees first: how bright, which colour, what and where."""
import cv2
import numpy as np

_NOUNS = {
    "person": "person", "vehicle": "vehicle", "animal": "animal", "furniture": "piece of furniture", "food": "food",
    "electronic": "device",
}  # fmt: skip
# From which hue on (degrees of CIELAB), and its name; "brown" for dark orange.
_HUES = ((-20, "pink"), (20, "red"), (50, "orange"), (75, "yellow"), (110, "green"), (200, "blue"), (300, "purple"))
_CHROMA = 14  # CIELAB units below which a colour has no name
_CORNER = 0.28  # of either side from the middle, beyond which a thing is in a corner
_TONE = 12  # CIELAB units of lightness from the surroundings


def describe_region(pixels: np.ndarray, mask: np.ndarray, kind: str, share: float) -> str:
    """Such as "bright red vehicle at the left edge, 14 % of attention".

    Args:
        pixels: (H, W, 3) uint8 sRGB.
        mask: (H, W) uint8.
        kind: of `network.THING_KINDS`, or "".
        share: of attention, in [0, 1].
    """
    shrink = min(1.0, 256 / max(mask.shape))
    small, inside = (cv2.resize(part, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) for part in (pixels, mask))
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    chosen = inside >= 128
    if not chosen.any():
        chosen = inside >= max(int(inside.max()), 1)
    light, a, b = (float(value) for value in np.median(lab[chosen], axis=0))
    around = float(np.median(lab[~chosen][:, 0])) if (~chosen).any() else light
    tone = "bright" if light - around > _TONE else "dark" if around - light > _TONE else ""
    color = color_name(light, a, b)
    words = [tone if color not in ("white", "black") else "", color, _NOUNS.get(kind, "thing")]
    if kind == "person":  # the colour is that of clothes, and would read as one of skin
        words = [_NOUNS[kind]]
    return f"{' '.join(word for word in words if word)} {place_of(mask)}, {100 * share:.0f} % of attention"


def color_name(light: float, a: float, b: float) -> str:
    """The name of a CIELAB colour; black, white and grey where there is little of it."""
    if np.hypot(a, b) < _CHROMA:
        return "white" if light > 85 else "black" if light < 18 else "grey"
    hue = (np.degrees(np.arctan2(b, a)) + 20) % 360 - 20
    name = [name for start, name in _HUES if hue >= start][-1]
    return "brown" if name in ("orange", "yellow") and light < 50 else name


def place_of(mask: np.ndarray) -> str:
    """Where a mask lies in its photo."""
    weights = mask.astype(np.float64)
    height, width = mask.shape
    total = max(weights.sum(), 1e-9)
    x = float((weights.sum(axis=0) * (np.arange(width) + 0.5)).sum() / total / width)
    y = float((weights.sum(axis=1) * (np.arange(height) + 0.5)).sum() / total / height)
    across = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    down = "upper" if y < 1 / 3 else "lower" if y > 2 / 3 else ""
    if across and down:
        if min(abs(x - 0.5), abs(y - 0.5)) > _CORNER:
            return f"in the {down} {across} corner"
        across, down = (across, "") if abs(x - 0.5) > abs(y - 0.5) else ("", down)
    hard = mask >= 128
    touching = {"left": hard[:, 0].any(), "right": hard[:, -1].any(), "upper": hard[0].any(), "lower": hard[-1].any()}
    side = across or down
    if not side:
        return "near the middle"
    edge = {"upper": "top", "lower": "bottom"}.get(side, side)
    return f"at the {edge} edge" if touching[side] else f"on the {edge}" if across else f"near the {edge}"
