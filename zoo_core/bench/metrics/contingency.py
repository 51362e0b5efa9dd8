"""How often each class was called each other, under any weights of the images."""

import numpy as np

__all__ = ["contingency"]


def contingency(true: np.ndarray, called: np.ndarray, shape: tuple[int, int], weights: np.ndarray) -> np.ndarray:
    """Counts (B, classes, calls) of images that are `true` (N,) and were `called` (N,), under `weights` (B, N)."""
    cells = true.astype(np.int64) * shape[1] + called.astype(np.int64)
    one_hot = (cells[:, None] == np.arange(shape[0] * shape[1])).astype(np.float64)
    # counts are exact in float64, in which the product is by far faster than in integers
    return (weights.astype(np.float64) @ one_hot).reshape(len(weights), *shape)
