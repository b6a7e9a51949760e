"""The screened Poisson equation: new colours with a photo's own gradients."""
import numpy as np
from scipy.fft import dctn, idctn


def screened_poisson(colours: np.ndarray, image: np.ndarray, weights: tuple[float, ...]) -> np.ndarray:
    """Minimise |J - colours|^2 + |w (grad J - grad image)|^2 for each channel, with differences of neighbouring pixels.

    The equation is solved for the change, D = J - image: (1 + w^2 L) D = colours - image, where L is the Laplacian with no
    flow over the photo's border. Cosines are its eigenvectors, so that the solution is exact: changes over less than
    about w pixels are damped, and the mean of `colours` is kept.

    Args:
        colours: (H, W, C) float32, the colours that are wanted.
        image: (H, W, C) float32, whose gradients are wanted.
        weights: w of each channel; 0 gives `colours`, and infinity would give `image` with the mean of `colours`.

    Returns:
        (H, W, C) float32.
    """
    down, across = (2 - 2 * np.cos(np.pi * np.arange(side) / side) for side in image.shape[:2])
    eigenvalues = (down[:, None] + across)[..., None]  # (H, W, 1), of L
    wanted = dctn((colours - image).astype(np.float64), axes=(0, 1))
    change = idctn(wanted / (1 + np.square(weights) * eigenvalues), axes=(0, 1))
    return (image + change).astype(np.float32)
