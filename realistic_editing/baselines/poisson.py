"""The screened Poisson equation: new colours with a photo's own gradients."""
import numpy as np
from scipy import sparse
from scipy.sparse.linalg import cg


def screened_poisson(colours: np.ndarray, image: np.ndarray, weights: tuple[float, ...], sides: np.ndarray) -> np.ndarray:
    """Minimise |J - colours|^2 + |w (grad J - grad image)|^2 for each channel, with forward differences.

    The equation is solved for the change, D = J - image: (1 + w^2 L) D = colours - image, where L is the Laplacian of the
    pixels' graph. Its condition number is at most 1 + 8 w^2, so that conjugate gradients take a few dozen steps.

    Args:
        colours: (H, W, C) float32, the colours that are wanted.
        image: (H, W, C) float32, whose gradients are wanted.
        weights: w of each channel; 0 gives `colours`, and infinity would give `image` with another mean.
        sides: (H, W) int; a difference between pixels of two sides is free to change, so that no colour leaks over.

    Returns:
        (H, W, C) float32.
    """
    laplacian = graph_laplacian(sides)
    wanted = (colours - image).astype(np.float64)
    change = np.empty_like(wanted)
    for channel, weight in enumerate(weights):
        matrix = sparse.identity(sides.size, format="csr") + weight**2 * laplacian
        right = wanted[..., channel].ravel()
        solution, _ = cg(matrix, right, x0=right, rtol=1e-5, maxiter=500)
        change[..., channel] = solution.reshape(sides.shape)
    return (image + change).astype(np.float32)


def graph_laplacian(sides: np.ndarray) -> sparse.csr_matrix:
    """The Laplacian of the graph that joins each pixel with its four neighbours of the same side.

    Args:
        sides: (H, W) int.

    Returns:
        (H * W, H * W), symmetric, with rows that sum to 0.
    """
    index = np.arange(sides.size).reshape(sides.shape)
    across, down = sides[:, :-1] == sides[:, 1:], sides[:-1] == sides[1:]
    first = np.concatenate([index[:, :-1][across], index[:-1][down]])
    second = np.concatenate([index[:, 1:][across], index[1:][down]])
    joined = sparse.coo_matrix((np.ones(len(first)), (first, second)), shape=(sides.size, sides.size))
    joined = joined + joined.T
    return (sparse.diags(np.asarray(joined.sum(axis=1)).ravel()) - joined).tocsr()
