"""Metrics of regressed parameters."""

import numpy as np
import pytest
from scipy.stats import norm

from zoo_core.bench.metrics.named import select
from zoo_core.catalog.measured import metric_unit
from zoo_core.scores import ParameterScores
from zoo_core.tasks import Heads, task_named

HEADS = Heads(parameters=("theta_E", "q"), units=("arcsec", ""))
METRICS = {metric.name: metric for metric in task_named("regression").metrics(HEADS)}


def table(residual, error=0.1):
    ids, true = np.arange(len(residual)).astype(str), np.linspace(0.5, 2, len(residual))
    scores = ParameterScores({"theta_E": true + residual}, {"theta_E": np.full(len(residual), error)})
    return scores, {"id": ids, "theta_E": true}


def measured(name, residual, error=0.1):
    return METRICS[f"{name}[theta_E]"].value(*table(np.asarray(residual), error))


def test_of_a_gaussian_with_its_true_error_bar():
    residual = np.random.default_rng(0).normal(0.05, 0.1, 50_000)

    assert measured("bias", residual) == pytest.approx(0.05, abs=0.003)
    assert measured("nmad", residual) == pytest.approx(0.1, rel=0.02)
    assert measured("rmse", residual) == pytest.approx(np.hypot(0.1, 0.05), rel=0.02)
    assert measured("mae", residual - 0.05) == pytest.approx(0.1 * np.sqrt(2 / np.pi), rel=0.02)
    assert measured("coverage", residual - 0.05) == pytest.approx(0.6827, abs=0.01)
    assert measured("outliers", residual) == pytest.approx(0.0027, abs=0.001)


def test_outliers_leave_the_nmad_alone_and_are_counted():
    residual = np.random.default_rng(0).normal(0, 0.1, 10_000)
    residual[:500] = 5.0

    assert measured("nmad", residual) == pytest.approx(0.1, rel=0.1)
    assert measured("outliers", residual) == pytest.approx(0.05, abs=0.004)


def test_error_bars_that_are_too_wide_cover_too_much():
    residual = np.random.default_rng(0).normal(0, 0.1, 10_000)

    assert measured("coverage", residual, error=0.3) > 0.99


def test_a_plain_name_is_that_metric_of_every_parameter():
    chosen = select(["nmad", "bias[q]"], "regression", METRICS.values())

    assert [metric.name for metric in chosen] == ["nmad[theta_E]", "nmad[q]", "bias[q]"]


def test_right_error_bars_cover_the_nominal_shares_at_all_three_levels():
    residual = np.random.default_rng(0).normal(0, 0.1, 50_000)

    assert measured("coverage_2", residual) == pytest.approx(0.9545, abs=0.004)
    assert measured("coverage_3", residual) == pytest.approx(0.9973, abs=0.001)
    assert measured("coverage_error", residual) == pytest.approx(0, abs=0.004)
    # without any residual everything is covered: (0.3173 + 0.0455 + 0.0027) / 3
    assert measured("coverage_error", 0 * residual) == pytest.approx(0.1218, abs=1e-4)


def test_likelihood_is_that_of_scipy_and_best_at_the_true_error():
    residual = np.random.default_rng(0).normal(0, 0.1, 5_000)

    assert measured("nll", residual, error=0.2) == pytest.approx(-norm.logpdf(residual, scale=0.2).mean())
    assert measured("nll", residual) < min(measured("nll", residual, error=error) for error in (0.05, 0.2))


def test_scatter_is_the_sigma_of_a_gaussian_wherever_it_lies():
    residual = np.random.default_rng(0).normal(0.4, 0.1, 50_000)

    assert measured("scatter", residual) == pytest.approx(0.1, rel=0.02)


def test_relative_error_is_in_units_of_the_truth():
    truth = {"id": np.arange(3), "q": np.array([0.5, -1.0, 2.0])}
    scores = ParameterScores({"q": np.array([0.6, -1.1, 2.1])}, {"q": np.full(3, 0.1)})
    (metric,) = select(["relative[q]"], "regression", METRICS.values())

    assert metric.value(scores, truth) == pytest.approx(0.1)  # the median of 0.2, 0.1 and 0.05


def test_the_metrics_that_grow_with_the_unit_of_their_parameter_are_shown_with_it():
    scores, truth = table(np.random.default_rng(0).normal(0.02, 0.1, 2000))
    finer = [{"theta_E": 1000 * values["theta_E"]} for values in (scores.means, scores.errors, truth)]
    own = {name: metric for name, metric in METRICS.items() if name.endswith("[theta_E]")}
    before = {name: metric.value(scores, truth) for name, metric in own.items()}
    after = {name: one.value(ParameterScores(*finer[:2]), truth | finer[2]) for name, one in own.items()}

    assert all(value != 0 for value in before.values())
    grown = {name for name in own if after[name] == pytest.approx(1000 * before[name], rel=1e-6)}
    assert grown == {name for name in own if metric_unit(name, HEADS) == "arcsec"}
