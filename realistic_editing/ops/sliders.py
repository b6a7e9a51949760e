"""An edit in the sliders of raw converters, fitted to a recipe by a plain model of what those sliders do.

The model is an approximation, not Adobe's code, which is not public. Exposure, temperature and tint are gains in linear light;
then a point curve for each channel and saturation about luma act on sRGB's encoded values. Raw converters do this in a wider
colour space, roll highlights off, and draw smooth curves through the points.
"""
import dataclasses

import numpy as np
import torch
from scipy.optimize import least_squares

from realistic_editing.ops.lut import recolored
from realistic_editing.ops.recipe import Recipe

STOPS = 4.0  # the exposure slider's reach, either way
WARMTH = 0.5  # stops that 100 points of temperature raise red and lower blue: an assumption, see docs/export.md
MAGENTA = 0.5  # stops that 100 points of tint lower green against red and blue: an assumption as well
POINTS = 9  # of each curve, evenly spaced
PIXELS = 4096  # of the photo, on which the sliders are fitted
HOLD = 0.02  # of the full range, root mean square: what a slider must win to go to its end
BEND = 0.02  # the same for a curve that bends away from its neighbours; decides where the region has no such tone
LUMA = np.array([0.2126, 0.7152, 0.0722])  # Rec. 709


@dataclasses.dataclass(frozen=True)
class Sliders:
    """Values as the programs show them.

    Args:
        exposure: stops, -4 to 4, in steps of 0.01.
        temperature, tint, saturation: whole points, -100 to 100; positive = warmer, more magenta, more colourful.
        curves: (3, 9) whole levels of 255, the outputs of red's, green's and blue's curve at inputs of 0, 1/8, ... 1; None
            where there are none.
    """

    exposure: float = 0.0
    temperature: int = 0
    tint: int = 0
    saturation: int = 0
    curves: np.ndarray | None = None

    def apply(self, colours: np.ndarray) -> np.ndarray:
        """What the model makes of colours: (N, 3) sRGB in [0, 1] -> the same, float64."""
        curves = None if self.curves is None else self.curves / 255
        return _model(colours, self._values(), curves)

    def _values(self) -> np.ndarray:
        """What `_model` takes: the points in hundreds."""
        return np.array([self.exposure, self.temperature / 100, self.tint / 100, self.saturation / 100])


@dataclasses.dataclass(frozen=True)
class Gap:
    """Absolute differences between two versions of the same pixels, in levels of 255.

    Args:
        tone, tone_95: of luma (Rec. 709 weights of the encoded values): mean, and 95th percentile.
        colour, colour_95: of what is left of the three channels without their luma.
    """

    tone: float
    tone_95: float
    colour: float
    colour_95: float

    def __str__(self) -> str:
        parts = (("tone", self.tone, self.tone_95), ("colour", self.colour, self.colour_95))
        return ", ".join(f"{name} {mean:.1f} (95 % below {most:.1f})" for name, mean, most in parts)


@dataclasses.dataclass(frozen=True)
class Fit:
    """Sliders for a recipe, and how far they express it on the pixels of a photo.

    Args:
        sliders: with curves.
        edit: how far the edit itself moves the pixels.
        without_curves, with_curves: how far from the edit the sliders leave them, in a program that ignores the curves, and
            in one that draws them.
    """

    sliders: Sliders
    edit: Gap
    without_curves: Gap
    with_curves: Gap


def fit_sliders(recipe: Recipe, colours: np.ndarray) -> Fit:
    """Fit sliders to what a recipe makes of colours, by least squares; then curves to what is left.

    Args:
        recipe: a batch of one.
        colours: (N, 3) float sRGB in [0, 1], those of the photo inside its mask.

    Returns:
        The sliders, rounded as programs show them, and what they leave.
    """
    colours = np.ascontiguousarray(colours, np.float64)
    if len(colours) > PIXELS:
        colours = colours[np.random.default_rng(0).choice(len(colours), PIXELS, replace=False)]
    wanted = recolored(torch.from_numpy(colours), recipe).astype(np.float64)
    ends = np.array([STOPS, 1, 1, 1])
    weight = np.sqrt(wanted.size)

    def left(values: np.ndarray) -> np.ndarray:
        # Held a little: on a photo of few colours a cast can replace saturation, and would be taken to its end.
        return np.concatenate([(_model(colours, values) - wanted).ravel(), HOLD * weight * values / ends])

    found = least_squares(left, np.zeros(4), bounds=(-ends, ends), x_scale=ends / 4)
    points = [round(100 * value) for value in found.x[1:]]
    plain = Sliders(round(float(found.x[0]), 2), *points)
    sliders = dataclasses.replace(plain, curves=_curves(plain, colours, wanted))
    gaps = (gap(other, wanted) for other in (colours, plain.apply(colours), sliders.apply(colours)))
    return Fit(sliders, *gaps)


def gap(first: np.ndarray, second: np.ndarray) -> Gap:
    """How far two arrays of colours, (N, 3) in [0, 1], are apart."""
    difference = 255 * (first - second)
    tone = difference @ LUMA
    tone, colour = np.abs(tone), np.abs(difference - tone[:, None])
    parts = (tone.mean(), np.quantile(tone, 0.95), colour.mean(), np.quantile(colour, 0.95))
    return Gap(*(float(part) for part in parts))


def _curves(plain: Sliders, colours: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(3, 9) levels: what is left after the sliders, as far as each channel alone can express it."""
    values, straight = plain._values(), np.tile(np.linspace(0, 1, POINTS), 3)
    hold = BEND * np.sqrt(wanted.size)

    def left(outputs: np.ndarray) -> np.ndarray:
        miss = _model(colours, values, outputs.reshape(3, POINTS)) - wanted
        moved = (outputs - straight).reshape(3, POINTS)
        return np.concatenate([miss.ravel(), hold * np.diff(moved, 2).ravel(), 0.1 * hold * moved.ravel()])

    found = least_squares(left, straight, bounds=(-1e-9, 1 + 1e-9))
    return np.rint(255 * found.x.reshape(3, POINTS)).clip(0, 255)


def _model(colours: np.ndarray, values: np.ndarray, curves: np.ndarray | None = None) -> np.ndarray:
    """Exposure in stops, temperature, tint and saturation in hundreds of points, and curves (3, 9) in [0, 1]."""
    exposure, temperature, tint, saturation = values
    gains = np.exp2(exposure + WARMTH * temperature * np.array([1, 0, -1]) + MAGENTA * tint * np.array([0.5, -0.5, 0.5]))
    linear = np.where(colours > 0.04045, ((colours + 0.055) / 1.055) ** 2.4, colours / 12.92)
    linear = np.clip(linear * gains, 0, 1)
    encoded = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    if curves is not None:
        inputs = np.linspace(0, 1, POINTS)
        encoded = np.stack([np.interp(encoded[:, c], inputs, curves[c]) for c in range(3)], axis=1)
    luma = (encoded @ LUMA)[:, None]
    return np.clip(luma + (1 + saturation) * (encoded - luma), 0, 1)
