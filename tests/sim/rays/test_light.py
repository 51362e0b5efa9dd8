"""Surface brightness against its own definition: totals, half-light radii, waves."""

import numpy as np
import pytest
import torch

from zoo_core.sim.frame import CutoutFrame
from zoo_core.sim.rays.light import Profiles, brightness, sersic_b
from zoo_core.sim.rays.render import render
from zoo_core.sim.rays.scene import LENS, RING, SERSIC, Profile, Scenes
from zoo_core.sim.sky.galaxy import light_table


def on_ellipses(one: np.ndarray, radii: np.ndarray, angles: np.ndarray, pixel: float = 0.0) -> np.ndarray:
    """Brightness at elliptical radii and azimuths in the plane of the disc, shape (radii, angles)."""
    q, phi = one["q"][0], one["phi"][0]
    u, v = radii[:, None] * np.cos(angles) / np.sqrt(q), radii[:, None] * np.sin(angles) * np.sqrt(q)
    x, y = u * np.cos(phi) - v * np.sin(phi) + one["x"], u * np.sin(phi) + v * np.cos(phi) + one["y"]
    x, y = torch.as_tensor(x)[None], torch.as_tensor(y)[None]
    return brightness(Profiles.of(one, x), x, y, pixel)[0].numpy()


def flux_within(one: np.ndarray, radius: float) -> float:
    nodes, weights = np.polynomial.legendre.leggauss(200)
    s = (nodes + 1) / 2
    radii = s**6 * radius  # the sixth power resolves the cusp of the steepest profile
    profile = on_ellipses(one, radii, np.linspace(0, 2 * np.pi, 24, endpoint=False)).mean(1)
    return (profile * 2 * np.pi * radii * 6 * s**5 * radius * weights / 2).sum()


@pytest.mark.parametrize("n", [0.5, 1.0, 2.5, 4.0, 6.0])
@pytest.mark.parametrize("q", [0.2, 1.0])
def test_half_of_a_sersic_profile_is_within_its_half_light_ellipse(light, n, q):
    galaxy = light(n=n, q=q, phi=0.4, R=0.7, flux=3.0, x=0.2, y=-0.1)
    assert flux_within(galaxy, 0.7) == pytest.approx(1.5, rel=1e-6)


@pytest.mark.parametrize("n", [0.5, 1.0, 2.5, 4.0, 6.0])
def test_a_sersic_profile_holds_its_total_flux(light, n):
    assert flux_within(light(n=n, flux=3.0, R=0.7), 1e4) == pytest.approx(3.0, rel=1e-5)


@pytest.mark.parametrize("width", [0.05, 0.2, 0.6])
def test_a_ring_holds_its_total_flux_and_is_brightest_on_its_crest(light, width):
    ring = light(profile=RING, n=width, R=0.8, q=0.6, phi=1.0, flux=2.0)
    assert flux_within(ring, 8.0) == pytest.approx(2.0, rel=1e-4)  # few of the nodes fall on the thinnest ring
    profile = on_ellipses(ring, np.array([0.7, 0.8, 0.9]), np.zeros(1))[:, 0]
    assert profile.argmax() == 1


def test_sersic_b_is_near_the_usual_approximation():
    n = np.linspace(0.5, 6, 50)
    np.testing.assert_allclose(sersic_b(n), 1.9992 * n - 0.3271, atol=0.022)  # its stated error at n = 0.5


@pytest.mark.parametrize("arms", [1, 2, 5])
def test_arms_keep_the_mean_of_every_ellipse_and_swing_by_their_contrast(light, arms):
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    disc = {"q": 0.5, "phi": 0.3, "R": 0.8, "x": 0.1}
    plain = on_ellipses(light(**disc), np.array([0.4, 0.8, 1.6]), angles)
    waves = on_ellipses(
        light(**disc, arms=arms, contrast=0.6, winding=3.0, phase=1.0), np.array([0.4, 0.8, 1.6]), angles
    )
    ratio = waves / plain
    np.testing.assert_allclose(ratio.mean(1), 1, atol=1e-6)
    np.testing.assert_allclose([ratio.min(1), ratio.max(1)], [[0.4] * 3, [1.6] * 3], atol=1e-3)


def test_arms_trail_by_the_logarithm_of_the_radius(light):
    spiral = light(R=0.8, arms=2, contrast=0.5, winding=2.0, phase=0.6)
    radii = np.array([0.4, 0.8, 1.6])
    crests = 0.6 / 2 + 2.0 * np.log(radii / 0.8)
    ratio = on_ellipses(spiral, radii, crests) / on_ellipses(light(R=0.8), radii, crests)
    np.testing.assert_allclose(ratio.diagonal(), 1.5, rtol=1e-6)


def test_arms_finer_than_a_pixel_are_averaged_out(light):
    angles = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    spiral = light(arms=2, contrast=1.0, winding=4.0)
    close_in = on_ellipses(spiral, np.array([0.01]), angles, pixel=0.05) / on_ellipses(
        light(), np.array([0.01]), angles
    )
    far_out = on_ellipses(spiral, np.array([1.0]), angles, pixel=0.05) / on_ellipses(light(), np.array([1.0]), angles)
    assert np.ptp(close_in) < 1e-6
    assert np.ptp(far_out) > 1.9


def test_a_mixture_of_kinds_is_each_kind_by_itself(light):
    mixture = np.concatenate([light(n=4.0), light(profile=RING, n=0.2), light(arms=3, contrast=0.4)])
    axis = torch.linspace(-1, 1, 15, dtype=torch.float64)
    parts = [Profiles.of(rows, axis) for rows in (mixture, *np.split(mixture, 3))]
    together, *alone = (brightness(part, axis[None, None, :], axis[None, :, None]) for part in parts)
    torch.testing.assert_close(together, torch.cat(alone))


def test_the_crest_of_a_thin_trail_is_bright_in_either_precision():
    """Far longer than the frame and a tenth of an arcsec thin, its radius is a difference of large numbers."""
    x, y, phi, q = 39.4233896469799, 45.34321662590201, 0.9083290896065526, 0.00017801608041545833
    trail = Scenes(np.zeros(1, LENS), light_table([[Profile(False, SERSIC, 7.5e5, x, y, 5.3, 0.5, q, phi)]]))
    single, double = (
        render(trail, CutoutFrame(101, 0.1), oversample=2, dtype=dtype).foreground
        for dtype in (torch.float32, torch.float64)
    )
    assert bool(single.isfinite().all())
    torch.testing.assert_close(single.double(), double, rtol=0, atol=0.03 * float(double.max()))
