"""Lenses to be measured: a turned scene has turned parameters, and other pixels show the same sky."""

import numpy as np
import pytest
import torch

from zoo_core.datasets.simulated.modelling import HEADS, SYMMETRIES, lens_facts, parameters_of
from zoo_core.sim.cutouts import FRAME, TRUTH, draw, expose, facts
from zoo_core.sim.frame import CutoutFrame
from zoo_core.sim.modelling import BEHIND_BRIGHT, COMPACT, TELESCOPES, draw_compact_host, draw_even_host, ellipticity
from zoo_core.sim.sky.cosmology import isothermal_radius
from zoo_core.sim.sky.host import draw_host
from zoo_core.sim.tables import table
from zoo_core.symmetries import turned


def lens(seed, telescope="euclid"):
    """One whose light has no texture, which does not turn with the galaxy, and whose pixels are never full."""
    cutout = draw(np.random.default_rng(seed), TELESCOPES[telescope].distribution, is_lens=True)
    return cutout._replace(textures=(), full_wells=())


def quarter(place):
    return place._replace(x=-place.y, y=place.x, phi=place.phi + np.pi / 2)


def turned_scene(cutout):
    """The same sky, turned by a quarter from +x to +y."""
    host, psf = cutout.host, cutout.psf
    host = host._replace(
        phi=host.phi + np.pi / 2, gamma_1=-host.gamma_1, gamma_2=-host.gamma_2, light=quarter(host.light)
    )
    psf = psf._replace(phi=psf.phi + np.pi / 2, strut_phi=psf.strut_phi + np.pi / 2)
    return cutout._replace(host=host, psf=psf, profiles=[quarter(profile) for profile in cutout.profiles])


def parameters(cutout):
    return torch.from_numpy(parameters_of(lens_facts(table([facts(cutout)], TRUTH)), HEADS.parameters))


@pytest.mark.parametrize(("telescope", "seed"), [("euclid", 3), ("jwst", 4)])
def test_the_image_of_a_turned_lens_is_the_turned_image_and_so_are_its_parameters(telescope, seed):
    cutout, frame = lens(seed, telescope), TELESCOPES[telescope].frame
    upright, turn = (expose([scene], dtype=torch.float64, frame=frame) for scene in (cutout, turned_scene(cutout)))

    expected = torch.rot90(upright.arcs, -1, (1, 2))  # rows are y upwards: from +x to +y is the other way of NumPy's
    assert float((turn.arcs - expected).abs().max()) < 1e-4 * float(expected.max())
    # element 3 of D4 leads from +x to +y, as `images.augmentation.dihedral` counts its quarter turns
    again = turned(parameters(cutout), HEADS.parameters, SYMMETRIES, torch.tensor([3]))
    torch.testing.assert_close(parameters(turned_scene(cutout)), again, rtol=0, atol=1e-6)


def test_finer_pixels_show_the_same_light_in_their_own_noise():
    cutout = lens(2)
    coarse = expose([cutout], dtype=torch.float64)
    fine = expose([cutout], dtype=torch.float64, frame=CutoutFrame(2 * FRAME.side, FRAME.pixel_scale / 2))

    # the noise of a pixel is half as large, so that the same light is twice as many; edges differ by the PSF's wings
    assert float(fine.foreground.sum() / coarse.foreground.sum()) == pytest.approx(2, rel=0.01)
    pooled = fine.foreground.reshape(1, FRAME.side, 2, FRAME.side, 2).sum((2, 4)) / 2
    middle = (slice(None), slice(20, 80), slice(20, 80))
    # the core of the PSF, 0.1 arcsec, is sampled in steps of 0.05 and of 0.025
    assert float((pooled - coarse.foreground)[middle].abs().max()) < 0.03 * float(coarse.foreground.max())
    assert fine.truth["host_flux"] == pytest.approx(2 * coarse.truth["host_flux"])


@pytest.mark.parametrize(
    "name, fwhm, largest",
    [("hst", (0.07, 0.13), 3.0), ("jwst", (0.045, 0.16), COMPACT[1]), ("euclid", (0.06, 0.36), 3.0)],
)
def test_each_telescope_has_its_psf_and_a_frame_for_the_largest_ring(name, fwhm, largest):
    telescope = TELESCOPES[name]
    drawn = [draw(np.random.default_rng(i), telescope.distribution, is_lens=True) for i in range(30)]
    assert all(fwhm[0] <= cutout.psf.fwhm <= fwhm[1] and cutout.source for cutout in drawn)
    assert telescope.frame.half_width > 1.25 * largest


def test_large_einstein_radii_are_as_frequent_as_small_ones():
    population = TELESCOPES["hst"].distribution.population
    even, plain = (
        np.array([drawn(np.random.default_rng(i), population).theta_E for i in range(300)])
        for drawn in (draw_even_host, draw_host)
    )
    assert np.mean(even > 1.25) > 1.4 * np.mean(plain > 1.25)
    assert even.min() > 0.3 and even.max() < 3.0


def test_compact_lenses_are_even_in_velocity_dispersion_and_as_heavy_as_it_says():
    hosts = [draw_compact_host(np.random.default_rng(i), BEHIND_BRIGHT) for i in range(200)]
    theta_E = np.array([host.theta_E for host in hosts])
    radii = [isothermal_radius(host.sigma_v, host.z_l, host.z_s) for host in hosts]
    np.testing.assert_allclose(theta_E, radii, rtol=1e-9)
    assert COMPACT[0] < theta_E.min() < 0.15 and 1.5 < theta_E.max() < COMPACT[1]
    middle = np.mean(np.sqrt(COMPACT)) ** 2
    assert np.mean(theta_E < middle) == pytest.approx(0.5, abs=4 * 0.5 / 200**0.5)  # four standard errors


def test_hosts_of_compact_lenses_outshine_their_arcs_more_than_those_of_others():
    def outshone(name):
        telescope = TELESCOPES[name]
        drawn = [draw(np.random.default_rng(i), telescope.distribution, is_lens=True) for i in range(120)]
        drawn = [one for one in drawn if 0.4 < one.host.theta_E < 0.9][:25]
        return np.median(expose(drawn, frame=telescope.frame).truth["arc_contrast"])

    assert outshone("jwst") < 0.75 * outshone("hst")


def test_ellipticity_is_that_of_lenstronomy():
    from lenstronomy.Util.param_util import phi_q2_ellipticity

    for q, phi in ((0.3, 0.4), (0.8, 2.0), (0.99, -1.0)):
        np.testing.assert_allclose(ellipticity(np.array(q), np.array(phi)), phi_q2_ellipticity(phi, q), rtol=1e-12)
