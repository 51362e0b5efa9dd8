"""The threshold of a finder comes from its stored results."""

import numpy as np
import pytest

from zoo_core.bench.metrics.intervals import binomial
from zoo_core.errors import ArgumentError, ResultError
from zoo_core.search.threshold import threshold_of

from ..small_survey import small_survey, store_thresholds
from ..tiny_models import tiny_model

# Four lenses and a thousand others. Where one object in a hundred is a lens, the purities at the lenses' probabilities
# are 0.0025 / (0.0025 + 0.00297) = 0.46, then 0.63 and 0.72, with the rate of three false positives, and at last, with
# six of them, 0.01 / (0.01 + 0.00594) = 0.63.
LENSES, OTHERS = [0.9, 0.8, 0.7, 0.6], [0.75] + [0.65] * 5 + [0.1] * 994


@pytest.fixture
def survey(tmp_path):
    one = small_survey(tmp_path)
    store_thresholds(one, np.array(LENSES + OTHERS), np.array([1] * 4 + [0] * 1000))
    return one


@pytest.mark.parametrize(
    ("asked", "value", "found", "false"), [(0.6, 0.6, 4, 6), (0.7, 0.7, 3, 1), (0.01, 0.1, 4, 1000)]
)
def test_it_is_the_lowest_that_gives_the_purity_that_is_asked_for(survey, asked, value, found, false):
    threshold = threshold_of(survey.finder, asked, 0.01, survey.results)

    true, wrong = found / 4 * 0.01, max(false, 3) / 1000 * 0.99
    assert threshold.value == value and threshold.completeness.value == found / 4
    assert threshold.purity.value == pytest.approx(true / (true + wrong)) and threshold.purity.value >= asked
    assert (threshold.completeness.low, threshold.completeness.high) == binomial(found, 4)
    assert threshold.purity.low < threshold.purity.value < threshold.purity.high
    assert "by simulated images (sky)" in str(threshold)


def test_a_purity_that_no_threshold_gives_is_one_line_that_says_the_highest(survey):
    with pytest.raises(
        ArgumentError, match=r"as far as sky can tell; the highest is 0\.72, at a completeness of 0\.75"
    ):
        threshold_of(survey.finder, 0.8, 0.01, survey.results)


@pytest.mark.parametrize(("asked", "prevalence"), [(0.0, 0.01), (1.0, 0.01), (0.5, 0.0), (0.5, 1.5)])
def test_what_is_no_share_is_refused(survey, asked, prevalence):
    with pytest.raises(ArgumentError, match="give a share between 0 and 1"):
        threshold_of(survey.finder, asked, prevalence, survey.results)


def test_what_finds_no_lenses_is_refused_before_its_results_are_read(survey):
    with pytest.raises(ArgumentError, match=r"tiny\.test, for regression; it takes a model for classification"):
        threshold_of(tiny_model("regression"), 0.6, 0.01, survey.results)


def test_results_of_other_weights_or_none_are_no_threshold(survey):
    store_thresholds(survey, np.array([0.9, 0.1]), np.array([1, 0]), "larger", weights="5" * 64)
    assert threshold_of(survey.finder, 0.6, 0.01, survey.results).benchmark == "sky"
    with pytest.raises(ResultError, match=r"no results of tiny.test on larger .*of other weights or settings"):
        threshold_of(survey.finder, 0.6, 0.01, survey.results, "larger")
    with pytest.raises(ResultError, match=r"there are none.*zoo benchmark tiny\.test --on elsewhere"):
        threshold_of(survey.finder, 0.6, 0.01, survey.results, "elsewhere")
