"""Ranks and expected coverage are uniform for posteriors that are right, and tell those that are not."""

import numpy as np
import pytest

from zoo_core.bench.metrics.posteriors import band, coverage, posterior_metrics, ranks, tarp
from zoo_core.scores import ParameterScores

N = 3000
METRICS = {metric.name: metric for metric in posterior_metrics(("theta_E", "q"))}


def posteriors(stated=1.0, bias=0.0):
    """Two parameters with errors that differ from image to image, and how much of these is stated.

    The truth is drawn from the posteriors, so that they are right whatever the prior.
    """
    rng = np.random.default_rng(4)
    means = {"theta_E": rng.uniform(0.5, 2, N), "q": rng.uniform(0.4, 1, N)}
    sigma = {"theta_E": rng.uniform(0.02, 0.2, N), "q": rng.uniform(0.02, 0.1, N)}
    truth = {name: means[name] + sigma[name] * (rng.normal(size=N) + bias) for name in sigma}
    return ParameterScores(means, {name: stated * sigma[name] for name in sigma}), {
        "id": np.arange(N).astype(str),
        **truth,
    }


@pytest.mark.parametrize("name", ["sbc[theta_E]", "sbc[q]", "tarp"])
def test_right_posteriors_are_within_the_band_and_others_far_outside(name):
    metric = METRICS[name]

    assert metric.value(*posteriors()) < band(N)
    for wrong in ({"stated": 0.5}, {"stated": 2.0}, {"bias": 1.0}):
        assert metric.value(*posteriors(**wrong)) > 2 * band(N)


def test_a_rank_is_the_share_of_draws_below_the_truth():
    scores, truth = posteriors()
    rng = np.random.default_rng(0)
    draws = scores.means["q"][:50] + scores.errors["q"][:50] * rng.standard_normal((20_000, 50))

    np.testing.assert_allclose(ranks(scores, truth, "q")[:50], (draws < truth["q"][:50]).mean(0), atol=0.016)


def test_tarp_is_the_same_for_any_unit_of_the_parameters():
    scores, truth = posteriors()
    others = {
        name: columns | {"q": 1000 * columns["q"]}
        for name, columns in (("means", scores.means), ("errors", scores.errors))
    }

    np.testing.assert_array_equal(
        tarp(scores, truth), tarp(ParameterScores(**others), truth | {"q": 1000 * truth["q"]})
    )


def test_coverage_of_shares_that_are_uniform_is_the_level():
    levels = np.array([0.25, 0.5, 1.0])
    np.testing.assert_allclose(coverage(np.linspace(0, 1, 1001), levels), levels, atol=1e-3)
