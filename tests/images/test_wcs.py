"""Pixel scales agree with astropy's WCS, and a broken WCS costs nothing but the scale."""

import math
from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import pixel_to_skycoord, proj_plane_pixel_area
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from zoo_core.images import read
from zoo_core.images.source import FileSource
from zoo_core.images.wcs import centre_on_sky, pixel_scale, unit

TAN = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"}
STEP = 0.1 / 3600


unhurried = settings(deadline=None, max_examples=50)  # a busy machine is no failure


def rotation(angle: float, parity: int = -1) -> tuple[float, ...]:
    cos, sin = math.cos(angle), math.sin(angle)
    return (parity * cos, -sin, parity * sin, cos)


def header(**cards: object) -> fits.Header:
    return fits.Header(TAN | cards)


def matrix(name: str, elements: tuple[float, ...], factor: float = 1.0) -> dict[str, float]:
    return {f"{name}{i}_{j}": factor * x for (i, j), x in zip(((1, 1), (1, 2), (2, 1), (2, 2)), elements, strict=True)}


def astropy_scale(cards: fits.Header) -> float:
    return math.sqrt(proj_plane_pixel_area(WCS(cards))) * 3600


@unhurried
@given(angle=st.floats(0, 6.28), step=st.floats(1e-7, 1e-2), parity=st.sampled_from([1, -1]))
def test_the_scale_of_any_rotated_wcs_is_that_of_astropy(angle, step, parity):
    rotated = rotation(angle, parity)
    by_cd = header(**matrix("CD", rotated, step))
    by_pc = header(CDELT1=step, CDELT2=step, **matrix("PC", rotated))
    by_crota = header(CDELT1=-step, CDELT2=step, CROTA2=math.degrees(angle))

    for cards in (by_cd, by_pc, by_crota):
        assert pixel_scale(cards) == pytest.approx(astropy_scale(cards), rel=1e-9)


@unhurried
@given(present=st.sets(st.sampled_from(["CD1_1", "CD2_2", "PC1_1", "PC2_2", "CDELT1", "CDELT2"])))
def test_incomplete_and_doubled_matrices_are_taken_as_astropy_takes_them(present):
    values = {"CD1_1": -STEP, "CD2_2": STEP, "PC1_1": -1.0, "PC2_2": 1.0, "CDELT1": STEP, "CDELT2": STEP}
    cards = header(**{key: values[key] for key in sorted(present)})
    scale = pixel_scale(cards)
    assume(scale is not None)

    assert scale == pytest.approx(astropy_scale(cards), rel=1e-9)


@pytest.mark.parametrize(("unit_name", "factor"), [("deg", 1.0), ("arcsec", 3600.0), ("rad", math.pi / 180)])
def test_the_unit_of_the_axes_counts(unit_name, factor):
    cards = header(CUNIT1=unit_name, CUNIT2=unit_name, CDELT1=-STEP * factor, CDELT2=STEP * factor)

    assert pixel_scale(cards) == pytest.approx(0.1, rel=1e-9)


def test_bologna_headers_have_their_scale_in_degrees_although_ra_and_dec_are_radians():
    degrees = 2.7777774714293e-05  # imageEUC_VIS-100002.fits of the Bologna challenge, FACTS 1.9
    cards = header(CDELT1=-degrees, CDELT2=degrees, CD1_1=-degrees, CD2_2=degrees, CUNIT1="deg", CUNIT2="deg")
    cards["RA"], cards["DEC"] = -0.000421521941791019, -0.00128076675538848

    assert pixel_scale(cards) == pytest.approx(0.1, rel=1e-6)


@pytest.mark.parametrize(
    "cards",
    [
        {},
        {"CD1_1": 0.0, "CD2_2": STEP},
        {"CD1_1": "north", "CD2_2": "east"},
        {"CDELT1": STEP, "CDELT2": 2 * STEP},
        {"CTYPE1": "FREQ", "CDELT1": STEP, "CDELT2": STEP},
        {"CUNIT1": "Hz", "CDELT1": STEP, "CDELT2": STEP},
    ],
    ids=["no steps", "singular", "text", "oblong", "spectral", "wrong unit"],
)
def test_there_is_no_scale_where_the_header_does_not_give_one(cards):
    assert pixel_scale(header(**cards)) is None


@pytest.mark.parametrize("key", ["PIXSCALE", "SECPIX"])
def test_a_scale_stated_in_arcsec_is_taken_where_there_is_no_wcs(key):
    assert pixel_scale(fits.Header({key: 0.05})) == 0.05
    assert pixel_scale(fits.Header({key: -1})) is None


def test_the_unit_is_spelled_as_in_the_file():
    assert unit(fits.Header({"BUNIT": " ELECTRONS/S "})) == "ELECTRONS/S"
    assert unit(fits.Header({"BUNIT": "  "})) is None


@pytest.mark.parametrize("broken", ["CD1_1   = 1.2.3.4", "CD1_1   = 'no end", "CTYPE1  = \x7f", "CUNIT1  = 17"])
def test_a_broken_wcs_costs_the_scale_and_not_the_pixels(write_fits, image, broken, recwarn):
    path = write_fits(("SCI", image), **TAN, CD1_1=-STEP, CD2_2=STEP, CUNIT1="deg")
    with Path(path).open("rb+") as stream:
        stored = stream.read()
        start = stored.index(broken[:10].encode())
        stream.seek(start)
        stream.write(broken.ljust(80).encode("latin-1"))

    raw = read(FileSource(path), n_bands=1)

    np.testing.assert_array_equal(raw.pixels[0], image)
    assert raw.pixel_scale is None
    assert not recwarn.list


@pytest.mark.parametrize("types", [("ra---tan", "dec--tan"), ("RA", "DEC"), ("Dec", "Ra"), (" GLON-CAR", "GLAT-CAR")])
def test_types_of_the_sky_are_known_as_they_are_spelled(types):
    cards = {"CTYPE1": types[0], "CTYPE2": types[1], "CDELT1": -STEP, "CDELT2": STEP}
    assert pixel_scale(cards) == pytest.approx(0.1)
    assert pixel_scale({**cards, "CTYPE1": "RAINFALL"}) is None


@pytest.mark.parametrize(("spelled", "step"), [("arcsecs", 0.1), ("Arcmins", 0.1 / 60), ("degs", STEP)])
def test_units_in_the_plural_are_units(spelled, step):
    assert pixel_scale(header(CDELT1=-step, CDELT2=step, CUNIT1=spelled, CUNIT2=spelled)) == pytest.approx(0.1)


@pytest.mark.parametrize("spelled", ["deg", "degree", "degrees", "DEGREE", "Degrees "])
def test_degrees_are_degrees_however_they_are_spelled(spelled):
    cards = header(CDELT1=-STEP, CDELT2=STEP, CUNIT1=spelled, CUNIT2=spelled)

    assert pixel_scale(cards) == pytest.approx(0.1, rel=1e-9)


def test_steps_in_degrees_are_a_scale_though_no_axis_has_a_type():
    cards = fits.Header({"CDELT1": -STEP, "CDELT2": STEP, "CUNIT1": "deg", "CUNIT2": "deg"})

    assert pixel_scale(cards) == pytest.approx(0.1, rel=1e-9)


@pytest.mark.parametrize("unit", [{}, {"CUNIT1": "m", "CUNIT2": "m"}, {"CUNIT1": "deg"}], ids=str)
def test_steps_without_a_type_and_without_an_angle_are_none(unit):
    assert pixel_scale(fits.Header({"CDELT1": -STEP, "CDELT2": STEP} | unit)) is None


def test_a_lower_case_exponent_is_a_number(tmp_path):
    angle = 0.7
    cards = header(**matrix("CD", rotation(angle), 0.5 / 3600))
    fits.writeto(tmp_path / "a.fits", np.zeros((9, 9), np.float32), cards)
    written = (tmp_path / "a.fits").read_bytes()
    lowered = written.replace(b"E-05", b"e-05")
    assert lowered != written
    (tmp_path / "a.fits").write_bytes(lowered)

    assert read(FileSource(str(tmp_path / "a.fits")), n_bands=1).pixel_scale == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize("broken", ["CD1_2", "CD2_1"])
def test_a_matrix_of_which_one_number_cannot_be_read_gives_no_scale(broken):
    cards = header(**matrix("CD", rotation(0.6), STEP))
    cards[broken] = "1.5x-5"

    assert pixel_scale(cards) is None


def test_a_matrix_without_steps_is_in_degrees():
    cards = header(**matrix("PC", rotation(0.6), STEP))

    assert pixel_scale(cards) == pytest.approx(astropy_scale(cards)) == pytest.approx(0.1)


@pytest.mark.parametrize(("second", "scale"), [(0.1, 0.1), (0.2, None), (-0.1, None)])
@pytest.mark.parametrize("key", ["SECPIX", "PIXSCAL"])
def test_a_scale_stated_for_each_axis_is_taken_where_both_agree(key, second, scale):
    assert pixel_scale(fits.Header({f"{key}1": 0.1, f"{key}2": second})) == scale


@pytest.mark.parametrize(
    "cards",
    [
        {},
        {"CRVAL2": 89.9999, "CRPIX1": -400.0},
        {"CRVAL1": 359.9999},
        {"CD1_2": STEP / 3, "CD2_1": STEP / 5},
        {"CTYPE1": "RA---SIN", "CTYPE2": "DEC--SIN"},
        {"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN"},
        {"RADESYS": "FK4", "EQUINOX": 1950.0},
    ],
)
def test_the_centre_of_an_image_is_where_astropy_puts_it(cards):
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 12.3, "CRVAL2": -45.6})
    header.update({"CRPIX1": 30.0, "CRPIX2": 10.0, "CD1_1": -STEP, "CD2_2": STEP, **cards})

    found = SkyCoord(*centre_on_sky(header, (40, 70)), unit="deg")

    expected = pixel_to_skycoord(34.5, 19.5, WCS(header)).icrs
    assert found.separation(expected).arcsec < 1e-6


def test_an_image_without_position_has_no_centre_on_the_sky():
    assert centre_on_sky({}, (5, 5)) is None
    assert centre_on_sky({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 1.0}, (5, 5)) is None
    assert centre_on_sky({"CUNIT1": "arcsec", "CUNIT2": "arcsec"}, (5, 5)) is None
    scale = {**TAN, "CRPIX1": 3.0, "CRPIX2": 3.0, "CDELT1": -STEP, "CDELT2": STEP}
    assert centre_on_sky(scale | {"CRVAL1": 0.0, "CRVAL2": 0.0}, (5, 5)) is None  # a stamp that states its scale alone
    assert centre_on_sky(scale | {"CRVAL1": 0.0, "CRVAL2": 2.0}, (5, 5)) == pytest.approx((0.0, 2.0))
