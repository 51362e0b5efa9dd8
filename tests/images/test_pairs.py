"""Bands in separate files."""

import numpy as np
import pytest
from astropy.io import fits

from zoo_core.errors import ArgumentError, ImageReadError, ImageShapeError, PixelScaleError
from zoo_core.images import Beside, find_sources, read

TAN = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"}


def scale(arcsec: float) -> dict[str, object]:
    return TAN | {"CD1_1": -arcsec / 3600, "CD2_2": arcsec / 3600}


def test_files_are_paired_by_what_the_star_matches(tmp_path, write_fits, image):
    for name in ("J1", "J2"):
        for shift, band in enumerate("gri"):
            write_fits(image + shift, name=f"{name}_{band}.fits")

    rows = list(find_sources(bands={band: f"{tmp_path}/*_{band}.fits" for band in "irg"}))

    assert [row.id for row in rows] == ["J1", "J2"]
    assert rows[0].key == f"{tmp_path}/J1_i.fits"
    np.testing.assert_array_equal(read(rows[1], n_bands=3).pixels, [image + 2, image + 1, image])


def test_patterns_are_looked_up_in_the_folder_that_is_named_and_may_hold_folders(tmp_path, write_fits, image):
    for i, band in enumerate("RIGU"):
        write_fits(image + i, name=f"Band{i + 1}/imageSDSS_{band}-100002.fits")
    patterns = {band: f"Band{i + 1}/imageSDSS_{band}-*.fits" for i, band in enumerate("RIGU")}

    (row,) = find_sources(tmp_path, bands=patterns)

    assert row.id == "100002"
    np.testing.assert_array_equal(read(row, n_bands=4).pixels[3], image + 3)


def test_brackets_in_a_pattern_are_letters_and_not_a_choice(tmp_path, write_fits, image):
    write_fits(image, name="a[r].fits")
    write_fits(image, name="ar.fits")

    assert [row.id for row in find_sources(tmp_path, bands={"r": "*[r].fits"})] == ["a"]


@pytest.mark.parametrize("layers", [("SCI_R", "SCI_I"), ("1", "2")], ids=["names", "numbers"])
@pytest.mark.parametrize("pattern, id", [("*.fits", "J1"), ("J1.fits", "J1")], ids=["star", "file"])
def test_bands_may_be_layers_of_one_file(tmp_path, image, layers, pattern, id):
    planes = [fits.ImageHDU(image + shift, name=name) for shift, name in enumerate(["SCI_R", "SCI_I"])]
    fits.HDUList([fits.PrimaryHDU(), *planes]).writeto(tmp_path / "J1.fits")
    bands = {band: f"{pattern}[{layer}]" for band, layer in zip("ri", layers, strict=True)}

    (row,) = find_sources(tmp_path, bands=bands)

    assert row.id == id and row.key == f"{tmp_path}/J1.fits[{layers[0]}]"
    np.testing.assert_array_equal(read(row, n_bands=2).pixels, [image, image + 1])


def test_a_layer_of_a_band_comes_before_that_of_all(tmp_path, image):
    planes = [fits.ImageHDU(image + shift, name=name) for shift, name in enumerate(["SCI", "SCI_I"])]
    fits.HDUList([fits.PrimaryHDU(), *planes]).writeto(tmp_path / "J1.fits")

    (row,) = find_sources(tmp_path, bands={"r": "*.fits", "i": "*.fits[SCI_I]"}, ext="SCI")

    np.testing.assert_array_equal(read(row, n_bands=2).pixels, [image, image + 1])


def test_a_layer_that_is_not_there_is_a_row_that_names_it(tmp_path, write_fits, image):
    write_fits(image, name="J1.fits")

    (row,) = find_sources(tmp_path, bands={"r": "*.fits[0]", "i": "*.fits[SCI_I]"})

    with pytest.raises(ImageShapeError, match=r"J1\.fits: no image is called 'SCI_I'"):
        read(row, n_bands=2)


def test_a_missing_partner_is_a_row_that_names_the_file(tmp_path, write_fits, image):
    write_fits(image, name="J1_r.fits")
    write_fits(image, name="J2_i.fits")

    first, second = find_sources(tmp_path, bands={"r": "*_r.fits", "i": "*_i.fits"})

    with pytest.raises(ImageReadError, match=r"J1_i\.fits: no such file"):
        read(first, n_bands=2)
    with pytest.raises(ImageReadError, match=r"J2_r\.fits: no such file"):
        read(second, n_bands=2)


def test_bands_of_different_size_are_refused(tmp_path, write_fits, image):
    write_fits(image, name="a_r.fits")
    write_fits(image[:10], name="a_i.fits")

    with pytest.raises(ImageShapeError, match="band r is 20 x 24 pixels, band i 20 x 10"):
        read(*find_sources(tmp_path, bands={"r": "*_r.fits", "i": "*_i.fits"}), n_bands=2)


def test_bands_of_different_pixel_scale_are_refused(tmp_path, write_fits, image):
    write_fits(image, name="a_r.fits", **scale(0.1))
    write_fits(image, name="a_i.fits", **scale(0.2))

    with pytest.raises(PixelScaleError, match=r'band r has 0.1" a pixel, band i 0.2"'):
        read(*find_sources(tmp_path, bands={"r": "*_r.fits", "i": "*_i.fits"}), n_bands=2)


def test_a_band_too_few_is_refused(tmp_path, write_fits, image):
    write_fits(image, name="a_r.fits")

    with pytest.raises(ImageShapeError, match=r"1 bands \(r\), not 2"):
        read(*find_sources(tmp_path, bands={"r": "*_r.fits"}), n_bands=2)


def test_what_is_bad_in_one_band_is_bad(tmp_path, write_fits, image):
    for band, bad in (("r", 3), ("i", 7)):
        mask = np.zeros(image.shape, np.uint8)
        mask[bad] = 1
        write_fits(("SCI", image), ("DQ", mask), name=f"a_{band}.fits")

    (row,) = find_sources(tmp_path, bands={"r": "*_r.fits", "i": "*_i.fits"}, ext="SCI", beside=Beside(mask="DQ"))

    mask = read(row, n_bands=2).mask
    assert mask is not None and np.flatnonzero(mask.all(axis=1)).tolist() == [3, 7]


def test_patterns_that_match_nothing_are_an_error(tmp_path):
    with pytest.raises(ImageReadError, match=r"no file matches .*_r\.fits or .*_i\.fits"):
        list(find_sources(tmp_path, bands={"r": "*_r.fits", "i": "*_i.fits"}))


def test_patterns_need_the_same_stars(tmp_path):
    with pytest.raises(ArgumentError, match=r"the same number of \*"):
        list(find_sources(tmp_path, bands={"r": "*_r.fits", "i": "i.fits"}))


@pytest.mark.parametrize("options", [{"stack": True}, {"ext": "all"}, {"from_file": "list.txt"}], ids=str)
def test_bands_exclude_what_makes_several_rows_of_a_file(tmp_path, options):
    with pytest.raises(ArgumentError, match="not with --stack, --ext all or --from-file"):
        find_sources(bands={"r": "*_r.fits"}, **options)


@pytest.mark.parametrize("shift", [0.0, 0.1, 20.0])
def test_bands_that_lie_elsewhere_on_the_sky_are_refused(tmp_path, write_fits, image, shift):
    write_fits(image, name="a_r.fits", **scale(0.2), CRVAL1=30.0, CRVAL2=10.0, CRPIX1=9.0, CRPIX2=9.0)
    write_fits(image, name="a_i.fits", **scale(0.2), CRVAL1=30.0, CRVAL2=10.0, CRPIX1=9.0 + shift, CRPIX2=9.0)
    (row,) = find_sources(tmp_path, bands={"r": "*_r.fits", "i": "*_i.fits"})

    if shift < 0.2:
        assert read(row, n_bands=2).pixels.shape == (2, *image.shape)
        return
    with pytest.raises(ImageShapeError, match="band i lies 20 pixels from band r by their WCS"):
        read(row, n_bands=2)
