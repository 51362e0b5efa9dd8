"""The light of a lens galaxy is taken away, by its profile or by its colour, and its arcs stay."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import zoo_core as zoo
from zoo_core.errors import ArgumentError, UnknownNameError
from zoo_core.fit.ica import arcs_by_colour
from zoo_core.fit.sersic_light import fit_sersic

SIDE = 61
Y, X = np.indices((SIDE, SIDE)) - (SIDE - 1) / 2
RADIUS = np.hypot(X, Y)


def galaxy(n=3.0, R=7.0, x=0.6, y=-0.4, q=0.75, brightness=8.0, oversample=5):
    """A Sersic profile averaged over pixels, its half-light radius preserving the area, (H, W)."""
    steps = (np.arange(oversample) - (oversample - 1) / 2) / oversample
    total = np.zeros((SIDE, SIDE))
    for dx in steps:
        for dy in steps:
            r = np.sqrt(q * (X + dx - x) ** 2 + (Y + dy - y) ** 2 / q)
            total += np.exp(-(2 * n - 1 / 3) * ((r / R) ** (1 / n) - 1))
    return brightness * total / oversample**2


def ring(brightness=6.0):
    """Two arcs about the middle, which no ellipse with the same axes all around follows."""
    return brightness * np.exp(-((RADIUS - 14) ** 2) / 4) * (1 + np.cos(np.arctan2(Y, X) - 0.7)) / 2


def noise(seed):
    return np.random.default_rng(seed).normal(size=(SIDE, SIDE))


def test_the_profile_of_a_galaxy_alone_comes_back():
    found = fit_sersic(galaxy() + noise(0))
    parameters = found.parameters
    assert parameters["n"] == pytest.approx(3.0, abs=0.5)
    assert np.exp(parameters["log_R"]) == pytest.approx(7.0, rel=0.1)
    assert (parameters["x"], parameters["y"]) == pytest.approx((0.6, -0.4), abs=0.1)
    q = (1 - parameters["e1"]) / (1 + parameters["e1"])
    assert q == pytest.approx(0.75, abs=0.04) and abs(parameters["e2"]) < 0.02


def test_through_a_psf_it_is_that_of_the_galaxy_before():
    psf = np.zeros((15, 15))
    psf[7, 7] = 1
    psf = gaussian_filter(psf, 1.5)
    blurred = gaussian_filter(galaxy(n=1.5, R=4.0), 1.5) + noise(1)
    with_psf, without = fit_sersic(blurred, psf), fit_sersic(blurred)
    assert np.exp(with_psf.parameters["log_R"]) == pytest.approx(4.0, rel=0.06)
    assert np.exp(without.parameters["log_R"]) > 1.05 * np.exp(with_psf.parameters["log_R"])


def test_arcs_beside_it_hardly_change_the_profile_and_are_what_is_left():
    light, arcs = galaxy(), ring()
    left = light + arcs + noise(2) - fit_sersic(light + arcs + noise(2)).light
    assert (left * arcs).sum() / (arcs**2).sum() == pytest.approx(1, abs=0.12)
    near = RADIUS < 8
    assert abs((left - arcs)[near].sum()) < 0.02 * light[near].sum()


@pytest.mark.parametrize("turned", [False, True])
def test_colours_tell_the_lens_from_its_arcs_without_any_start(turned):
    light, arcs = galaxy(), ring()
    shares = ((0.5, 1.0), (1.0, 0.6), (1.3, 0.4))
    bands = np.stack([a * light + b * arcs + noise(seed) for seed, (a, b) in enumerate(shares)])

    for count in (2, 3):
        found = arcs_by_colour(bands[:count][::-1] if turned else bands[:count])
        strength = (found.image * arcs).sum() / (arcs**2).sum()
        expected = 0.7 if count == 2 else 0.87  # 1 - 0.6 / 2 of two bands: the rest has the colour of the lens
        assert strength == pytest.approx(expected, abs=0.06)
        near = RADIUS < 6
        assert abs((found.image - strength * arcs)[near].sum()) < 0.03 * bands[0][near].sum()


def test_what_is_too_faint_stays_as_it_is_and_is_not_believed():
    image = np.stack([noise(6), noise(7)])
    found = arcs_by_colour(image)
    np.testing.assert_array_equal(found.image, image[0])
    assert found.reason == "too few pixels are bright enough to tell colours"


def test_a_profile_is_believed_where_it_is_that_of_the_galaxy_in_the_middle():
    light = galaxy() + ring()
    beside = np.roll(galaxy(brightness=40.0), 12, axis=1)
    two = galaxy(x=-3.5, R=2.0, brightness=300.0) + galaxy(x=3.5, R=2.0, brightness=300.0)

    good, elsewhere, none = (fit_sersic(image + noise(3)) for image in (light, beside, two))

    assert good.reason == "" and good.chi_square < 2
    assert elsewhere.reason == "the Sersic profile is that of another object, 13 pixels from the middle"
    assert none.reason.startswith("the Sersic profile does not fit: it leaves chi^2 per degree of freedom of ")


def test_what_cannot_work_is_said():
    with pytest.raises(ArgumentError, match="VIS is one band, it takes two"):
        zoo.deblender("ica")
    with pytest.raises(UnknownNameError, match=r"no deblender is called 'sersik'; did you mean sersic\?"):
        zoo.deblender("sersik")
    with pytest.raises(ArgumentError, match=r"has the shape \(4, 4\); it is an image of odd sides"):
        zoo.deblender("sersic", psf=np.ones((4, 4)))
    with pytest.raises(ArgumentError, match="goes with sersic"):
        zoo.deblender("ica", ("g", "i"), psf=np.ones((3, 3)))
