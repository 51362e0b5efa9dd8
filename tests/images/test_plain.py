"""The fast way through plain FITS gives exactly what the way through astropy gives."""

import warnings
from io import BytesIO

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo_core.images.plain import open_plain
from zoo_core.images.wcs import pixel_scale, unit

WCS_VALUES = st.one_of(
    st.floats(1e-6, 1e-3),
    st.floats(-1e-3, -1e-6),
    st.integers(-2, 2),
    st.booleans(),
    st.sampled_from(["deg", "arcsec", "RA---TAN", "DEC--TAN", "GLON-CAR", "", "it''s", "nJy / beam"]),
)
WCS_KEYS = ["CTYPE1", "CTYPE2", "CUNIT1", "CUNIT2", "CDELT1", "CDELT2", "CD1_1", "CD1_2", "CD2_1", "CD2_2"]
WCS_KEYS += ["PC1_1", "PC1_2", "PC2_1", "PC2_2", "PIXSCALE", "SECPIX", "BUNIT"]


unhurried = settings(deadline=None, max_examples=50)  # a busy machine is no failure


def stored(pixels: np.ndarray, cards: dict[str, object]) -> bytes:
    hdu = fits.PrimaryHDU(pixels)
    hdu.header.update(cards)
    stream = BytesIO()
    hdu.writeto(stream)
    return stream.getvalue()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shape", [(5, 7), (3, 5, 7), (1, 2, 5, 7)])
def test_pixels_are_those_of_astropy(dtype, shape):
    pixels = np.random.default_rng(0).normal(size=shape).astype(dtype)

    opened = open_plain(BytesIO(stored(pixels, {})), "image.fits")

    assert opened is not None and opened.layers[0].shape == shape
    everything = tuple(slice(0, n) for n in shape)
    np.testing.assert_array_equal(opened.layers[0].read(everything), fits.getdata(BytesIO(stored(pixels, {}))))


@unhurried
@given(cards=st.dictionaries(st.sampled_from(WCS_KEYS), WCS_VALUES))
def test_keywords_are_those_of_astropy(cards):
    written = stored(np.zeros((2, 3), np.float32), cards)

    opened = open_plain(BytesIO(written), "image.fits")

    assert opened is not None
    ours, theirs = opened.layers[0].header, fits.getheader(BytesIO(written))
    assert [ours.get(key) for key in WCS_KEYS] == [theirs.get(key) for key in WCS_KEYS]
    assert (pixel_scale(ours), unit(ours)) == (pixel_scale(theirs), unit(theirs))


@unhurried
@given(card=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=70))
def test_a_card_of_any_text_has_no_other_number_than_in_astropy(card):
    written = stored(np.zeros((2, 3), np.float32), {"CD1_1": 1.5, "CTYPE1": "RA---TAN"})
    written = written.replace(b"CD1_1   =                  1.5".ljust(80), f"CD1_1   = {card}".ljust(80).encode())

    opened = open_plain(BytesIO(written), "image.fits")

    assert opened is not None
    ours = opened.layers[0].header.get("CD1_1")
    if isinstance(ours, int | float):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert ours == fits.getheader(BytesIO(written))["CD1_1"]


@pytest.mark.parametrize("number", ["1.5D-5", "-1.5E-05", "+.5", "3.", "17", "-0"])
def test_numbers_are_read_in_every_fits_notation(number):
    written = stored(np.zeros((2, 3), np.float32), {"CD1_1": 1.5})
    written = written.replace(b"CD1_1   =                  1.5", f"CD1_1   = {number:>20s}".encode())

    opened = open_plain(BytesIO(written), "image.fits")

    assert opened is not None
    assert opened.layers[0].header.get("CD1_1") == fits.getheader(BytesIO(written))["CD1_1"]


@pytest.mark.parametrize(
    "unusual",
    [
        fits.HDUList([fits.PrimaryHDU(np.zeros((4, 5), np.int16))]),
        fits.HDUList([fits.PrimaryHDU(np.zeros((4, 5), np.float32)), fits.ImageHDU(np.zeros((4, 5), np.float32))]),
        fits.HDUList([fits.PrimaryHDU(np.zeros(20, np.float32))]),
        fits.HDUList([fits.PrimaryHDU()]),
    ],
    ids=["integers", "two images", "a spectrum", "no pixels"],
)
def test_any_other_fits_file_is_left_to_astropy(unusual):
    stream = BytesIO()
    unusual.writeto(stream)

    assert open_plain(stream, "image.fits") is None


@pytest.mark.parametrize("card", ["BSCALE", "BZERO"])
def test_scaled_floats_are_left_to_astropy(card):
    written = stored(np.zeros((4, 5), np.float32), {"SCALE": 2.0})

    assert open_plain(BytesIO(written.replace(b"SCALE   ", card.ljust(8).encode())), "image.fits") is None
