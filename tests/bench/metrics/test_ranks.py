"""Ranks say how sure they are."""

import numpy as np

from zoo_core.bench.metrics.ranks import ranks


def test_models_far_apart_have_ranks_without_doubt():
    rng = np.random.default_rng(0)
    values = [rng.normal(mean, 0.01, 1000) for mean in (0.7, 0.9, 0.8)]

    assert [(r.place, r.low, r.high) for r in ranks(values, higher_is_better=True)] == [(3, 3, 3), (1, 1, 1), (2, 2, 2)]


def test_models_that_cannot_be_told_apart_share_their_place():
    rng = np.random.default_rng(0)
    values = [rng.normal(mean, 0.01, 1000) for mean in (0.9, 0.901, 0.7)]

    assert [(r.place, r.low, r.high) for r in ranks(values, higher_is_better=True)] == [(1, 1, 2), (1, 1, 2), (3, 3, 3)]


def test_a_small_difference_on_the_same_images_counts():
    common = np.random.default_rng(0).normal(0.9, 0.05, 1000)  # far wider than the difference, but shared

    better, worse = ranks([common + 0.001, common], higher_is_better=True)

    assert (better.place, worse.place) == (1, 2)


def test_the_smaller_is_better_where_the_metric_says_so():
    errors = [np.full(100, 0.1), np.full(100, 0.2)]

    assert [r.place for r in ranks(errors, higher_is_better=False)] == [1, 2]


def test_a_metric_that_is_not_defined_ranks_last():
    places = ranks([np.full(100, np.nan), np.full(100, 0.2)], higher_is_better=True)

    assert [r.place for r in places] == [2, 1]


def test_models_that_are_equal_share_the_first_place():
    assert [(r.place, r.low, r.high) for r in ranks([np.ones(50)] * 3, True)] == [(1, 1, 1)] * 3
