"""Nearest neighbours in the space of the features, which mostly share the class."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

__all__ = ["mine", "neighbour_accuracy"]


def mine(features: np.ndarray, count: int) -> np.ndarray:
    """Rows (N, count) of the nearest other images by cosine similarity, nearest first; exact.

    Arguments:
        features: (N, D).
        count: of neighbours; all others if there are fewer.
    """
    count = min(count, len(features) - 1)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True).clip(1e-12)
    search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(unit)
    return search.kneighbors(return_distance=False)  # of the fitted points: none is its own neighbour


def neighbour_accuracy(neighbours: np.ndarray, labels: np.ndarray) -> float:
    """Share of neighbours that have their image's label; only for measuring, as no stage is trained on a label."""
    return float((labels[neighbours] == labels[:, None]).mean())
