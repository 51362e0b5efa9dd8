"""Predicting: a row for each image, whatever happens."""

import logging
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from astropy import units as u
from astropy.io import fits
from torch import nn

import zoo_core as zoo
from zoo_core.errors import ArgumentError, ImageReadError, UntrainedError
from zoo_core.images import find_sources
from zoo_core.tasks import task_named, tasks

from ..tiny_models import OPERATIONS, SIZE
from .conftest import stacked


def test_one_row_for_each_file_in_order_and_a_reason_for_each_that_cannot_be_used(model, cutouts):
    table = model.predict(cutouts)
    assert table.colnames == ["id", "path", "status", "message", "p_lens"]
    assert list(table["id"]) == [f"c{number:02d}" for number in range(40)]
    assert list(table["path"]) == [str(cutouts / f"c{number:02d}.fits") for number in range(40)]
    assert [row["id"] for row in table if row["status"] == "error"] == ["c07", "c11", "c13"]
    reasons = {row["id"]: row["message"] for row in table}
    assert "none of FITS" in reasons["c07"] and "%" in reasons["c11"] and "--ext" in reasons["c13"]
    assert list(table["p_lens"].mask) == [status == "error" for status in table["status"]]


def test_files_get_the_probabilities_of_their_arrays(model, cutouts):
    table = model.predict([cutouts / "c05.fits", cutouts / "c30.fits"])
    probabilities = model(stacked(cutouts, ["c05", "c30"])).probabilities[:, 1]
    np.testing.assert_allclose(table["p_lens"], probabilities, atol=1e-6)


@pytest.mark.parametrize("views", [1, 8])
def test_batch_size_and_workers_do_not_change_scores(model, cutouts, views):
    expected = model.predict(cutouts, views=views)
    for options in ({"batch_size": 1}, {"batch_size": 7, "workers": 2}, {"batch_size": 64, "workers": 1}):
        table = model.predict(cutouts, views=views, **options)
        assert list(table["path"]) == list(expected["path"])
        np.testing.assert_allclose(table["p_lens"].filled(-1), expected["p_lens"].filled(-1), atol=1e-5)


def test_views_may_be_chosen(model, cutouts):
    one, eight = (model.predict(cutouts / "c30.fits", views=views)["p_lens"][0] for views in (1, 8))
    assert abs(one - eight) > 1e-4
    with pytest.raises(ArgumentError, match=r"views= \(--views\) is 3"):
        model.predict(cutouts, views=3)


def test_arrays_have_their_index_for_a_name(model, cutouts):
    images = stacked(cutouts, ["c01", "c02", "c03"])
    images[1] = np.nan
    for batch in (images, images[:, 0], torch.from_numpy(images.astype(np.float32))):
        table = model.predict(batch)
        assert list(table["id"]) == ["0", "1", "2"] and list(table["path"]) == ["array[0]", "array[1]", "array[2]"]
        assert list(table["status"]) == ["ok", "error", "ok"]


def test_no_images_in_an_array_give_an_empty_table(model):
    table = model.predict(np.empty((0, 1, SIZE, SIZE), np.float32))
    assert len(table) == 0 and "p_lens" in table.colnames


def test_data_sets_are_predicted_with_their_own_ids(model, tmp_path, cutouts):
    for kind in ("lens", "nonlens"):
        (tmp_path / kind).mkdir()
        shutil.copy(cutouts / "c01.fits", tmp_path / kind / f"{kind}_1.fits")
    found = zoo.open_dataset("folder", path=tmp_path)
    table = model.predict(found)
    assert list(table["id"]) == list(found.truth()["id"]) and set(table["status"]) == {"ok"}


def test_sources_of_any_kind_are_predicted(model, cutouts):
    rows = model.predict(find_sources(cutouts / "c13.fits", ext="all"))
    assert list(rows["id"]) == ["c13[SCI]", "c13[ERR]"] and set(rows["status"]) == {"ok"}
    np.testing.assert_array_equal(model.predict(zoo.Files(cutouts / "c13.fits", ext="all"))["p_lens"], rows["p_lens"])


def test_masked_pixels_are_counted_in_the_message(model, tmp_path):
    image = np.random.default_rng(0).normal(size=(SIZE + 4, SIZE - 4)).astype(np.float32)
    image[4:6, 5:8] = np.nan
    fits.PrimaryHDU(image).writeto(tmp_path / "a.fits")
    row = model.predict(tmp_path)[0]
    assert row["status"] == "ok"
    assert row["message"].startswith("6 pixels blank; ") and re.search(r" \d+ of 625 pixels padded$", row["message"])


def test_an_image_of_which_the_middle_alone_is_used_says_so(model, tmp_path):
    images = np.random.default_rng(0).normal(size=(5 * SIZE, 6 * SIZE)).astype(np.float32)
    np.save(tmp_path / "tile.npy", images)
    np.save(tmp_path / "wide.npy", images[: 3 * SIZE])
    tile, wide = model.predict([tmp_path / "tile.npy", tmp_path / "wide.npy"])
    assert tile["message"].startswith(f"the middle {SIZE} x {SIZE} of {6 * SIZE} x {5 * SIZE} pixels")
    assert "--catalog" in tile["message"] and wide["message"] == ""


def test_masks_beside_the_image_are_used(model, tmp_path):
    image = np.random.default_rng(0).normal(size=(SIZE, SIZE)).astype(np.float32)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[10, 10:14] = 1
    layers = [fits.PrimaryHDU(), fits.ImageHDU(image, name="SCI"), fits.ImageHDU(mask, name="DQ")]
    fits.HDUList(layers).writeto(tmp_path / "a.fits")
    row = model.predict(zoo.Files(tmp_path, ext="SCI", mask="DQ"))[0]
    assert row["message"] == "4 pixels blank"


def test_bands_in_separate_files_are_paired_and_put_in_the_order_of_the_model(tiny, tmp_path):
    model = tiny(bands=("g", "i"))
    rng = np.random.default_rng(0)
    pair = {band: rng.normal(size=(SIZE, SIZE)).astype(np.float32) for band in "gi"}
    for band, image in pair.items():
        fits.PrimaryHDU(image).writeto(tmp_path / f"ngc1_{band}.fits")
    table = model.predict(zoo.Files(tmp_path, bands={"i": "*_i.fits", "g": "*_g.fits"}))
    expected = model(np.stack([pair["g"], pair["i"]])[None]).probabilities[0, 1]
    assert table["id"][0] == "ngc1" and abs(table["p_lens"][0] - expected) < 1e-6
    with pytest.raises(ArgumentError, match="takes g, i"):
        model.predict(zoo.Files(tmp_path, bands={"r": "*_i.fits", "g": "*_g.fits"}))


def test_cutouts_about_positions_are_as_large_as_the_network_sees(model, tmp_path):
    mosaic = np.random.default_rng(0).normal(size=(80, 90)).astype(np.float32)
    fits.PrimaryHDU(mosaic).writeto(tmp_path / "tile.fits")
    (tmp_path / "positions.csv").write_text("id,x,y\nfirst,40,30\nedge,2,78\nfar,900,900\n")
    table = model.predict(zoo.Mosaic(tmp_path / "positions.csv", tmp_path / "tile.fits"))
    assert list(table["id"]) == ["first", "edge", "far"]
    assert list(table["status"]) == ["ok", "ok", "error"]
    half = SIZE // 2
    expected = model(mosaic[None, None, 30 - half : 31 + half, 40 - half : 41 + half]).probabilities[0, 1]
    assert abs(table["p_lens"][0] - expected) < 1e-6


def test_pixel_scale_that_contradicts_the_header_is_used_and_said(tiny, tmp_path, caplog):
    model = tiny(operations=({"op": "resample", "pixel_scale": 0.1}, *OPERATIONS))
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -0.1 / 3600, "CDELT2": 0.1 / 3600})
    image = np.random.default_rng(0).normal(size=(SIZE, SIZE)).astype(np.float32)
    fits.PrimaryHDU(image, header).writeto(tmp_path / "a.fits")
    with caplog.at_level(logging.WARNING, logger="zoo"):
        row = model.predict(tmp_path, pixel_scale=0.2)[0]
    assert "pixel scale 0.2 used, the header says 0.1" in row["message"]
    assert "headers differ from the pixel scale of 0.2 arcsec" in caplog.text
    expected = model(image[None, None], pixel_scale=0.2).probabilities[0, 1]
    assert abs(row["p_lens"] - expected) < 1e-6
    assert tiny().predict(tmp_path, pixel_scale=0.2)[0]["message"] == ""  # it resamples nothing, and uses neither


@pytest.mark.parametrize("task", [name for name in tasks() if not task_named(name).written])
def test_every_task_has_its_columns(tiny, cutouts, task):
    model = tiny(task)
    table = model.predict(cutouts)
    assert table.colnames[4:] == list(model.task.empty_columns(model.heads))
    if task == "regression":
        assert table["theta_E"].unit == table["theta_E_err"].unit == "arcsec"


class Overflowing(nn.Module):
    """Infinite for bright images."""

    def forward(self, x):
        return torch.where(x.amax((1, 2, 3)) > 3, torch.inf, x.mean((1, 2, 3)))[:, None].repeat(1, 4)


def test_value_that_is_not_finite_is_an_error_and_no_silent_nan(tiny, cutouts):
    table = replace(tiny("regression"), network=Overflowing()).predict([cutouts / "c00.fits", cutouts / "c39.fits"])
    assert list(table["status"]) == ["ok", "error"] and list(table["theta_E"].mask) == [False, True]
    assert table["message"][1] == "the network returned a value that is not finite"


class Greedy(nn.Module):
    """Says that the memory is full for more than four images, as the allocator of the CPU does."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        if len(x) > 4:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99999 bytes")
        return self.network(x)


def test_batch_that_the_memory_does_not_hold_is_halved(model, cutouts, caplog):
    greedy = replace(model, network=Greedy(model.network))
    table = greedy.predict(cutouts)
    np.testing.assert_allclose(table["p_lens"].filled(-1), model.predict(cutouts)["p_lens"].filled(-1), atol=1e-5)
    assert "not enough memory" in caplog.text


def test_bf16_is_near_float32(model, cutouts, monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    full, short = (model.predict(cutouts, precision=precision)["p_lens"] for precision in ("float32", "bf16"))
    assert 0 < np.abs(full - short).max() < 0.03  # eight bits of mantissa
    with pytest.raises(ArgumentError, match="float32 or bf16"):
        model.predict(cutouts, precision="float8")


def test_a_cpu_that_is_slow_in_bf16_predicts_in_float32(model, cutouts, monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    full, short = (model.predict(cutouts, precision=precision)["p_lens"] for precision in ("float32", "bf16"))
    assert np.abs(full - short).max() < 1e-6


def test_untrained_model_is_refused(tiny, cutouts):
    with pytest.raises(UntrainedError):
        replace(tiny(), weights_sha256=None).predict(cutouts)


def test_nothing_to_predict_is_an_error(model, tmp_path):
    with pytest.raises(ImageReadError, match="no image files"):
        model.predict(tmp_path)
    with pytest.raises(zoo.ZooError, match="no images"):
        model.predict([])


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"workers": -1}, {"resume": True}, {"out": "scores.xlsx"}])
def test_wrong_settings_are_errors(model, cutouts, wrong):
    with pytest.raises(ArgumentError):
        model.predict(cutouts, **wrong)


def test_progress_counts_every_image(model, cutouts):
    reported = []
    model.predict(cutouts, batch_size=16, progress=lambda done, total: reported.append((done, total)))
    assert reported == [(16, 40), (32, 40), (40, 40)]


def test_global_random_state_is_unchanged(model, cutouts):
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    model.predict(cutouts)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


def test_masked_arrays_and_angles_of_astropy_are_understood(tiny, cutouts):
    model = tiny(operations=({"op": "resample", "pixel_scale": 0.1}, *OPERATIONS))
    masked = np.ma.masked_array(stacked(cutouts, ["c05", "c30"]))
    masked[:, :, 3:6, 3:6] = np.ma.masked
    plain = masked.filled(np.nan)
    expected = model.predict(plain, pixel_scale=0.1)
    assert list(expected["message"]) == ["9 pixels blank"] * 2
    table = model.predict(masked, pixel_scale=0.1 * u.arcsec)
    assert list(table["message"]) == list(expected["message"]) and list(table["p_lens"]) == list(expected["p_lens"])
    torch.testing.assert_close(model(masked, 0.2 / 60 * u.arcmin).logits, model(plain, pixel_scale=0.2).logits)
    with pytest.raises(ArgumentError, match=r"pixel_scale= \(--pixel-scale\) is 3.0 s"):
        model.predict(masked, pixel_scale=3 * u.s)
    with pytest.raises(ArgumentError, match="positive number of arcsec"):
        model.predict(masked, pixel_scale=-0.1)


def test_a_file_that_is_named_twice_is_two_rows(model, cutouts):
    table = model.predict([cutouts / "c02.fits", cutouts / "c01.fits", cutouts / "c02.fits"])
    assert list(table["id"]) == ["c02", "c01", "c02"]
    assert table["p_lens"][0] == table["p_lens"][2]
