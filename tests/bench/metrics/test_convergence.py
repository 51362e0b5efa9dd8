"""Metrics of maps of the convergence, on maps whose errors are known."""

import numpy as np
import pytest

from zoo_core.bench.metrics.convergence import convergence_metrics
from zoo_core.bench.metrics.mass_comparison import COLUMNS, compared_maps
from zoo_core.errors import DatasetError
from zoo_core.scores import ColumnScores, MassMaps

SIDE, N = 21, 4
METRICS = {metric.name: metric for metric in convergence_metrics()}


@pytest.fixture(scope="module")
def truth():
    y, x = np.indices((SIDE, SIDE)) - SIDE // 2
    kappa = 5 / np.maximum(np.hypot(x, y), 0.5) / 2
    log10_kappa = np.repeat(np.log10(kappa)[None, None], N, axis=0)
    log10_kappa[..., 0] = np.nan  # was not measured
    return MassMaps(log10_kappa, np.repeat((np.hypot(x, y) < 5)[None, None], N, axis=0))


def measured(found, sigma, truth):
    columns = {name: np.array(column) for name, column in compared_maps(found, sigma, truth).items()}
    assert set(columns) == set(COLUMNS) and all(np.isfinite(column).all() for column in columns.values())
    return {name: metric.value(ColumnScores(columns), {"id": np.arange(N)}) for name, metric in METRICS.items()}


def test_the_true_map_has_no_error(truth):
    values = measured(np.nan_to_num(truth.log10_kappa), np.full_like(truth.log10_kappa, 0.1), truth)
    assert [values[name] for name in ("kappa_error", "kappa_error_inside", "mass_error", "mass_bias")] == [0, 0, 0, 0]
    assert values["map_coverage"] == values["map_coverage_2"] == 1


def test_a_mass_sheet_of_a_tenth_more_is_a_tenth_of_the_mass(truth):
    values = measured(np.nan_to_num(truth.log10_kappa) + np.log10(1.1), None, truth)
    assert values["mass_error"] == pytest.approx(0.1) and values["mass_bias"] == pytest.approx(0.1)
    for name in ("kappa_error", "kappa_error_inside"):
        assert values[name] == pytest.approx(np.log10(1.1))
    assert values["map_coverage"] == 0  # no errors are stated


def test_errors_of_both_signs_are_no_bias_but_an_error(truth):
    signs = np.array([1, -1, 1, -1]).reshape(-1, 1, 1, 1)
    values = measured(np.log10(1 + 0.1 * signs) + np.nan_to_num(truth.log10_kappa), None, truth)
    assert values["mass_error"] == pytest.approx(0.1) and values["mass_bias"] == pytest.approx(0)


def test_right_errors_cover_what_they_should(truth):
    noise = np.random.default_rng(1).normal(size=(N, 1, SIDE, SIDE))
    values = measured(np.nan_to_num(truth.log10_kappa) + 0.05 * noise, np.full(noise.shape, 0.05), truth)
    assert values["map_coverage"] == pytest.approx(0.683, abs=0.03)
    assert values["map_coverage_2"] == pytest.approx(0.954, abs=0.02)


def test_maps_of_another_size_are_not_compared(truth):
    with pytest.raises(DatasetError, match=r"\(1, 20, 20\), the true ones \(1, 21, 21\)"):
        compared_maps(truth.log10_kappa[..., 1:, 1:], None, truth)
