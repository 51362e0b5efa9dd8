"""Populations follow the distributions that they cite, and lenses do lens."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from zoo_core.sim.draws import choose
from zoo_core.sim.rays.lens import deflection
from zoo_core.sim.rays.scene import LENS
from zoo_core.sim.sky.cosmology import comoving_distance
from zoo_core.sim.sky.host import deflector, draw_host, draw_redshifts, draw_velocity_dispersion
from zoo_core.sim.sky.population import SHIFTED, TRAINING
from zoo_core.sim.sky.source import draw_source, magnification, source_plane

POPULATIONS = [TRAINING, SHIFTED]


@pytest.fixture(scope="module")
def hosts():
    return [draw_host(np.random.default_rng([1, i]), TRAINING) for i in range(600)]


def test_einstein_radii_stay_in_the_range_of_the_survey(hosts):
    radii = np.array([host.theta_E for host in hosts])
    assert radii.min() > 0.3 and radii.max() < 3.0
    assert 0.6 < np.median(radii) < 1.1  # Collett (2015): lenses that a space survey resolves peak near 0.8"


def test_dispersions_follow_choi_weighted_with_the_cross_section():
    rng = np.random.default_rng(3)
    drawn = [draw_velocity_dispersion(rng) for _ in range(4000)]
    sigma = np.linspace(50, 500, 2000)
    # phi(sigma) sigma^4 d sigma, the function of Choi, Park & Vogeley (2007) times the cross-section
    density = (sigma / 161) ** (2.32 - 1 + 4) * np.exp(-((sigma / 161) ** 2.67))
    cumulative = np.cumsum(density) / density.sum()
    assert kstest(drawn, lambda value: np.interp(value, sigma, cumulative)).pvalue > 0.01


def test_einstein_radius_is_that_of_an_isothermal_sphere(hosts):
    ratio = []
    for host in hosts:
        geometry = 1 - comoving_distance(host.z_l) / comoving_distance(host.z_s)
        ratio.append(np.log10(host.theta_E / (4 * np.pi * (host.sigma_v / 299792.458) ** 2 * geometry * 206264.806)))
    assert abs(np.mean(ratio)) < 0.05 and np.std(ratio) == pytest.approx(0.08, abs=0.015)


def test_sources_lie_behind_their_lenses():
    rng = np.random.default_rng(0)
    pairs = np.array([draw_redshifts(rng) for _ in range(200)])
    assert (pairs[:, 1] > pairs[:, 0] + 0.2).all()


def test_light_follows_mass(hosts):
    light_q, mass_q = (np.array(column) for column in zip(*((h.light.q, h.q) for h in hosts), strict=True))
    assert np.corrcoef(light_q, mass_q)[0, 1] > 0.5
    assert np.std([h.phi - h.light.phi for h in hosts]) == pytest.approx(0.15, abs=0.03)
    sizes, sigmas = np.log([h.light.R for h in hosts]), np.log([h.sigma_v for h in hosts])
    assert np.corrcoef(sizes, sigmas)[0, 1] > 0.2


@pytest.mark.parametrize("chosen", POPULATIONS)
def test_sources_are_magnified(chosen):
    for i in range(60):
        rng = np.random.default_rng([2, i])
        host = draw_host(rng, chosen)
        source = draw_source(rng, chosen, host)
        assert magnification(host, source.x, source.y, source.R) > 2.0


def test_rough_rays_agree_with_the_deflection_that_renders(hosts):
    x, y = np.meshgrid(np.linspace(-2, 2, 9), np.linspace(-2, 2, 9))
    for host in hosts[:20]:
        isothermal = host._replace(slope=1.0, light=host.light._replace(x=0.0, y=0.0))
        rough = source_plane(isothermal, x + 0.013, y - 0.017)
        rays = [torch.as_tensor(axis)[None] for axis in (x + 0.013, y - 0.017)]
        exact = deflection(np.array([deflector(isothermal)], dtype=LENS), *rays)
        for ours, ray, alpha in zip(rough, rays, exact, strict=True):
            np.testing.assert_allclose(ours, (ray - alpha)[0].numpy(), atol=1e-5)


def test_choice_has_the_frequencies_of_the_table():
    rng, table = np.random.default_rng(0), {"a": 3.0, "b": 1.0}
    drawn = [choose(rng, table) for _ in range(4000)]
    assert drawn.count("a") / 4000 == pytest.approx(0.75, abs=0.03)  # four standard deviations
