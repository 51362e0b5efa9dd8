"""How far a probability is from a frequency."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["BINS", "Reliability", "brier_score", "expected_calibration_error", "prior_weights", "reliability"]

BINS = 15


class Reliability(NamedTuple):
    """Mean confidence, share that was right and number of images, of each bin of confidence that holds any image."""

    confidence: np.ndarray
    frequency: np.ndarray
    images: np.ndarray


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean distance of confidence and frequency over the bins, weighted by their images, (B,).

        ECE = sum_m |B_m| / n  |acc(B_m) - conf(B_m)|

    B_m holds the images whose confidence lies in the m-th of 15 equal bins, acc is the share of them that is right,
    conf their mean confidence.

    Arguments:
        probabilities: (N, K). The confidence is the highest one, and of two classes that of the second, which is right
            where the image is of the second class.
        labels: (N,), class index.
        weights: (B, N).

    Source: Guo et al. (2017), ICML, arXiv:1706.04599.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.calibration import expected_calibration_error
        >>> p = np.array([[0.5, 0.5], [0.5, 0.5], [0.2, 0.8], [0.2, 0.8]])
        >>> expected_calibration_error(p, np.array([0, 1, 1, 1]), np.ones((1, 4))).round(3)
        array([0.1])
    """
    confidence, right = _confidence(probabilities, labels)
    gap = weights @ (_bins(confidence) * (confidence - right)[:, None])
    return np.abs(gap).sum(axis=1) / weights.sum(axis=1)


def reliability(probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> Reliability:
    """The reliability diagram: acc(B_m) against conf(B_m); arguments as above, weights (N,).

    Source: DeGroot & Fienberg (1983), The Statistician 32, 12.
    """
    confidence, right = _confidence(probabilities, labels)
    bins = _bins(confidence)
    total = weights @ bins
    filled = total > 0
    mean, found = ((weights * values) @ bins[:, filled] / total[filled] for values in (confidence, right))
    return Reliability(mean, found, bins.sum(axis=0)[filled])


def brier_score(probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean squared error of the probabilities, (B,).

        BS = 1/n sum_i sum_k (p_ik - [y_i = k])**2

    Of two classes the sum over k holds the second alone, as scikit-learn has it.

    Arguments:
        probabilities: (N, K).
        labels: (N,), class index.
        weights: (B, N).

    Source: Brier (1950), Mon. Weather Rev. 78, 1.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.calibration import brier_score
        >>> brier_score(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([1, 1]), np.ones((1, 2)))
        array([0.125])
    """
    classes = np.arange(probabilities.shape[1]) if probabilities.shape[1] > 2 else np.array([1])
    error = ((probabilities[:, classes] - (labels[:, None] == classes)) ** 2).sum(axis=1)
    return weights @ error / weights.sum(axis=1)


def prior_weights(prior: Sequence[float], labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weights (B, N) under which each class has the share that the probabilities assume.

        w'_i = w_i  pi_k / f_k,   k = y_i

    pi_k is the prior of class k and f_k its share of the images under the weights w (importance weights for a label
    shift: Saerens, Latinne & Decaestecker 2002, Neural Comput. 14, 21).

    Arguments:
        prior: pi_k, one fraction a class.
        labels: (N,), class index.
        weights: (B, N).

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.calibration import prior_weights
        >>> prior_weights((0.5, 0.5), np.array([0, 0, 0, 1]), np.ones((1, 4))).round(3)
        array([[0.667, 0.667, 0.667, 2.   ]])
    """
    members = labels[:, None] == np.arange(len(prior))
    found = np.maximum(weights @ members, 1) / weights.sum(axis=1, keepdims=True)
    return weights * ((members * np.asarray(prior)) @ (1 / found).T).T


def _confidence(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if probabilities.shape[1] == 2:
        return probabilities[:, 1], (labels == 1).astype(float)
    return probabilities.max(axis=1), (probabilities.argmax(axis=1) == labels).astype(float)


def _bins(confidence: np.ndarray) -> np.ndarray:
    number = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return (number[:, None] == np.arange(BINS)).astype(float)
