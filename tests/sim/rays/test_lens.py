"""Deflection against lenstronomy and against identities of lensing theory."""

import numpy as np
import pytest
import torch
from lenstronomy.LensModel.lens_model import LensModel

from zoo_core.sim.rays.lens import convergence, deflection
from zoo_core.sim.rays.scene import LENS

SLOPES = [0.6, 0.8, 1.0, 1.2, 1.4]
AXIS_RATIOS = [0.2, 0.5, 0.9, 0.9999, 1 - 1e-7]


def random_lenses(q: float, slope: float, count: int = 12) -> np.ndarray:
    rng = np.random.default_rng(7)
    lenses = np.zeros(count, LENS)
    lenses["theta_E"], lenses["q"], lenses["slope"] = rng.uniform(0.3, 3, count), q, slope
    lenses["phi"] = rng.uniform(-4, 4, count)
    lenses["x"], lenses["y"] = rng.normal(0, 0.1, (2, count)).astype(np.float32)
    lenses["gamma_1"], lenses["gamma_2"] = rng.normal(0, 0.05, (2, count))
    return lenses


def random_positions(lenses: np.ndarray, nearest: float) -> tuple[np.ndarray, np.ndarray]:
    """From `nearest` to 6 arcsec of each lens, exact in float32, shape (lenses, 300)."""
    rng = np.random.default_rng(8)
    radius, angle = np.exp(rng.uniform(np.log(nearest), np.log(6), (len(lenses), 300))), rng.uniform(0, 7, (300,))
    x, y = lenses["x"][:, None] + radius * np.cos(angle), lenses["y"][:, None] + radius * np.sin(angle)
    return x.astype(np.float32), y.astype(np.float32)


def lenstronomy_deflection(lens: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    e = (1 - lens["q"]) / (1 + lens["q"])
    centre = {"center_x": lens["x"], "center_y": lens["y"]}
    ellipse = {"e1": e * np.cos(2 * lens["phi"]), "e2": e * np.sin(2 * lens["phi"])}
    power_law = {"theta_E": lens["theta_E"], "gamma": lens["slope"] + 1} | ellipse | centre
    shear = {"gamma1": lens["gamma_1"], "gamma2": lens["gamma_2"], "ra_0": lens["x"], "dec_0": lens["y"]}
    return LensModel(["EPL", "SHEAR"]).alpha(x.astype(float), y.astype(float), [power_law, shear])


def worst_difference(lenses: np.ndarray, x: np.ndarray, y: np.ndarray, dtype: torch.dtype) -> float:
    ours = deflection(lenses, torch.as_tensor(x, dtype=dtype), torch.as_tensor(y, dtype=dtype))
    theirs = [lenstronomy_deflection(*row) for row in zip(lenses, x, y, strict=True)]
    return np.abs(torch.stack(ours, dim=1).double().numpy() - np.array(theirs)).max()


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("q", AXIS_RATIOS)
def test_deflection_is_that_of_lenstronomy_in_double_precision(q, slope):
    lenses = random_lenses(q, slope)
    x, y = random_positions(lenses, nearest=1e-3)
    assert worst_difference(lenses, x, y, torch.float64) < 1e-6


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("q", AXIS_RATIOS)
def test_deflection_is_that_of_lenstronomy_in_single_precision(q, slope):
    lenses = random_lenses(q, slope)
    # closer in, the deflection of a steep lens grows so fast that the rounding of the position itself shows
    x, y = random_positions(lenses, nearest=0.03)
    assert worst_difference(lenses, x, y, torch.float32) < 1e-5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("q", [0.2, 0.7, 1.0])
def test_deflection_is_finite_at_the_very_centre(q, slope, dtype):
    lenses = random_lenses(q, slope)
    x, y = (torch.as_tensor(lenses[axis].copy(), dtype=dtype)[:, None] for axis in "xy")
    assert all(alpha.isfinite().all() for alpha in deflection(lenses, x, y))


def test_a_round_isothermal_lens_deflects_by_theta_E_everywhere(lens):
    x, y = torch.randn(2, 1, 100, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    alpha_x, alpha_y = deflection(lens(theta_E=1.3), x, y)
    # q = 1 is replaced by the nearest q that does not divide by zero
    torch.testing.assert_close(alpha_x, 1.3 * x / x.hypot(y), atol=1e-7, rtol=0)
    torch.testing.assert_close(alpha_y, 1.3 * y / x.hypot(y), atol=1e-7, rtol=0)


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("q", [0.3, 0.8])
def test_divergence_of_deflection_is_twice_convergence(q, slope):
    lenses, step = random_lenses(q, slope), 1e-5
    x, y = (torch.as_tensor(part, dtype=torch.float64) for part in random_positions(lenses, nearest=0.1))
    slope_x = (deflection(lenses, x + step, y)[0] - deflection(lenses, x - step, y)[0]) / (2 * step)
    slope_y = (deflection(lenses, x, y + step)[1] - deflection(lenses, x, y - step)[1]) / (2 * step)
    # central differences: the third derivative times step^2 / 6, and rounding over step
    torch.testing.assert_close(slope_x + slope_y, 2 * convergence(lenses, x, y), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("q", [0.4, 0.9])
def test_theta_E_is_the_radius_within_which_the_mean_convergence_is_one(lens, q, slope):
    theta_E = 1.4
    nodes, weights = np.polynomial.legendre.leggauss(60)
    s, angle = (nodes[:, None] + 1) / 2, np.arange(200) * 2 * np.pi / 200
    radius = s**4 * theta_E  # the fourth power tames the centre
    x, y = radius * np.cos(angle) / np.sqrt(q), radius * np.sin(angle) * np.sqrt(q)
    kappa = convergence(lens(theta_E=theta_E, q=q, slope=slope), torch.as_tensor(x)[None], torch.as_tensor(y)[None])
    mass = (kappa[0].numpy().mean(1) * weights / 2 * 2 * np.pi * radius[:, 0] * 4 * s[:, 0] ** 3 * theta_E).sum()
    assert np.sqrt(mass / np.pi) == pytest.approx(theta_E, rel=1e-6)


@pytest.mark.parametrize("q", [0.4, 0.7, 1.0])
def test_isothermal_critical_curve_encloses_pi_theta_E_squared(lens, q):
    step, one = 0.005, lens(theta_E=1.1, q=q, phi=0.7)
    axis = (torch.arange(800, dtype=torch.float64) - 399.5) * step
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    alpha_x, alpha_y = (alpha[0] for alpha in deflection(one, x[None], y[None]))
    xy, xx = torch.gradient(x - alpha_x, spacing=step)
    yy, yx = torch.gradient(y - alpha_y, spacing=step)
    inside = (xx * yy - xy * yx < 0).sum() * step**2
    assert inside.item() == pytest.approx(np.pi * 1.1**2, rel=0.01)  # the grid's step over the radius


def test_nothing_is_deflected_without_a_lens_not_even_by_its_shear(lens):
    x, y = torch.randn(2, 1, 50, generator=torch.Generator().manual_seed(1))
    alpha_x, alpha_y = deflection(lens(theta_E=0.0, gamma_1=0.1), x, y)
    assert not alpha_x.any() and not alpha_y.any()


def test_a_lens_deflects_the_same_alone_and_in_a_mixed_batch():
    lenses = np.concatenate([random_lenses(q, slope, 1) for q in (0.3, 0.9) for slope in (0.8, 1.0)])
    x, y = (torch.as_tensor(part, dtype=torch.float64) for part in random_positions(lenses, nearest=0.01))
    together = torch.stack(deflection(lenses, x, y))
    alone = [torch.stack(deflection(lenses[i : i + 1], x[i : i + 1], y[i : i + 1])) for i in range(len(lenses))]
    # the roundest lens of a batch gets the terms of the flattest one: the error of the series is all that differs
    torch.testing.assert_close(together, torch.cat(alone, dim=1), atol=1e-7, rtol=0)
