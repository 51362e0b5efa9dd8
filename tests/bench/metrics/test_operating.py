"""Operating points: thresholds, what is above them, and the purity of a survey."""

import numpy as np
import pytest

from zoo_core.bench.metrics.operating import operating_points
from zoo_core.bench.metrics.ranking import ranking

from ..conftest import finder_scores, lens_finder


def points(scores, truth):
    return {point.name: point for point in operating_points(ranking(scores, truth))}


def test_each_point_keeps_the_false_positives_that_it_allows():
    found = points(*lens_finder(20_000, lens_fraction=0.1))

    negatives = found["p>=0.5"].rates.negatives
    assert found["fpr<=1e-2"].rates.false_positives == int(0.01 * negatives)
    assert found["fpr<=1e-3"].rates.false_positives == int(0.001 * negatives)
    assert found["fp<10"].rates.false_positives == 9
    assert found["fp<1"].rates.false_positives == 0


def test_purity_without_false_positives_is_a_lower_bound_from_three():
    point = points(*lens_finder(20_000, lens_fraction=0.1))["fp<1"]

    tpr = point.rates.found / point.rates.positives
    fpr = 3 / point.rates.negatives
    assert point.purity_is_lower_bound
    assert point.purity["1e-03"] == pytest.approx(tpr * 1e-3 / (tpr * 1e-3 + fpr * 0.999))


def test_purity_falls_with_the_lens_fraction():
    point = points(*lens_finder(20_000, lens_fraction=0.1))["fpr<=1e-2"]

    assert not point.purity_is_lower_bound
    assert point.purity["1e-04"] < point.purity["1e-03"] < 0.1


def test_where_every_threshold_lets_a_non_lens_in_nothing_is_called():
    point = points(finder_scores([0.9, 0.9]), {"label": np.array([1, 0])})["fp<1"]

    assert point.threshold is None
    assert point.rates.found == 0
