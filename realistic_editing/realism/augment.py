"""What a critic must know about things, and what must not matter to it: changes of training samples beside Table 1's edits."""
import dataclasses

import cv2
import numpy as np

# COCO's categories whose colours nature or a law fixes: people, stop signs, animals, fruit, vegetables, dishes, plants.
FIXED_COLOR = frozenset({1, 13, *range(16, 26), *range(52, 60), 64})
# And those that are sold in any colour: vehicles, benches, bags, umbrellas, ties, sports things, cups, furniture, books.
ANY_COLOR = frozenset(
    {*range(2, 10), 11, 15, 27, 28, *range(31, 37), 38, 41, 42, 44, 47, 51, 62, 63, 65, 84, 86, 87, 90}
)

DEGRADATIONS = ("none", "jpeg", "shrunk", "noise", "shrunk and jpeg")
_SHARES = (0.45, 0.25, 0.1, 0.1, 0.1)  # of samples


def turn_hue(image: np.ndarray, mask: np.ndarray, angle: float, chroma: float = 1.0) -> np.ndarray:
    """Recolour a whole thing evenly: turn its colours in the plane of CIELAB's a and b.

    Args:
        image: (H, W, 3) float32 RGB in [0, 1].
        mask: (H, W) float32 in [0, 1].
        angle: in radians.
        chroma: factor of the distance from grey.

    Returns:
        The photo, changed inside the mask; colours that sRGB lacks are clipped.
    """
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    a, b = lab[..., 1].copy(), lab[..., 2].copy()
    along, across = chroma * np.cos(angle), chroma * np.sin(angle)
    lab[..., 1], lab[..., 2] = along * a - across * b, across * a + along * b
    turned = np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1)
    return image + (turned - image) * mask[..., None]


@dataclasses.dataclass(frozen=True)
class Degradation:
    """What happens to a file on its way, and says nothing about edits: the same for all samples of a photo.

    Args:
        kind: one of DEGRADATIONS.
        quality: of JPEG.
        scale: of shrinking, before it is enlarged again.
        noise: standard deviation, in [0, 1].
        seed: of the noise.
    """

    kind: str
    quality: int = 90
    scale: float = 1.0
    noise: float = 0.0
    seed: int = 0

    @classmethod
    def sample(cls, generator: np.random.Generator) -> "Degradation":
        """Draw one."""
        kind = DEGRADATIONS[generator.choice(len(DEGRADATIONS), p=_SHARES)]
        quality, scale = int(generator.integers(50, 96)), float(generator.uniform(0.4, 0.9))
        return cls(kind, quality, scale, float(generator.uniform(0.003, 0.025)), int(generator.integers(1 << 30)))

    def apply(self, image: np.ndarray) -> np.ndarray:
        """(H, W, 3) float32 RGB in [0, 1] -> the same, degraded."""
        if self.kind == "noise":
            noise = np.random.default_rng(self.seed).normal(0, self.noise, image.shape)
            return np.clip(image + noise, 0, 1).astype(np.float32)
        if "shrunk" in self.kind:
            height, width = image.shape[:2]
            small = (max(1, int(width * self.scale)), max(1, int(height * self.scale)))
            image = cv2.resize(cv2.resize(image, small, interpolation=cv2.INTER_AREA), (width, height))
        return _through_jpeg(image, self.quality) if "jpeg" in self.kind else image


def _through_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    pixels = cv2.cvtColor((image.clip(0, 1) * 255).round().astype(np.uint8), cv2.COLOR_RGB2BGR)
    coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB).astype(np.float32) / 255


def vary_tone(image: np.ndarray, generator: np.random.Generator, share: float = 0.5) -> np.ndarray:
    """Make a share of the photos darker, brighter, paler or more vivid as a whole: such photos are real too.

    Args:
        image: (H, W, 3) float32 RGB in [0, 1].
        generator: the source of all randomness.
        share: of photos that are changed.
    """
    if generator.random() >= share:
        return image
    exposure, saturation = np.exp(generator.uniform(-0.5, 0.35)), np.exp(generator.uniform(-0.7, 0.45))
    gamma, used = np.exp(generator.uniform(-0.25, 0.25)), generator.random(3) < 0.55
    image = image**gamma if used[0] else image
    image = np.clip(image * exposure, 0, 1) if used[1] else image
    everywhere = np.ones(image.shape[:2], np.float32)
    image = turn_hue(image.astype(np.float32), everywhere, 0.0, saturation) if used[2] else image
    return np.clip(image, 0, 1).astype(np.float32)


def vary_mask(mask: np.ndarray, generator: np.random.Generator, share: float = 0.4) -> np.ndarray:
    """Grow or shrink a share of the masks by one to four pixels, as hands and tools draw them.

    Args:
        mask: (H, W) float32 in [0, 1].
        generator: the source of all randomness.
        share: of masks that are changed.
    """
    if generator.random() >= share:
        return mask
    side = 2 * int(generator.integers(1, 5)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    changed = (cv2.dilate if generator.random() < 0.5 else cv2.erode)(mask, kernel)
    return changed if changed.mean() > 0.003 else mask
