"""How far a probability is from a frequency.

Sources: Guo et al. (2017), ICML; Brier (1950), Mon. Weather Rev. 78, 1.
"""

from typing import NamedTuple

import numpy as np

__all__ = ["BINS", "Reliability", "brier_score", "expected_calibration_error", "prior_weights", "reliability"]

BINS = 15


class Reliability(NamedTuple):
    """Of each bin of confidence that holds any image: mean confidence, share that was right, number of images."""

    confidence: np.ndarray
    frequency: np.ndarray
    images: np.ndarray


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean distance of confidence and frequency over the bins, weighted by their images, (B,).

    Arguments:
        probabilities: (N, 1) of the positive class, or (N, K), of which the most probable class is taken.
        labels: (N,), class index.
        weights: (B, N).
    """
    confidence, right = _confidence(probabilities, labels)
    gap = weights @ (_bins(confidence) * (confidence - right)[:, None])
    return np.abs(gap).sum(axis=1) / weights.sum(axis=1)


def reliability(probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> Reliability:
    """The reliability diagram; arguments as above, weights (N,)."""
    confidence, right = _confidence(probabilities, labels)
    bins = _bins(confidence)
    total = weights @ bins
    filled = total > 0
    said, found = ((weights * values) @ bins[:, filled] / total[filled] for values in (confidence, right))
    return Reliability(said, found, bins.sum(axis=0)[filled])


def brier_score(probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean squared error, (B,); of K classes the sum over them."""
    classes = np.arange(probabilities.shape[1]) if probabilities.shape[1] > 1 else np.array([1])
    error = ((probabilities - (labels[:, None] == classes)) ** 2).sum(axis=1)
    return weights @ error / weights.sum(axis=1)


def prior_weights(prior: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weights (B, N) times what brings each class to its share under the prior of each row, (N,) or (N, K).

    A prior of shape (N,) is that of the second of two classes.
    """
    shares = np.stack([1 - prior, prior], axis=1) if prior.ndim == 1 else prior
    members = labels[:, None] == np.arange(shares.shape[1])
    found = np.maximum(weights @ members, 1) / weights.sum(axis=1, keepdims=True)
    return weights * ((members * shares) @ (1 / found).T).T


def _confidence(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if probabilities.shape[1] == 1:
        return probabilities[:, 0], (labels == 1).astype(float)
    return probabilities.max(axis=1), (probabilities.argmax(axis=1) == labels).astype(float)


def _bins(confidence: np.ndarray) -> np.ndarray:
    number = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return (number[:, None] == np.arange(BINS)).astype(float)
