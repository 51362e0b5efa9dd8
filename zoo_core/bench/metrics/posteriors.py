"""Whether stated posteriors are right as a whole: ranks of the truth, expected coverage, TARP.

The posterior of an image is the Gaussian that the stored columns state, or what their quantiles say of it, without
correlations between parameters.
"""

from collections.abc import Callable

import numpy as np
from scipy.stats import kstest, norm

from ...metric import Metric, NoInterval
from ...scores import ParameterScores, Truth
from .marginals import drawn, stated

__all__ = ["band", "coverage", "known", "posterior_metrics", "ranks", "tarp"]

TASK = "regression"
DRAWS = 400  # of each posterior, which tell its share nearer than the truth to 0.025
SEED = 1  # of the reference points and the draws: the same for all models
LIMIT = 1.358  # of sqrt(n) times the Kolmogorov distance, which is exceeded by chance 5 times in 100


def posterior_metrics(parameters: tuple[str, ...]) -> list[Metric]:
    """`sbc` of each parameter, and `tarp` of all of them together; Kolmogorov distances from a uniform distribution.

    They have no interval: images that are drawn twice move such a distance away from 0.
    """

    def ranks_of(parameter: str) -> Callable[[ParameterScores, Truth], np.ndarray]:
        return lambda scores, truth: ranks(scores, truth, parameter)

    alone = "largest distance of the ranks of the truth from uniform ones; by chance below 1.36 / sqrt(n)"
    together = "largest distance of TARP's expected coverage from the level; by chance below 1.36 / sqrt(n)"
    return [*(_metric(f"sbc[{name}]", ranks_of(name), alone) for name in parameters), _metric("tarp", tarp, together)]


def ranks(scores: ParameterScores, truth: Truth, parameter: str) -> np.ndarray:
    """The share (N,) of each posterior that is below the truth, from 0 to 1; uniform if the posteriors are right.

    It is the rank statistic of simulation-based calibration for infinitely many draws of a Gaussian posterior.

        r_i = Phi((y_i - mu_i) / sigma_i)

    Source: Talts, Betancourt, Simpson, Vehtari & Gelman (2018), "Validating Bayesian inference algorithms with
    simulation-based calibration", arXiv:1804.06788.
    """
    residual, sigma = stated(scores, truth, parameter)
    return norm.cdf(-residual / sigma)


def tarp(scores: ParameterScores, truth: Truth) -> np.ndarray:
    """The share (N,) of each posterior that is nearer to a random reference point than the truth is.

    It is uniform for posteriors that are right, and for no others if the reference points are anywhere. Parameters are
    measured in their range over the images, in which the reference points are drawn evenly. Those whose truth is not
    known of every image are left out.

    Source: Lemos, Coogan, Hezaveh & Perreault Levasseur (2023), "Sampling-based accuracy testing of posterior
    estimators for general inference", arXiv:2302.03026.
    """
    rng, names = np.random.default_rng(SEED), known(scores, truth)
    true = np.stack([truth[name] for name in names], 1)
    low, span = true.min(0), np.maximum(np.ptp(true, axis=0), 1e-12)
    reference = low + span * rng.random(true.shape)
    farthest = (((true - reference) / span) ** 2).sum(1)
    nearer = np.zeros(len(true))
    for _ in range(DRAWS):
        normal = rng.standard_normal(true.shape)
        draws = np.stack([drawn(scores, name, normal[:, k]) for k, name in enumerate(names)], 1)
        nearer += (((draws - reference) / span) ** 2).sum(1) < farthest
    return nearer / DRAWS


def known(scores: ParameterScores, truth: Truth) -> list[str]:
    """The parameters whose truth is known of every image; of real lenses it may be the Einstein radius alone."""
    return [name for name in scores.means if np.isfinite(truth[name]).all()]


def coverage(shares: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The share (L,) of images whose truth lies in the credible region of each level, from what is nearer than it.

    Arguments:
        shares: of each posterior (N,) that lies nearer to the centre, or to a reference point, than the truth.
        levels: credibilities (L,).
    """
    return (shares[:, None] <= levels).mean(0)


def band(images: int) -> float:
    """How far the coverage of so many images is from its level at most, in 95 of 100 data sets, if errors are right."""
    return LIMIT / np.sqrt(images)


def _metric(name: str, shares: Callable[[ParameterScores, Truth], np.ndarray], summary: str) -> Metric:
    def distance(scores: ParameterScores, truth: Truth) -> float:
        return float(kstest(shares(scores, truth), "uniform").statistic)

    return Metric(name, TASK, NoInterval(distance), higher_is_better=False, summary=summary)
