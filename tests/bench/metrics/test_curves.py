"""Ranking curves count exactly what a loop over all thresholds counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from zoo_core.bench.metrics.curves import area, curve

SCORES = st.integers(0, 6).map(lambda step: step / 6)  # few values, so that there are many ties
RANKED = st.lists(st.tuples(SCORES, st.booleans()), min_size=2, max_size=40).filter(
    lambda rows: 0 < sum(positive for _, positive in rows) < len(rows)
)


def columns(rows):
    scores, positive = zip(*rows, strict=True)
    return np.array(scores), np.array(positive)


def best_tpr(scores, positive, allowed):
    """By trying every threshold, and one above all scores."""
    thresholds = [*np.unique(scores), np.inf]
    admitted = [t for t in thresholds if np.sum(scores[~positive] >= t) <= allowed]
    return max(np.mean(scores[positive] >= t) for t in admitted)


@given(RANKED)
def test_area_is_that_of_scikit_learn(rows):
    scores, positive = columns(rows)

    assert area(scores, positive)[0] == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)


@given(RANKED)
def test_area_is_the_share_of_pairs_in_the_right_order(rows):
    scores, positive = columns(rows)
    differences = scores[positive][:, None] - scores[~positive]

    pairs = np.mean((differences > 0) + 0.5 * (differences == 0))
    assert area(scores, positive)[0] == pytest.approx(pairs, abs=1e-12)


@given(RANKED, st.integers(0, 12))
def test_tpr_with_few_false_positives_is_the_best_over_all_thresholds(rows, allowed):
    scores, positive = columns(rows)

    assert curve(scores, positive).tpr_with_at_most(allowed)[0] == best_tpr(scores, positive, allowed)


@given(RANKED, st.integers(0, 12))
def test_threshold_with_few_false_positives_reaches_that_tpr(rows, allowed):
    scores, positive = columns(rows)
    ranking = curve(scores, positive)

    threshold = ranking.threshold_with_at_most(allowed)

    called = scores >= (np.inf if threshold is None else threshold)
    assert np.sum(called & ~positive) <= allowed
    assert np.mean(called[positive]) == ranking.tpr_with_at_most(allowed)[0]


@given(RANKED)
def test_counts_are_those_of_scikit_learn(rows):
    scores, positive = columns(rows)
    fpr, tpr, thresholds = roc_curve(positive, scores, drop_intermediate=False)
    ranking = curve(scores, positive)

    np.testing.assert_allclose(ranking.true_positives[0] / positive.sum(), tpr[1:], atol=1e-15)
    np.testing.assert_allclose(ranking.false_positives[0] / (~positive).sum(), fpr[1:], atol=1e-15)
    np.testing.assert_array_equal(ranking.thresholds, thresholds[1:])


def test_a_false_positive_that_ties_with_all_lenses_leaves_no_tpr0():
    scores, positive = np.array([1.0, 1.0, 1.0, 0.0]), np.array([True, True, False, False])

    assert curve(scores, positive).tpr_with_at_most(0)[0] == 0.0


def test_a_false_positive_rate_allows_exactly_its_number_of_images():
    scores = np.concatenate([np.linspace(1, 0, 100), [0.93]])  # 7 of the 100 non-lenses are above 0.93
    positive = np.arange(101) == 100

    ranking = curve(scores, positive)

    assert ranking.tpr_at_fpr(0.07)[0] == 1.0  # 0.07 x 100 is 7.000000000000001 in floating point, or a little less
    assert ranking.tpr_at_fpr(0.0699)[0] == 0.0


@settings(max_examples=50)
@given(RANKED, st.randoms(use_true_random=False))
def test_a_weight_is_a_number_of_copies(rows, random):
    scores, positive = columns(rows)
    copies = np.array([random.randint(1, 4) for _ in rows])
    weights = np.stack([np.ones_like(copies), copies])
    again = np.repeat(scores, copies), np.repeat(positive, copies)
    weighted, repeated = curve(scores, positive, weights), curve(*again)

    assert area(scores, positive, weights)[1] == pytest.approx(area(*again)[0])
    assert weighted.tpr_with_at_most(3)[1] == pytest.approx(repeated.tpr_with_at_most(3)[0])
    assert weighted.tpr_at_fpr(0.1)[1] == pytest.approx(repeated.tpr_at_fpr(0.1)[0])


@pytest.mark.parametrize("positive", [True, False])
def test_one_class_alone_has_no_figures(positive):
    images = np.array([0.1, 0.9]), np.array([positive, positive])
    ranking = curve(*images)

    assert np.isnan(area(*images)[0])
    assert np.isnan(ranking.tpr_with_at_most(1)[0])
