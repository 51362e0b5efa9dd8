"""Strata: parts of a benchmark."""

import numpy as np
import pytest

from zoo_core.bench.metrics.strata import completed, strata
from zoo_core.errors import ResultError

TRUTH = {
    "label": np.array([1, 1, 1, 0, 0, 0]),
    "theta_E": np.array([0.5, 1.0, np.nan, 0.0, 0.0, 0.0]),
    "kind": np.array(["spiral", "arc", "arc", "spiral", "ring", "ring"]),
}


def named(parts):
    return {part.name: part.rows.nonzero()[0].tolist() for part in parts}


def test_a_bin_holds_its_lower_edge_and_not_its_upper_one():
    assert named(strata(TRUTH, {"theta_E": (0.5, 1.0, 2.0)})) == {"0.5 to 1": [0], "1 to 2": [1]}


def test_bins_that_hold_nothing_are_left_out():
    assert named(strata(TRUTH, {"theta_E": (0.5, 1.0, 2.0, 3.0)})).keys() == {"0.5 to 1", "1 to 2"}


def test_a_category_that_both_classes_know_is_a_stratum_in_each():
    parts = strata(TRUTH, {"kind": ()}, classes=("nonlens", "lens"))

    assert named(parts) == {"arc": [1, 2], "ring": [4, 5], "spiral (nonlens)": [3], "spiral (lens)": [0]}


def test_a_stratum_of_one_class_is_completed_by_the_whole_of_the_others():
    lenses = np.array([True, False, False, False, False, False])

    assert completed(lenses, TRUTH["label"]).tolist() == [True, False, False, True, True, True]
    assert completed(np.ones(6, bool), TRUTH["label"]).all()


def test_a_column_that_the_truth_lacks_is_named():
    with pytest.raises(ResultError, match="strata by seeing, but the truth has only kind, label, theta_E"):
        strata(TRUTH, {"seeing": (0, 1)})
