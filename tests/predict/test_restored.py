"""Restored images as files: what they are called, and what their headers say."""

from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from torch import nn

import zoo_core as zoo
from zoo_core.errors import ArgumentError
from zoo_core.images.source import FileSource
from zoo_core.predict.images import SourceImages
from zoo_core.predict.outputs import Outputs

from ..tiny_models import SIZE

SCALE = 0.05  # arcsec
STAR = 20, 27  # row and column


@pytest.fixture
def restorer(tiny):
    """Resamples to 0.1 arcsec, changes nothing else, and keeps the unit of the image."""
    resampling = ({"op": "resample", "pixel_scale": 2 * SCALE}, {"op": "frame", "size": SIZE})
    return replace(tiny("restoration", operations=resampling), network=nn.Identity(), heads=zoo.Heads())


def stamp(unit="nJy"):
    """40 x 40 pixels of noise with a star of one pixel and a bad pixel, and a header."""
    pixels = np.random.default_rng(0).normal(size=(40, 40)).astype(np.float32)
    pixels[STAR], pixels[4:6, 6:8] = 1000, np.nan
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [150.1, 2.2], [19.0, 22.0]
    wcs.wcs.cdelt = [-SCALE / 3600, SCALE / 3600]
    header = wcs.to_header()
    header["BUNIT"] = unit
    return fits.PrimaryHDU(pixels, header)


def test_a_restored_file_says_where_it_is_what_it_is_and_what_was_not_measured(restorer, tmp_path):
    stamp().writeto(tmp_path / "a.b.fits.gz")
    (row,) = restorer.predict(tmp_path / "a.b.fits.gz", out_dir=tmp_path / "restored")
    assert row["output"] == str(tmp_path / "restored" / "a.b.fits")
    with fits.open(row["output"]) as (layer,):
        image, header = layer.data, layer.header
    seen = np.unravel_index(np.nanargmax(image), image.shape)
    there, was = WCS(header).pixel_to_world_values(*seen[::-1]), WCS(stamp().header).pixel_to_world_values(*STAR[::-1])
    assert np.abs(np.subtract(there, was)).max() * 3600 <= 0.5 * SCALE * 1.01  # its pixel begins with that one
    assert header["BUNIT"] == "nJy" and image.shape == (SIZE, SIZE)
    assert header["MODEL"] == "tiny.test" and header["WEIGHTS"] == "0" * 64 and header["ZOOVERS"]
    history = "".join(header["HISTORY"])
    assert (
        str(tmp_path / "a.b.fits.gz") in history and "2 times as large, from 0.05 to 0.1 arcsec, flux kept" in history
    )
    unseen = np.ones((SIZE, SIZE), bool)
    unseen[2:22, 2:22] = False  # 20 x 20 pixels in the middle of 25 x 25
    unseen[4, 5] = True  # the bad pixels
    assert np.array_equal(np.isnan(image), unseen) and f"{unseen.sum()} pixels were not measured" in history


def test_what_was_observed_is_copied_from_the_image_or_its_file(restorer, tmp_path):
    hdu = stamp()
    hdu.header.update({"FILTER": "F814W", "EXPTIME": 1200.0, "GAIN": 2.5})
    primary = fits.PrimaryHDU()
    primary.header.update({"OBJECT": "SDSS J0946+1006", "DATE-OBS": "2006-11-03", "FILTER": "CLEAR"})
    fits.HDUList([primary, fits.ImageHDU(hdu.data, hdu.header, name="SCI")]).writeto(tmp_path / "a.fits")
    (row,) = restorer.predict(tmp_path / "a.fits", out_dir=tmp_path / "restored")
    header = fits.getheader(row["output"])
    observed = {name: header[name] for name in ("OBJECT", "DATE-OBS", "FILTER", "EXPTIME")}
    assert observed == {
        "OBJECT": "SDSS J0946+1006",
        "DATE-OBS": "2006-11-03",
        "FILTER": "F814W",
        "EXPTIME": 1200.0,
    }
    assert "GAIN" not in header and header["BUNIT"] == "nJy"  # the noise is another now


def test_brightness_of_the_surface_stays_where_pixels_grow(restorer, tmp_path):
    for name, unit in (
        ("per_pixel", "electron/s"),
        ("per_area", "MJy/sr"),
        ("unknown", "ADU per something"),
        ("magnitudes", "mag(AB)"),
    ):
        hdu = stamp(unit)
        hdu.data[:] = 3.0 + 0.01 * hdu.data
        hdu.writeto(tmp_path / f"{name}.fits")
    table = restorer.predict(tmp_path / "*.fits", out_dir=tmp_path / "restored")
    medians = {row["id"]: np.nanmedian(fits.getdata(row["output"])) for row in table}
    assert medians == pytest.approx({"per_pixel": 12, "per_area": 3, "unknown": 12, "magnitudes": 12}, rel=0.01)


def test_a_scale_that_was_given_counts_and_the_header_does_not(restorer, tmp_path):
    stamp().writeto(tmp_path / "a.fits")
    hdu = stamp()
    (given,) = restorer.predict(tmp_path / "a.fits", pixel_scale=0.2, out_dir=tmp_path / "given")
    (held,) = restorer.predict(hdu, out_dir=tmp_path / "held")
    (array,) = restorer.predict(hdu.data[None, None], pixel_scale=0.05, out_dir=tmp_path / "array")
    headers = [fits.getheader(row["output"]) for row in (given, held, array)]
    assert "CTYPE1" not in headers[0] and headers[0]["PIXSCALE"] == pytest.approx(0.1)
    assert headers[1]["CTYPE1"] == "RA---TAN" and headers[1]["BUNIT"] == "nJy"
    assert headers[2]["PIXSCALE"] == pytest.approx(0.1) and array["output"].endswith("array_0.fits")


def test_a_cutout_of_a_mosaic_keeps_its_place(restorer, tmp_path):
    stamp().writeto(tmp_path / "tile.fits")
    (tmp_path / "objects.csv").write_text("id,x,y\nours,27,20\n")
    mosaic = zoo.Mosaic(tmp_path / "objects.csv", tmp_path / "tile.fits", cutout=1.0)
    (row,) = restorer.predict(mosaic, out_dir=tmp_path / "restored")
    assert row["output"] == str(tmp_path / "restored" / "tile_0.fits")
    with fits.open(row["output"]) as (layer,):
        seen = np.unravel_index(np.nanargmax(layer.data), layer.data.shape)
        there = WCS(layer.header).pixel_to_world_values(*seen[::-1])
    was = WCS(stamp().header).pixel_to_world_values(*STAR[::-1])
    assert np.abs(np.subtract(there, was)).max() * 3600 <= 0.5 * SCALE * 1.01


def test_the_row_says_where_only_the_middle_of_an_image_is_restored(tiny, tmp_path):
    for side in (SIZE, 3 * SIZE):
        fits.writeto(tmp_path / f"{side}.fits", np.random.default_rng(1).normal(size=(side, side)).astype(np.float32))

    rows = tiny("restoration").predict(tmp_path, out_dir=tmp_path / "restored")

    said = {row["id"]: row["message"] or "" for row in rows.filled("")}
    assert f"only the middle {SIZE} x {SIZE} of {3 * SIZE} x {3 * SIZE} pixels" in said[f"{3 * SIZE}"]
    assert "middle" not in said[f"{SIZE}"]


def outputs(*names):
    found = Outputs.of(Path("out"), SourceImages([FileSource(name) for name in names], ("VIS",)))
    return [found.file(name).as_posix() for name in names]


@pytest.mark.parametrize(
    "names, files",
    [
        (["a.fits.gz"], ["out/a.fits"]),
        (["SDSSJ0252+0039_F814W.fits"], ["out/SDSSJ0252+0039_F814W.fits"]),
        (["/x/y/a.fits", "/x/y/b c.npy"], ["out/a.fits", "out/b_c.fits"]),
        (["/x/y/a.fits", "/x/z/a.fits"], ["out/y/a.fits", "out/z/a.fits"]),
        (["/x/y.d/a.fits", "/x/y.d2/a.fits"], ["out/y.d/a.fits", "out/y.d2/a.fits"]),
        (["x/a.fits", "x-y/a.fits", "x/b/a.fits"], ["out/x/a.fits", "out/x-y/a.fits", "out/x/b/a.fits"]),
        (["s3://bucket/t/a.fits"], ["out/a.fits"]),
        (["../a.fits", "b/a.fits"], ["out/a.fits", "out/b/a.fits"]),
    ],
)
def test_files_are_named_after_their_images(names, files):
    assert outputs(*names) == files


def test_images_that_would_share_a_name_do_not():
    assert len({*outputs("x/a.fits", "x/a.npy", "x/a b.fits", "x/a_b.fits", "x/$.fits", "x/€.fits", "x/c.fits")}) == 7
    assert outputs("x/a.fits", "x/a.npy", "x/c.fits")[2] == "out/c.fits"


def test_no_image_is_overwritten(restorer, tmp_path):
    stamp().writeto(tmp_path / "a.fits")
    before = (tmp_path / "a.fits").read_bytes()
    with pytest.raises(ArgumentError, match="would be written over an image; choose another folder"):
        restorer.predict(tmp_path / "a.fits", out_dir=tmp_path)
    assert (tmp_path / "a.fits").read_bytes() == before


@pytest.mark.parametrize(
    "wrong", [{}, {"out_dir": "restored", "batch_size": 0}, {"out_dir": "restored", "gallery": "top.doc"}]
)
def test_what_is_refused_leaves_no_folder(restorer, tmp_path, wrong):
    stamp().writeto(tmp_path / "a.fits")
    places = {key: tmp_path / value if isinstance(value, str) else value for key, value in wrong.items()}
    with pytest.raises(ArgumentError):
        restorer.predict(tmp_path / "a.fits", out=tmp_path / "table", **places)
    assert [path.name for path in tmp_path.iterdir()] == ["a.fits"]


def test_a_gallery_shows_each_image_before_and_after(tiny, tmp_path):
    stamp().writeto(tmp_path / "a.fits")
    bright = {}
    for name, gain in (("kept", 1.0), ("erased", 0.0)):
        model = replace(tiny("restoration", operations=({"op": "frame", "size": 40},)), heads=zoo.Heads())
        nn.init.constant_(model.network.gain, gain)
        model.predict(tmp_path / "a.fits", out_dir=tmp_path / name, gallery=tmp_path / f"{name}.png")
        picture = matplotlib.image.imread(tmp_path / f"{name}.png")[..., :3].mean(-1)
        _, columns = np.nonzero(picture[80:] > 0.9)  # below the title
        bright[name] = np.ptp(columns)
    assert bright["kept"] > 200 > bright["erased"]  # the star stands twice, or once
