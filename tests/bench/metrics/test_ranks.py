"""Ranks say how sure they are."""

import numpy as np
import pytest

import zoo_core as zoo
from zoo_core.bench.metrics.ranks import ranks
from zoo_core.metric import NoInterval


def test_models_far_apart_have_ranks_without_doubt():
    rng = np.random.default_rng(0)
    values = [rng.normal(mean, 0.01, 1000) for mean in (0.7, 0.9, 0.8)]

    assert [(r.place, r.low, r.high) for r in ranks(values)] == [(3, 3, 3), (1, 1, 1), (2, 2, 2)]


def test_models_that_cannot_be_told_apart_share_their_place():
    rng = np.random.default_rng(0)
    values = [rng.normal(mean, 0.01, 1000) for mean in (0.9, 0.901, 0.7)]

    assert [(r.place, r.low, r.high) for r in ranks(values)] == [(1, 1, 2), (1, 1, 2), (3, 3, 3)]


def test_a_small_difference_on_the_same_images_counts():
    common = np.random.default_rng(0).normal(0.9, 0.05, 1000)  # far wider than the difference, but shared

    better, worse = ranks([common + 0.001, common])

    assert (better.place, worse.place) == (1, 2)


@pytest.mark.parametrize(
    ("direction", "places"),
    [({}, [2, 3, 1]), ({"higher_is_better": False}, [2, 1, 3]), ({"ideal": 0.0}, [1, 2, 3])],
)
def test_a_metric_says_whether_more_or_less_or_what_is_near_its_ideal_is_better(direction, places):
    metric = zoo.Metric("bias", "regression", NoInterval(lambda scores, truth: 0.0), **direction)
    values = [np.full(100, value) for value in (0.1, -0.2, 0.3)]

    assert [r.place for r in ranks([metric.merit(one) for one in values])] == places


def test_a_metric_that_is_not_defined_ranks_last():
    places = ranks([np.full(100, np.nan), np.full(100, 0.2)])

    assert [r.place for r in places] == [2, 1]


def test_models_that_are_equal_share_the_first_place():
    assert [(r.place, r.low, r.high) for r in ranks([np.ones(50)] * 3)] == [(1, 1, 3)] * 3


def test_a_rank_lies_in_its_interval_however_close_the_models_are():
    """Three models that are each better in 96 % of the resamples are not better beyond doubt, but mostly all better."""
    rng = np.random.default_rng(0)
    values = [rng.normal(mean, 1, 1000) for mean in (0.0, 2.5, 2.5, 2.5)]

    found = ranks(values)

    assert found[0].place < 4 and found[0].mean > 3.8
    assert all(one.low <= one.place <= one.high for one in found)


def test_the_interval_holds_the_true_rank_in_95_percent_of_the_samples():
    rng = np.random.default_rng(0)
    truth = np.array([0.0, 1.0, 2.0, 8.0])  # in units of the error of one model

    samples = [truth + rng.normal(size=4) for _ in range(200)]
    found = [ranks(list(one[:, None] + rng.normal(size=(4, 400)))) for one in samples]

    held = np.array([[one.low <= 4 - k <= one.high for k, one in enumerate(places)] for places in found])
    assert held.mean() > 0.93  # 0.95 less three standard errors among 800
    assert [np.mean([places[k].high - places[k].low for places in found]) for k in (0, 3)] == [
        pytest.approx(1.7, abs=0.3),  # of 2: the far one is told apart
        pytest.approx(0.0, abs=0.05),
    ]
