"""Images that astropy users hold: what a model says of them is what it says of the plain pixels."""

import re
import sys
from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
import torch
from astropy.io import fits
from astropy.nddata import CCDData, Cutout2D, NDData, NDDataRef, StdDevUncertainty
from astropy.table import Table
from astropy.utils.masked import Masked
from astropy.wcs import WCS

from zoo_core.errors import ArgumentError, ImageError, ImageReadError, ImageShapeError

from ..tiny_models import SIZE

SIDE = 2 * SIZE
SCALE = 0.1


@pytest.fixture
def resampling(model):
    """Trained at 0.05 arcsec: what is known to have other pixels is resampled."""
    return replace(model, preprocess=replace(model.preprocess, trained_at=0.05))


def galaxy(side: int = SIDE, seed: int = 0) -> np.ndarray:
    y, x = np.indices((side, side)) - (side - 1) / 2
    noise = np.random.default_rng(seed).normal(size=(side, side))
    return (20 * np.exp(-np.hypot(x, 2 * y) / 4) + noise).astype(np.float32)


def on_sky(scale: float = SCALE) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [150.0, 60.0], [25.0, 25.0]
    wcs.wcs.cdelt = [-scale / 3600, scale / 3600]
    return wcs


def masked() -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[4:9, 30:40] = True
    return mask


def header() -> fits.Header:
    return on_sky().to_header()


IMAGE = galaxy()
BLANKED = np.where(masked(), np.float32(np.nan), IMAGE)
HELD = {
    "NDData": (NDData(IMAGE, mask=masked(), wcs=on_sky()), BLANKED),
    "CCDData": (CCDData(IMAGE, unit="adu", mask=masked(), wcs=on_sky()), BLANKED),
    "with an uncertainty": (
        CCDData(IMAGE, unit="nJy", wcs=on_sky(), uncertainty=StdDevUncertainty(np.full_like(IMAGE, 9))),
        IMAGE,
    ),
    "a mask of integers": (NDData(IMAGE, mask=masked().astype(int), wcs=on_sky()), BLANKED),
    "a scale in the meta": (NDData(IMAGE, meta={"PIXSCALE": SCALE}), IMAGE),
    "a Quantity in NDData": (NDData(IMAGE * u.nJy, wcs=on_sky()), IMAGE),
    "sliced NDData": (NDDataRef(np.pad(IMAGE, 7), wcs=on_sky())[7:-7, 7:-7], IMAGE),
    "Cutout2D": (Cutout2D(np.pad(IMAGE, 7), (SIDE / 2 + 6.5,) * 2, SIDE, wcs=on_sky()), IMAGE),
    "PrimaryHDU": (fits.PrimaryHDU(IMAGE, header()), IMAGE),
    "ImageHDU": (fits.ImageHDU(IMAGE, header()), IMAGE),
    "CompImageHDU": (fits.CompImageHDU(IMAGE, header(), compression_type="GZIP_1", quantize_level=0), IMAGE),
    "HDUList": (fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(IMAGE, header()), fits.BinTableHDU()]), IMAGE),
    "a cube of one plane": (fits.PrimaryHDU(IMAGE[None, None], header()), IMAGE),
}


@pytest.mark.parametrize("name", HELD)
def test_an_object_of_astropy_is_its_pixels_its_mask_and_its_pixel_scale(resampling, name):
    one, pixels = HELD[name]
    expected = resampling(pixels[None, None], pixel_scale=SCALE).probabilities
    torch.testing.assert_close(resampling(one).probabilities, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(resampling([one, one]).probabilities[1:], expected, rtol=0, atol=1e-6)
    rows = resampling.predict(one)
    assert rows["id", "path", "status"].as_array().tolist() == [("0", "inputs[0]", "ok")]
    assert rows["p_lens"][0] == pytest.approx(expected[0, 1].item(), abs=1e-6)
    assert resampling.predict(one, pixel_scale=0.05)["p_lens"][0] == pytest.approx(
        resampling(pixels[None, None], pixel_scale=0.05).probabilities[0, 1].item(), abs=1e-6
    )


@pytest.mark.parametrize("masked_array", [np.ma.masked_array, lambda pixels, mask: Masked(pixels, mask=mask)])
def test_masked_arrays_are_blank_where_they_are_masked(model, masked_array):
    given = masked_array(np.stack([IMAGE, IMAGE])[:, None], np.stack([masked(), masked()])[:, None])
    plain = np.stack([BLANKED, BLANKED])[:, None]
    torch.testing.assert_close(model(given).logits, model(plain).logits, rtol=0, atol=0)
    assert model.predict(given)["message"][0] == model.predict(plain)["message"][0] == "50 pixels blank"
    prepared = model.preprocess.prepared(given)
    torch.testing.assert_close(prepared, model.preprocess.prepared(plain), rtol=0, atol=0)


@pytest.mark.parametrize("unit", [u.nJy, u.adu, u.dimensionless_unscaled, u.mJy / u.arcsec**2])
def test_the_unit_of_a_quantity_is_left_as_it_is(model, unit):
    plain = IMAGE[None, None]
    torch.testing.assert_close(model(plain * unit).logits, model(plain).logits, rtol=0, atol=0)
    masked_quantity = Masked(plain * unit, mask=masked()[None, None])
    torch.testing.assert_close(model(masked_quantity).logits, model(BLANKED[None, None]).logits, rtol=0, atol=0)
    assert model.predict([IMAGE * unit])["p_lens"][0] == model.predict(plain)["p_lens"][0]


def test_blank_integers_of_an_hdu_are_blank(model):
    counts = (100 * IMAGE).astype(np.int32)
    counts[4:9, 30:40] = -999
    hdu = fits.PrimaryHDU(counts)
    hdu.header["BLANK"] = -999
    plain = np.where(counts == -999, np.nan, counts)[None, None]
    torch.testing.assert_close(model(hdu).logits, model(plain).logits, rtol=0, atol=0)


def test_a_list_may_hold_images_of_any_size_and_kind(model):
    images = [galaxy(40, 1), galaxy(61, 2)[None], torch.from_numpy(galaxy(50, 3)), NDData(galaxy(33, 4))]
    alone = [model(np.asarray(getattr(one, "data", one)).reshape(1, 1, *one.shape[-2:])) for one in images[:2]]
    together = model(images)
    assert len(together.probabilities) == 4
    torch.testing.assert_close(together.logits[:2], torch.cat([one.logits for one in alone]), rtol=0, atol=1e-6)
    rows = model.predict(iter(images))
    assert list(rows["id"]) == ["0", "1", "2", "3"]
    np.testing.assert_allclose(rows["p_lens"], together.probabilities[:, 1], atol=1e-6)


def test_bands_are_the_first_axis(tiny):
    model, cube = tiny(bands=("g", "r")), np.stack([galaxy(seed=1), galaxy(seed=2)])
    expected = model(cube[None]).logits
    for one in (NDData(cube), CCDData(cube, unit="adu"), fits.ImageHDU(cube)):
        torch.testing.assert_close(model(one).logits, expected, rtol=0, atol=1e-6)
    mask = np.zeros(cube.shape, bool)
    mask[1, :5, :6] = True
    plain = np.where(mask, np.nan, cube)
    torch.testing.assert_close(model(NDData(cube, mask=mask)).logits, model(plain[None]).logits, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (
            fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(IMAGE, name="SCI"), fits.ImageHDU(IMAGE)]),
            r"2 images .*SCI, 2",
        ),
        (fits.HDUList([fits.PrimaryHDU()]), r"0 images .*none"),
        (fits.PrimaryHDU(), "holds no image"),
        (NDData(IMAGE[0]), r"shape \(50,\) is no image"),
        (NDData(np.zeros((2, 3, 9, 9))), "more than one image"),
        (NDData(np.stack([IMAGE] * 3)), "3 planes, the model takes one band"),
    ],
)
def test_what_is_no_image_is_an_error_and_a_row(model, one, message):
    with pytest.raises(ImageShapeError, match=message):
        model(one)
    rows = model.predict([one, IMAGE])
    assert list(rows["status"]) == ["error", "ok"]
    assert re.search(message, rows["message"][0])


def test_what_is_passed_is_not_changed(model):
    data, hdu = NDData(IMAGE.copy(), mask=masked(), wcs=on_sky()), fits.PrimaryHDU(IMAGE.copy(), header())
    cards = hdu.header.copy()
    model.predict([data, hdu])
    assert hdu.header == cards
    np.testing.assert_array_equal(data.data, IMAGE)
    np.testing.assert_array_equal(hdu.data, IMAGE)


def test_explanations_take_what_predictions_take(model):
    pytest.importorskip("captum")
    from zoo_core.predict.explain import explain

    held = explain(model, CCDData(IMAGE, unit="adu"), ["occlusion"], pixel_scale=0.1 * u.arcsec)
    batch = explain(model, IMAGE[None, None], ["occlusion"], pixel_scale=0.1)
    np.testing.assert_array_equal(held[0].maps["occlusion"], batch[0].maps["occlusion"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("a.fits", "images= is str; .* names of files go to model.predict"),
        ([], "images= is list"),
        ([["a"]], "images= is list"),
        (Table(), "images= is Table"),
        (fits.BinTableHDU(), "images= is BinTableHDU"),
        (None, "images= is NoneType"),
    ],
)
def test_what_is_no_array_is_refused_by_name(model, given, message):
    with pytest.raises(ArgumentError, match=message):
        model(given)


@pytest.mark.parametrize(
    "given", [[IMAGE, "a.fits"], [3.0], Table({"a": [1]}), fits.BinTableHDU(), None, 7, {"a.fits": IMAGE, 3: 4}]
)
def test_inputs_of_no_kind_are_refused_by_name(model, given):
    with pytest.raises(ArgumentError, match=r"inputs= hold .*; pass names of files, arrays, objects of astropy"):
        model.predict(given)


@pytest.mark.parametrize(
    "pixels",
    [
        IMAGE[None, None] + 1j,
        torch.from_numpy(IMAGE[None, None]) + 1j,
        IMAGE[None, None].astype(object),
        IMAGE[None, None].astype(str),
        IMAGE[None, None].astype(float) * 1e-40,
        torch.from_numpy(IMAGE[None, None]).double() * 1e-40,
    ],
)
def test_numbers_that_no_image_has_are_refused_and_not_cast(model, pixels):
    with pytest.raises(ImageReadError, match=r"images=: (holds|the brightest)"):
        model(pixels)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64, torch.int16, torch.uint8])
def test_a_tensor_of_any_real_dtype_is_taken(model, kind):
    counts = torch.from_numpy(IMAGE[None, None]).abs().round()
    torch.testing.assert_close(model(counts.to(kind)).logits, model(counts).logits, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "angle", [SCALE * u.arcsec, SCALE / 3600 * u.deg, SCALE * u.arcsec / u.pix, np.float32(SCALE), torch.tensor(SCALE)]
)
def test_a_pixel_scale_is_an_angle_of_any_kind(resampling, angle):
    expected = resampling(IMAGE[None, None], pixel_scale=SCALE).logits
    torch.testing.assert_close(resampling(IMAGE[None, None], pixel_scale=angle).logits, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("angle", ["wide", [0.1, 0.2], [0.1, 0.2] * u.arcsec, 3 * u.s, 0.1 * u.pix, object(), -0.1])
def test_what_is_no_angle_is_refused(model, angle):
    with pytest.raises(ArgumentError, match=r"pixel_scale= \(--pixel-scale\) is"):
        model(IMAGE[None, None], pixel_scale=angle)


def test_astropy_is_imported_only_where_one_of_its_objects_is_passed(resampling, monkeypatch):
    for name in ("astropy", "astropy.units", "astropy.io.fits", "astropy.nddata", "astropy.wcs"):
        monkeypatch.setitem(sys.modules, name, None)  # importing it is an error
    assert len(resampling(IMAGE[None, None], pixel_scale=SCALE).logits) == 1
    assert len(resampling([IMAGE, torch.from_numpy(IMAGE)], pixel_scale=np.float64(SCALE)).logits) == 2
    with pytest.raises(ImportError):
        resampling(NDData(IMAGE))


def test_an_empty_image_is_refused_as_in_a_file(model):
    with pytest.raises(ImageError, match="every pixel"):
        model(NDData(np.ones((SIDE, SIDE))))
