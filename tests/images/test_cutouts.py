"""Cutouts of a mosaic at the positions of a catalogue."""

import gc
import tracemalloc

import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from zoo_core.errors import ArgumentError, ImageReadError, ImageShapeError, PixelScaleError
from zoo_core.images import Beside, find_cutouts, read

from .conftest import MOSAIC, POSITIONS, TAN, catalogue, central_pixels, sky_of


def test_a_cutout_is_centred_on_the_pixel_that_holds_the_position(tmp_path, mosaic):
    catalog = catalogue(tmp_path, x=POSITIONS[:, 0], y=POSITIONS[:, 1])

    assert central_pixels(catalog, mosaic) == [(20, 10), (41, 30), (70, 55)]


def test_positions_on_the_sky_give_the_pixels_of_astropy(tmp_path, mosaic):
    sky = sky_of(POSITIONS, mosaic)

    assert central_pixels(catalogue(tmp_path, RA=sky.ra.deg, Dec=sky.dec.deg), mosaic) == [(20, 10), (41, 30), (70, 55)]


def test_sextractor_counts_pixels_from_one(tmp_path, mosaic):
    catalog = catalogue(tmp_path, X_IMAGE=POSITIONS[:, 0] + 1, Y_IMAGE=POSITIONS[:, 1] + 1)

    assert central_pixels(catalog, mosaic) == [(20, 10), (41, 30), (70, 55)]


@pytest.mark.parametrize("name", ["positions.fits", "positions.ecsv"])
def test_units_of_the_columns_count(tmp_path, mosaic, name):
    sky = sky_of(POSITIONS, mosaic)
    catalog = catalogue(tmp_path, name, ra=sky.ra.to(units.rad), dec=sky.dec.to(units.arcmin))

    assert central_pixels(catalog, mosaic) == [(20, 10), (41, 30), (70, 55)]


def test_sexagesimal_positions_are_hours_and_degrees(tmp_path, mosaic):
    text = sky_of(POSITIONS, mosaic).to_string("hmsdms", sep=":", precision=4)
    catalog = catalogue(tmp_path, ra=[t.split()[0] for t in text], dec=[t.split()[1] for t in text])

    assert central_pixels(catalog, mosaic) == [(20, 10), (41, 30), (70, 55)]


def test_positions_on_the_sky_win_over_pixels_of_another_image(tmp_path, mosaic):
    sky = sky_of(POSITIONS, mosaic)
    catalog = catalogue(tmp_path, x=[1, 2, 3], y=[1, 2, 3], ra=sky.ra.deg, dec=sky.dec.deg)

    assert central_pixels(catalog, mosaic)[0] == (20, 10)


@pytest.mark.parametrize("size", [4, 5])
def test_the_centre_lies_within_half_a_pixel_of_the_position_for_odd_and_even_sizes(tmp_path, mosaic, size):
    positions = np.random.default_rng(0).uniform(10, 50, (40, 2))

    catalog = catalogue(tmp_path, x=positions[:, 0], y=positions[:, 1])

    corners = [read(source, n_bands=1).pixels[0, 0, 0] for source in find_cutouts(catalog, mosaic, pixels=size)]

    centres = np.stack([np.array(corners) % 80, np.array(corners) // 80], axis=1) + (size - 1) / 2
    assert np.abs(centres - positions).max() <= 0.5


def test_what_is_outside_the_mosaic_is_nan(tmp_path, mosaic):
    (source,) = find_cutouts(catalogue(tmp_path, x=[1], y=[58]), mosaic, pixels=7)

    pixels = read(source, n_bands=1).pixels[0]

    inside = np.zeros((7, 7), bool)
    inside[:5, 2:] = True
    np.testing.assert_array_equal(np.isfinite(pixels), inside)
    np.testing.assert_array_equal(pixels[:5, 2:], MOSAIC[55:60, 0:5])


def test_a_cutout_larger_than_the_mosaic_holds_all_of_it(tmp_path, mosaic):
    (source,) = find_cutouts(catalogue(tmp_path, x=[40], y=[30]), mosaic, pixels=101)

    pixels = read(source, n_bands=1).pixels[0]

    np.testing.assert_array_equal(pixels[20:80, 10:90], MOSAIC)


@pytest.mark.parametrize("position", [(-1, 10), (80, 10), (10, 60), (1e30, 10), (np.nan, 10), (-np.inf, 10)], ids=str)
def test_a_position_off_the_mosaic_is_a_row_that_says_so(tmp_path, mosaic, position):
    (source,) = find_cutouts(catalogue(tmp_path, x=[position[0]], y=[position[1]]), mosaic, pixels=7)

    with pytest.raises(ImageShapeError, match=r"is outside the image|is not on the mosaic"):
        read(source, n_bands=1)


@pytest.mark.parametrize("sky", [(237.4, 51.0), (57.4, 120.0), (np.nan, -51.0)], ids=str)
def test_a_position_that_the_projection_does_not_reach_is_a_row_that_says_so(tmp_path, mosaic, sky):
    (source,) = find_cutouts(catalogue(tmp_path, ra=[sky[0]], dec=[sky[1]]), mosaic, pixels=7)

    with pytest.raises(ImageShapeError, match="is not on the mosaic"):
        read(source, n_bands=1)


def test_a_size_in_arcsec_is_converted_by_the_header_or_by_the_scale_that_is_passed(tmp_path, mosaic):
    catalog = catalogue(tmp_path, x=[40], y=[30])

    (by_header,) = find_cutouts(catalog, mosaic, arcsec=1.5)
    (by_argument,) = find_cutouts(catalog, mosaic, arcsec=1.5, pixel_scale=0.3)

    assert (by_header.size, by_argument.size) == (15, 5)
    assert read(by_header, n_bands=1).pixel_scale == pytest.approx(0.1)


def test_a_size_in_arcsec_needs_a_pixel_scale(tmp_path, write_fits):
    catalog = catalogue(tmp_path, x=[40], y=[30])

    with pytest.raises(PixelScaleError, match="gives no pixel scale; pass --pixel-scale, or the size in pixels"):
        find_cutouts(catalog, write_fits(MOSAIC), arcsec=1.5)


@pytest.mark.parametrize("size", [{}, {"pixels": 7, "arcsec": 1.0}, {"pixels": 0}, {"arcsec": -1.0}], ids=str)
def test_exactly_one_size_is_needed(tmp_path, mosaic, size):
    with pytest.raises(ArgumentError, match="give one of the two, above 0"):
        find_cutouts(catalogue(tmp_path, x=[40], y=[30]), mosaic, **size)


def test_the_masks_of_a_mosaic_are_cut_with_it_and_bad_outside(tmp_path, write_fits):
    flags = np.zeros(MOSAIC.shape, np.uint8)
    flags[10, 1] = 1
    path = write_fits(("SCI", MOSAIC), ("DQ", flags))

    (source,) = find_cutouts(catalogue(tmp_path, x=[1], y=[10]), path, pixels=5, ext="SCI", beside=Beside(mask="DQ"))

    expected = np.zeros((5, 5), bool)
    expected[:, 0] = expected[2, 2] = True
    np.testing.assert_array_equal(read(source, n_bands=1).mask, expected)


def test_bands_of_a_mosaic_are_cut_at_the_same_pixels(tmp_path, mosaic, write_fits):
    tiles = {"r": mosaic, "i": write_fits(MOSAIC + 0.5, name="tile_i.fits", **TAN)}

    (source,) = find_cutouts(catalogue(tmp_path, x=[40], y=[30]), tiles, pixels=5)

    pixels = read(source, n_bands=2).pixels
    np.testing.assert_array_equal(pixels[1], pixels[0] + 0.5)


def test_compressed_mosaics_give_the_same_cutouts(tmp_path, mosaic):
    packed = str(tmp_path / "tile.fits.fz")
    compressed = fits.CompImageHDU(MOSAIC, fits.getheader(mosaic), compression_type="GZIP_1", tile_shape=(16, 16))
    fits.HDUList([fits.PrimaryHDU(), compressed]).writeto(packed)
    sky = sky_of(POSITIONS, mosaic)

    catalog = catalogue(tmp_path, RA=sky.ra.deg, Dec=sky.dec.deg)

    assert central_pixels(catalog, packed) == central_pixels(catalog, mosaic)


def test_a_mosaic_without_wcs_needs_pixels(tmp_path):
    np.save(tmp_path / "tile.npy", MOSAIC)

    with pytest.raises(ImageReadError, match="no WCS; RA and Dec need a mosaic in FITS that has one"):
        find_cutouts(catalogue(tmp_path, ra=[57.4], dec=[-51.0]), tmp_path / "tile.npy", pixels=5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such catalogue"),
        ("a,b\n1,2\n", "needs columns ra and dec .* or x and y; it has a, b"),
        ("x,y\nleft,right\n", "no row of column x holds a number"),
        ("\0\1\2", "cannot be read|needs columns"),
        ("", "catalogue is empty"),
        ("\n\n", "catalogue is empty"),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_an_error_at_once(tmp_path, mosaic, content, message):
    path = tmp_path / "positions.csv"
    if content is not None:
        path.write_text(content)

    with pytest.raises(ImageReadError, match=message):
        find_cutouts(path, mosaic, pixels=5)


def test_memory_holds_no_more_than_a_cutout_of_a_large_mosaic(tmp_path):
    header = fits.PrimaryHDU(np.zeros((1, 1), np.float32)).header
    header["NAXIS1"] = header["NAXIS2"] = 8000
    path = tmp_path / "mosaic.fits"
    with path.open("wb") as stream:
        stream.write(header.tostring().encode())
        stream.truncate(2880 * (2 + 4 * 8000**2 // 2880))  # 256 MB on paper, none on disk
    centres = np.random.default_rng(0).uniform(200, 7800, (8, 2))
    catalog = catalogue(tmp_path, x=centres[:, 0], y=centres[:, 1])
    sources = list(find_cutouts(catalog, path, pixels=101))
    gc.collect()
    tracemalloc.start()

    for source in sources:
        assert read(source, n_bands=1).pixels.shape == (1, 101, 101)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6  # bytes; a cutout takes 41 kB


def test_decimal_degrees_as_text_are_degrees(tmp_path, mosaic):
    sky = sky_of(POSITIONS, mosaic)
    texts = {"ra": [f"{a:.7f}" for a in sky.ra.deg], "dec": [f"{a:.7f}" for a in sky.dec.deg]}
    Table(texts).write(tmp_path / "a.fits")

    assert central_pixels(str(tmp_path / "a.fits"), mosaic) == [(20, 10), (41, 30), (70, 55)]


def test_a_position_on_which_the_distortions_do_not_converge_costs_that_row(tmp_path, write_fits):
    sip = TAN | {"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "A_ORDER": 3, "B_ORDER": 3}
    tile = write_fits(MOSAIC, name="sip.fits", **sip, A_3_0=1e-6, B_0_3=1e-6, A_1_2=2e-6)
    near = WCS(fits.getheader(tile)).pixel_to_world(20, 10)
    catalog = catalogue(tmp_path, id=["near", "far"], ra=[near.ra.deg, near.ra.deg + 3], dec=[near.dec.deg] * 2)

    good, far = find_cutouts(catalog, tile, pixels=7)

    assert read(good, n_bands=1).pixels[0, 3, 3] == 80 * 10 + 20
    with pytest.raises(ImageShapeError):
        read(far, n_bands=1)


def test_an_even_cutout_at_the_last_column_is_on_the_mosaic(tmp_path, mosaic):
    (corner,) = find_cutouts(catalogue(tmp_path, x=[79.0], y=[59.0]), mosaic, pixels=8)

    assert np.isfinite(read(corner, n_bands=1).pixels).sum() == 16


@pytest.mark.parametrize("shift", [0.0, 20.0])
def test_bands_are_never_cut_at_the_pixels_of_another(tmp_path, write_fits, shift):
    green = write_fits(MOSAIC, name="g.fits", **TAN)
    red = write_fits(MOSAIC, name="r.fits", **TAN | {"CRPIX1": TAN["CRPIX1"] + shift})
    sky = sky_of(POSITIONS[:1], green)
    catalog, bands = catalogue(tmp_path, ra=sky.ra.deg, dec=sky.dec.deg), {"g": green, "r": red}

    if not shift:
        assert len(list(find_cutouts(catalog, bands, pixels=7))) == 1
        return
    with pytest.raises(ImageShapeError, match="20 pixels from where"):
        find_cutouts(catalog, bands, pixels=7)


def test_objects_cost_a_hundred_bytes_and_become_sources_when_they_are_asked_for(tmp_path, mosaic):
    count = 20_000
    places = np.random.default_rng(0).uniform(0, 40, size=(2, count))
    found = find_cutouts(catalogue(tmp_path, id=range(count), x=places[0], y=places[1]), mosaic, pixels=5)

    held = sum(part.nbytes for part in (found.names, found.rows, found.tile, found.x, found.y))
    assert held < 100 * count
    assert found[7] == found[7 - count] == found[5:9][2]
    assert (found[7].id, found[7].row, found[7].x) == ("7", 7, places[0][7])
    with pytest.raises(IndexError):
        found[count]
