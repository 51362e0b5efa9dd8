"""Galaxies have the colours of their templates at their redshifts."""

import numpy as np
import pytest

from zoo_core.sim.sky.seds import ANGSTROMS, Spectrum, Template, colours, colours_of_star
from zoo_core.sim.telescope.bands import KIDS

BANDS = tuple(band.wavelengths for band in KIDS)
_, NEAR_INFRARED, G, U = range(4)


def magnitudes(spectrum):
    return -2.5 * np.log10(np.maximum(colours(spectrum, BANDS), 1e-9))


@pytest.mark.parametrize("template", Template)
def test_every_template_covers_its_wavelengths(template):
    assert len(template.value) == len(ANGSTROMS)
    assert colours(Spectrum(template, 0.3), BANDS)[0] == 1


def test_ellipticals_redden_until_their_break_has_left_the_band():
    # full templates of Coleman, Wu & Weedman in the same boxes have g - r = 0.77, 1.29, 1.67 at z = 0, 0.2, 0.4
    g_r = [magnitudes(Spectrum(Template.ELLIPTICAL, z))[G] for z in (0.0, 0.2, 0.4)]
    np.testing.assert_allclose(g_r, (0.77, 1.29, 1.67), atol=0.06)


def test_later_types_are_bluer():
    u_g = [magnitudes(Spectrum(template, 0.0))[U] - magnitudes(Spectrum(template, 0.0))[G] for template in Template]
    assert u_g[:4] == sorted(u_g[:4], reverse=True) and u_g[5] < u_g[4]


def test_dust_reddens_every_colour():
    clean, dusty = (magnitudes(Spectrum(Template.SCD, 0.5, A_V)) for A_V in (0.0, 0.5))
    assert dusty[U] - clean[U] > dusty[G] - clean[G] > 0.05 and dusty[NEAR_INFRARED] < clean[NEAR_INFRARED]


def test_light_beyond_the_lyman_limit_is_gone():
    near, far = (colours(Spectrum(Template.STARBURST_2, z), BANDS)[U] for z in (1.0, 3.4))
    assert far < 0.05 * near


def test_the_forest_absorbs_what_madau_says():
    bare = Spectrum(Template.STARBURST_2, 2.4)
    observed = 3800.0
    (_, narrow) = colours(bare, ((6000.0, 6010.0), (observed, observed + 1)))
    rest = np.array([observed, 6005.0]) / 3.4
    template = 10 ** (-0.4 * np.interp(np.log(rest), np.log(ANGSTROMS), Template.STARBURST_2.value))
    expected = template[0] / template[1] * np.exp(-0.0036 * (observed / 1216) ** 3.46)
    assert narrow == pytest.approx(expected, rel=2e-3)


def test_hot_stars_are_blue():
    cool, hot = (colours_of_star(temperature, BANDS) for temperature in (3500.0, 12000.0))
    assert cool[G] < 1 < hot[G] and cool[NEAR_INFRARED] > hot[NEAR_INFRARED]
