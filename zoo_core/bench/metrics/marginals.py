"""Posteriors of one parameter each: Gaussians, or what their quantiles say of them."""

import numpy as np

from ...scores import ParameterScores, Truth

__all__ = ["drawn", "stated"]

NARROWEST = 1e-12  # of the distance of two quantiles, in the parameter's unit


def stated(scores: ParameterScores, truth: Truth, parameter: str) -> tuple[np.ndarray, np.ndarray]:
    """Residual (N,), mean minus truth, and standard deviation (N,) of each posterior.

    Of one that is no Gaussian they are those of the Gaussian that agrees with it at the truth: as much of it lies
    below, and its density is the same. Its quantiles q(x), Phi(x) each, are joined by straight lines in x, which also
    go on outside; of a posterior with two modes that is coarse.

        residual = -x sigma,    sigma = dq / dx    where q(x) is the truth

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.marginals import stated
        >>> from zoo_core.scores import ParameterScores
        >>> skewed = {x: np.array([value]) for x, value in {-1: 0.9, 0: 1.0, 1: 1.4}.items()}
        >>> scores = ParameterScores({"r": np.array([1.1])}, {"r": np.array([0.3])}, {"r": skewed})
        >>> [round(float(one[0]), 2) for one in stated(scores, {"r": np.array([1.2])}, "r")]
        [-0.2, 0.4]
    """
    if parameter not in scores.quantiles:
        return scores.means[parameter] - truth[parameter], scores.errors[parameter]
    x, q = _knots(scores, parameter)
    segment = (q[:, 1:-1] <= truth[parameter][:, None]).sum(1)
    x0, q0, sigma = _line(x, q, segment)
    return -(x0 * sigma + truth[parameter] - q0), sigma


def drawn(scores: ParameterScores, parameter: str, x: np.ndarray) -> np.ndarray:
    """Values (N,) of each posterior at draws (N,) of a standard Gaussian."""
    if parameter not in scores.quantiles:
        return scores.means[parameter] + scores.errors[parameter] * x
    knots, q = _knots(scores, parameter)
    x0, q0, sigma = _line(knots, q, np.searchsorted(knots[1:-1], x))
    return q0 + (x - x0) * sigma


def _knots(scores: ParameterScores, parameter: str) -> tuple[np.ndarray, np.ndarray]:
    """X (K,) and the quantiles (N, K)."""
    quantiles = scores.quantiles[parameter]
    return np.array(list(quantiles), float), np.stack(list(quantiles.values()), 1)


def _line(x: np.ndarray, q: np.ndarray, segment: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the segment of each image begins, and its slope."""
    row = np.arange(len(q))
    step = np.maximum(q[row, segment + 1] - q[row, segment], NARROWEST)
    return x[segment], q[row, segment], step / (x[segment + 1] - x[segment])
