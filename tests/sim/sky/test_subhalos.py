"""Subhalos against lenstronomy, and their numbers against the mass function."""

import numpy as np
import pytest
import torch
from astropy.cosmology import FlatLambdaCDM
from lenstronomy.Cosmo.lens_cosmo import LensCosmo
from lenstronomy.LensModel.lens_model import LensModel

from zoo_core.sim.sky.subhalos import TRUNCATION, MassFunction, deflection, draw_subhalos, einstein_radius

POPULATIONS = {
    "points": MassFunction(40, -0.9, nearest=0.25, surface_power=0.0),
    "truncated NFW": MassFunction(300, -1.9, extended=True),
}


def lenstronomy_deflection(halos: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    extended = halos["r_s"][0] > 0
    model = LensModel(["TNFW" if extended else "POINT_MASS"] * len(halos))
    build = truncated_nfw if extended else point
    return np.array(model.alpha(x.astype(float), y.astype(float), [build(halo) for halo in halos]))


def point(halo: np.void) -> dict[str, float]:
    return {"theta_E": halo["theta_E"], "center_x": halo["x"], "center_y": halo["y"]}


def truncated_nfw(halo: np.void) -> dict[str, float]:
    """The profile whose mass out to infinity is that of the point (Baltz et al. 2009, equation A.4)."""
    t = TRUNCATION
    scale = halo["theta_E"] ** 2 * (t**2 + 1) ** 2 / (t**2 * ((t**2 - 1) * np.log(t) + np.pi * t - (t**2 + 1)))
    shape = {"alpha_Rs": scale / halo["r_s"] * (1 + np.log(0.5)), "Rs": halo["r_s"], "r_trunc": t * halo["r_s"]}
    return shape | {"center_x": halo["x"], "center_y": halo["y"]}


def positions_away_from(halos: np.ndarray, nearest: float) -> tuple[np.ndarray, np.ndarray]:
    """Within the frame, exact in float32; closer to a point mass the rounding of the position itself shows."""
    x, y = np.random.default_rng(5).uniform(-1.6, 1.6, (2, 2000)).astype(np.float32)
    distance = np.hypot(x[:, None] - halos["x"], y[:, None] - halos["y"]).min(1)
    return x[distance > nearest], y[distance > nearest]


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-6), (torch.float32, 1e-5)])
@pytest.mark.parametrize("name", POPULATIONS)
def test_deflection_of_a_population_is_that_of_lenstronomy(name, dtype, tolerance):
    halos = draw_subhalos(np.random.default_rng(4), POPULATIONS[name])
    x, y = positions_away_from(halos, 0.005 if name == "truncated NFW" else 0.03)
    ours = torch.stack(deflection(halos, torch.as_tensor(x, dtype=dtype), torch.as_tensor(y, dtype=dtype)))
    assert len(x) > 200
    assert np.abs(ours.double().numpy() - lenstronomy_deflection(halos, x, y)).max() < tolerance


def test_deflection_on_a_row_and_a_column_is_that_on_the_full_grid():
    halos = draw_subhalos(np.random.default_rng(1), POPULATIONS["points"])
    axis = torch.linspace(-1.5, 1.5, 31, dtype=torch.float64)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    short = torch.stack(deflection(halos, axis[None, :], axis[:, None]))
    torch.testing.assert_close(short, torch.stack(deflection(halos, x, y)), rtol=1e-12, atol=0)


def test_deflection_is_finite_on_a_subhalo_itself():
    for population in POPULATIONS.values():
        halos = draw_subhalos(np.random.default_rng(1), population)[:3]
        x, y = (torch.as_tensor(halos[axis].astype(np.float32)) for axis in "xy")
        assert all(alpha.isfinite().all() for alpha in deflection(halos, x, y))


def test_far_away_a_truncated_nfw_deflects_as_a_point_of_its_mass():
    halo = draw_subhalos(np.random.default_rng(1), POPULATIONS["truncated NFW"])[:1]
    far = torch.tensor([1e4], dtype=torch.float64)  # arcsec; the mass outside r falls as r_t / r
    alpha, _ = deflection(halo, far, torch.zeros_like(far))
    assert alpha.item() == pytest.approx(float(halo["theta_E"][0]) ** 2 / 1e4, rel=1e-3)


def test_einstein_radius_is_that_of_lenstronomy():
    cosmology = LensCosmo(0.5, 1.0, cosmo=FlatLambdaCDM(H0=70, Om0=0.3))
    assert cosmology.mass_in_theta_E(einstein_radius(1e10)) == pytest.approx(1e10, rel=5e-4)  # their constants


@pytest.mark.parametrize("slope", [-0.9, -1.9])
def test_masses_follow_the_mass_function(slope):
    population = MassFunction(20_000, slope)
    mass = draw_subhalos(np.random.default_rng(2), population)["mass"]
    edges = np.array([1e6, 1e7, 1e8, 1e9, 1e10])
    shares = np.diff(edges ** (slope + 1)) / (edges[-1] ** (slope + 1) - edges[0] ** (slope + 1))
    counts = np.histogram(mass, edges)[0]
    assert (np.abs(counts - shares * len(mass)) < 5 * np.sqrt(shares * len(mass)) + 1).all()
    assert mass.mean() == pytest.approx(population.mean_mass, rel=0.2)  # heavy tail: 1e-2 and 1e-1 of scatter


def test_number_is_poisson():
    rng, population = np.random.default_rng(3), MassFunction(25, -0.9)
    counts = np.array([len(draw_subhalos(rng, population)) for _ in range(2000)])
    assert counts.mean() == pytest.approx(25, abs=0.5)  # 4 standard errors
    assert counts.var() == pytest.approx(25, rel=0.15)


def test_a_population_of_a_mass_has_that_mass_on_average():
    rng, population = np.random.default_rng(3), MassFunction(1, -0.9).of_mass(1e10)
    totals = [draw_subhalos(rng, population)["mass"].sum() for _ in range(4000)]
    assert np.mean(totals) == pytest.approx(1e10, rel=0.05)  # 0.6 of scatter over 63


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_distances_lie_in_the_field_and_follow_their_density(power):
    population = MassFunction(20_000, -0.9, nearest=0.25, farthest=2.0, surface_power=power)
    halos = draw_subhalos(np.random.default_rng(6), population)
    radius = np.hypot(halos["x"], halos["y"])
    expected = (1.0 ** (power + 1) - 0.25 ** (power + 1)) / (2.0 ** (power + 1) - 0.25 ** (power + 1))
    assert radius.min() >= 0.25 and radius.max() <= 2.0
    assert (radius < 1).mean() == pytest.approx(expected, abs=0.02)  # 5 standard errors
