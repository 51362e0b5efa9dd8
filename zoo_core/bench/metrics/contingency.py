"""How often each class was called each other, under any weights of the images."""

import numpy as np

__all__ = ["contingency"]


def contingency(true: np.ndarray, called: np.ndarray, shape: tuple[int, int], weights: np.ndarray) -> np.ndarray:
    """Counts (B, classes, calls) of images that are `true` (N,) and were `called` (N,), under `weights` (B, N).

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.contingency import contingency
        >>> contingency(np.array([0, 0, 1]), np.array([0, 1, 1]), (2, 2), np.ones((1, 3)))[0].tolist()
        [[1.0, 1.0], [0.0, 1.0]]
    """
    cells = true.astype(np.int64) * shape[1] + called.astype(np.int64)
    one_hot = (cells[:, None] == np.arange(shape[0] * shape[1])).astype(np.float64)
    # counts are exact in float64, in which the product is by far faster than in integers
    return (weights.astype(np.float64) @ one_hot).reshape(len(weights), *shape)
