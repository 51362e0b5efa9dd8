"""Where prepared pixels lie on those that were read, and on the sky."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from zoo_core.images.grid import Grid, header_on
from zoo_core.images.preprocess import Preprocess

TURN = np.radians(20)
MATRIX = 0.05 / 3600 * np.array([[-np.cos(TURN), np.sin(TURN)], [np.sin(TURN), np.cos(TURN)]])
TAN = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.1, "CRVAL2": 2.2, "CRPIX1": 20.5, "CRPIX2": 23.0}
CD = {f"CD{i + 1}_{j + 1}": MATRIX[i, j] for i in (0, 1) for j in (0, 1)}
PC = {f"PC{i + 1}_{j + 1}": MATRIX[i, j] for i in (0, 1) for j in (0, 1)}
SIP = TAN | CD | {"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "A_ORDER": 2, "B_ORDER": 2, "A_2_0": 2e-4}
SIP |= {"A_1_1": -1e-4, "B_0_2": 3e-4}
HEADERS = {
    "CD": TAN | CD,
    "PC alone": TAN | PC,
    "PC and CDELT": TAN | PC | {"CDELT1": 2.0, "CDELT2": 2.0},
    "CDELT and CROTA": TAN | {"CDELT1": -1e-5, "CDELT2": 1e-5, "CROTA2": 30.0},
    "galactic, arcsec": TAN | CD | {"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN"},
    "SIP": SIP,
}


def places(declared, shape, scale=None):
    """Column and row on the image that was read, of the centre of each prepared pixel that was measured; its grid."""
    rows, columns = np.indices(shape, dtype=np.float32)
    preprocess = Preprocess.from_operations([*declared, {"op": "frame", "size": 24}], ["x", "y"])
    prepared = preprocess.prepare_array(np.stack([columns, rows]), scale)
    measured = np.ones((24, 24), bool) if prepared.measured is None else prepared.measured[0]
    return prepared.pixels / prepared.grid.flux, measured, prepared.grid


@pytest.mark.parametrize("shape", [(60, 60), (51, 62), (24, 24), (17, 30)])
@pytest.mark.parametrize(
    "declared, scale",
    [
        ([], None),
        ([{"op": "resample", "pixel_scale": 0.1}], 0.05),
        ([{"op": "resample", "pixel_scale": 0.1}], 0.17),
        ([{"op": "resample", "pixel_scale": 0.1}], 0.1005),  # within a percent: it stays as it is
        ([{"op": "bin", "factor": 2}], None),
    ],
)
def test_a_grid_says_where_each_pixel_was(declared, scale, shape):
    found, measured, grid = places(declared, shape, scale)
    rows, columns = np.indices((24, 24))
    for image, first, index in ((found[0], grid.left, columns), (found[1], grid.top, rows)):
        expected = first + grid.step * (index + 0.5) - 0.5
        well_inside = measured & (expected > 2) & (expected < min(shape) - 3)  # the spline is mirrored at the border
        np.testing.assert_allclose(image[well_inside], expected[well_inside], atol=0.01)


def test_a_border_that_was_not_measured_moves_the_grid():
    image = np.random.default_rng(0).normal(size=(1, 40, 40)).astype(np.float32)
    image[:, :6], image[:, -6:] = np.nan, np.nan
    prepared = Preprocess.from_operations([{"op": "frame", "size": 24}], ["VIS"]).prepare_array(image)
    assert prepared.grid == Grid(left=8.0, top=8.0)
    np.testing.assert_array_equal(prepared.pixels[0], image[0, 8:32, 8:32])


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_follows_its_pixels(name):
    header, grid = fits.Header(HEADERS[name]), Grid(left=3.5, top=-2.0, step=1.7)
    adapted = WCS(fits.Header(header_on(grid, header, corner=(4, 9))))
    x, y = np.array([0.0, 10.0, 3.0]), np.array([0.0, 2.0, 11.0])
    before = [4 + grid.left + grid.step * (x + 0.5) - 0.5, 9 + grid.top + grid.step * (y + 0.5) - 0.5]
    expected, found = WCS(header).all_pix2world(*before, 0), adapted.all_pix2world(x, y, 0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)  # degrees


@pytest.mark.parametrize(
    "change", [{"CD1_1": "unknown"}, {"CTYPE1": "RA---TAB", "CTYPE2": "DEC--TAB"}, {"CTYPE1": "VELO"}]
)
def test_a_header_that_cannot_follow_is_left_out(change):
    assert header_on(Grid(step=2.0), HEADERS["CD"] | change) == {}
    assert header_on(Grid(step=2.0), {"PIXSCALE": 0.1}) == {}


def test_values_take_the_unit_that_was_read():
    resampled, binned = Grid().resampled((40, 40), 2.0), Grid().binned((40, 40), 2)
    assert resampled.to_unit(per_area=False) == 1 and resampled.to_unit(per_area=True) == 0.25
    assert binned.to_unit(per_area=False) == 4 and binned.to_unit(per_area=True) == 1
