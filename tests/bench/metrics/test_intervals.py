"""Intervals cover the truth as often as they say."""

import numpy as np
import pytest

from zoo_core.bench.metrics.classification import binary_metrics
from zoo_core.bench.metrics.intervals import binomial, bootstrap, bootstraps, percentile, resamples
from zoo_core.metric import Bootstrap, Metric

from ..conftest import lens_finder

AUROC = next(metric for metric in binary_metrics() if metric.name == "auroc")


def test_each_resample_draws_as_many_of_each_class_as_there_are():
    groups = np.array([0] * 30 + [1] * 7 + [2])
    weights = np.concatenate(list(resamples(groups, 500)))

    assert weights.shape == (500, 38)
    for group in range(3):
        assert (weights[:, groups == group].sum(axis=1) == (groups == group).sum()).all()


def test_every_row_is_drawn_once_on_average():
    weights = np.concatenate(list(resamples(np.zeros(50), 4000)))

    # the multiplicity has variance 1 - 1/50; five standard errors of a mean of 4000
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=5 / np.sqrt(4000))
    np.testing.assert_allclose(weights.var(), 1, atol=0.05)


def test_resamples_are_the_same_for_every_model():
    first, second = (np.concatenate(list(resamples(np.zeros(20), 10))) for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_resampling_leaves_the_global_random_state_alone():
    np.random.seed(3)  # noqa: NPY002 - the state that must not change
    before = np.random.get_state()[1].copy()  # noqa: NPY002

    list(resamples(np.zeros(20), 10))

    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_bootstrap_interval_of_auroc_covers_the_true_area():
    true_area = 0.9213504  # Phi(2 / sqrt(2)), for logits N(-1, 1) and N(1, 1)
    covered = 0
    for seed in range(60):
        low, high = percentile(bootstrap(AUROC, *lens_finder(300, seed=seed), count=200))
        covered += low <= true_area <= high

    assert covered >= 50  # 57 expected at 95 %; fewer than 50 has a probability of 2e-3 even at 91 %


def test_a_metric_without_fast_resamples_gives_the_same_ones(finder):
    plain = Metric("auroc", "classification", Bootstrap(AUROC.value))

    np.testing.assert_allclose(bootstrap(plain, *finder, count=40), bootstrap(AUROC, *finder, count=40))


def test_all_metrics_of_a_resample_are_those_of_the_same_images(finder):
    metrics = binary_metrics()
    together = bootstraps(metrics, *finder, count=20)

    assert list(together) == [metric.name for metric in metrics]
    for metric in metrics:
        np.testing.assert_array_equal(together[metric.name], bootstrap(metric, *finder, count=20))


def test_the_interval_leaves_out_resamples_in_which_the_metric_is_not_defined():
    assert percentile(np.array([np.nan, 1.0, 1.0, np.nan])) == (1.0, 1.0)
    assert percentile(np.array([np.nan])) is None


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129), (0, 1000, 0.0, 0.003682)],
)
def test_binomial_intervals_are_those_of_the_tables(successes, trials, low, high):
    # Clopper & Pearson (1934); for no success the upper limit is 1 - 0.025^(1/n)
    assert binomial(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_without_trials_there_is_no_interval():
    assert binomial(0, 0) is None
