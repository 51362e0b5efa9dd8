"""Metrics of restored images, on images whose light is known."""

import numpy as np
import pytest

from zoo_core.bench.metrics.comparison import COLUMNS, compared
from zoo_core.bench.metrics.restoration import restoration_metrics
from zoo_core.errors import DatasetError
from zoo_core.scores import ColumnScores, NoiseFree

SIDE, N = 41, 6
METRICS = {metric.name: metric for metric in restoration_metrics()}


@pytest.fixture(scope="module")
def truth():
    y, x = np.indices((SIDE, SIDE)) - SIDE // 2
    galaxy = 100 * np.exp(-(x**2 + y**2) / 18)
    star = 60 * np.exp(-((x - 12) ** 2 + (y - 12) ** 2) / 2)
    arcs = 8 * np.exp(-((np.hypot(x, y) - 9) ** 2) / 2) * (x > 0)
    light, arcs = (np.repeat(image[None, None], N, axis=0) for image in (galaxy + star + arcs, arcs))
    at = np.arange(N)
    points, galaxies = (np.stack([at, at * 0 + row, at * 0 + row], 1) for row in (SIDE // 2 + 12, SIDE // 2))
    return NoiseFree(light, light, arcs, np.sqrt(1 + 0.02 * light), points, galaxies)


@pytest.fixture(scope="module")
def observed(truth):
    return truth.light + truth.sigma * np.random.default_rng(1).normal(size=truth.light.shape)


def measured(restored, observed, truth):
    columns = {name: np.array(values) for name, values in compared(restored, observed, truth).items()}
    facts = {"id": np.arange(N), "label": np.ones(N, int)}
    return {name: metric.value(ColumnScores(columns), facts) for name, metric in METRICS.items()}, columns


def test_the_truth_itself_has_no_error(observed, truth):
    values, columns = measured(truth.target, observed, truth)
    assert set(columns) == set(COLUMNS) and all(np.isfinite(column).all() for column in columns.values())
    assert values["ssim"] == pytest.approx(1) and values["psnr"] > 200
    for name in ("arc_flux_error", "point_flux_error", "galaxy_flux_error"):
        assert values[name] == 0
    assert values["chi2_excess"] < 0.05  # what was taken away is the noise


def test_the_image_as_it_was_gains_nothing(observed, truth):
    values, _ = measured(observed, observed, truth)
    assert values["snr_gain"] == pytest.approx(1)
    assert values["chi2_excess"] == pytest.approx(1)  # nothing was taken away
    rms = np.sqrt(np.mean((observed - truth.light) ** 2, axis=(1, 2, 3)))
    assert values["psnr"] == pytest.approx(np.mean(20 * np.log10(truth.light.max() / rms)))


def test_half_the_noise_is_twice_the_signal_to_noise(observed, truth):
    values, _ = measured((observed + truth.light) / 2, observed, truth)
    assert values["snr_gain"] == pytest.approx(2)


def test_a_flux_that_is_scaled_is_wrong_by_so_much(observed, truth):
    values, columns = measured(1.1 * truth.light, observed, truth)
    assert columns["points"].sum() == columns["galaxies"].sum() == N
    assert values["point_flux_error"] == pytest.approx(0.1) and values["galaxy_flux_error"] == pytest.approx(0.1)


def test_arcs_that_are_erased_have_lost_all_their_flux(observed, truth):
    values, columns = measured(truth.light - truth.arcs, observed, truth)
    np.testing.assert_allclose(columns["arc_flux"], 0, atol=1e-12)
    assert values["arc_flux_error"] == pytest.approx(1)


def test_what_was_not_measured_counts_nowhere(observed, truth):
    seen, wrong = observed.copy(), truth.light.copy()
    seen[..., :5], wrong[..., :5] = np.nan, 1e6
    values, _ = measured(wrong, seen, truth)
    assert values["psnr"] > 200 and values["arc_flux_error"] == 0


def test_images_of_another_size_are_not_compared(observed, truth):
    with pytest.raises(DatasetError, match=r"\(1, 40, 40\), the noise-free ones \(1, 41, 41\)"):
        compared(truth.light[..., 1:, 1:], observed, truth)
