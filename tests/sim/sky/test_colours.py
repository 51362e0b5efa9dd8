"""Lenses are red and sources blue for the most part, with exceptions, and a galaxy is one thing in all bands."""

import numpy as np
import pytest

from zoo_core.sim.cutouts import draw
from zoo_core.sim.ground import COLOURS, GROUND
from zoo_core.sim.rays.scene import POINT, RING, SERSIC, Profile
from zoo_core.sim.sky.colours import draw_spectrum, painted
from zoo_core.sim.sky.seds import Spectrum, Template

G = 2


@pytest.fixture(scope="module")
def lenses():
    return [draw(np.random.default_rng([3, i]), GROUND, is_lens=True) for i in range(30)]


def g_r(profile):
    return -2.5 * np.log10(max(profile.colours[G], 1e-9))


def test_every_profile_has_a_colour_in_every_band(lenses):
    others = [draw(np.random.default_rng([4, i]), GROUND, is_lens=False) for i in range(10)]
    for cutout in lenses + others:
        assert all(len(profile.colours) == 4 and profile.colours[0] == 1 for profile in cutout.profiles)
        assert len(cutout.other_bands) == 3


def test_lenses_are_redder_than_their_sources_in_most_cases_but_not_in_all(lenses):
    pairs = [
        (g_r(cutout.profiles[0]), g_r(max((one for one in cutout.profiles if one.lensed), key=lambda one: one.flux)))
        for cutout in lenses
    ]
    redder = np.mean([front > behind for front, behind in pairs])
    assert 0.7 < redder < 0.99


def profile(n=1.0, flux=1.0, arms=0, kind=SERSIC):
    return Profile(False, kind, flux, 0.0, 0.0, 1.0, n, 0.8, 0.0, arms)


def test_bulges_are_redder_than_discs_and_dust_takes_more_of_the_blue():
    parts = [profile(n=3.0), profile(), profile(n=3.0, arms=2), profile(n=0.1, kind=RING), profile(flux=-0.1)]
    bulge, disc, arm, ring, dust = painted(parts, Spectrum(Template.SCD, 0.3), COLOURS.bands)
    assert bulge.colours[G] < disc.colours[G] == arm.colours[G] == ring.colours[G] < dust.colours[G]


def test_colours_leave_the_flux_of_the_first_band_alone():
    (one,) = painted([profile(flux=7.0)], Spectrum(Template.IRREGULAR, 0.5), COLOURS.bands)
    assert one._replace(colours=()) == profile(flux=7.0) and one.colours[0] == 1


def test_points_are_stars():
    rng, host = np.random.default_rng(1), draw(np.random.default_rng(2), GROUND, is_lens=False).host
    points = [profile(kind=POINT)._replace(R=0.0) for _ in range(200)]
    done = [g_r(one) for one in COLOURS.completed(rng, points, host)]
    assert np.std(done) > 0.1 and -0.3 < min(done) < max(done) < 1.8


@pytest.mark.parametrize("z", [0.0, 4.0, 8.0])
@pytest.mark.parametrize("template", Template)
def test_galaxies_at_any_redshift_are_bright_enough_in_the_first_band(template, z):
    spectrum = draw_spectrum({template: 1.0}, z, np.random.default_rng(1))
    assert max(painted([profile()], spectrum, COLOURS.bands)[0].colours) < 30
