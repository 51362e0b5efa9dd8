"""Packs: what was read once, and is read again faster."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy.io import fits

import zoo_core as zoo
from zoo_core.errors import FileError, ImageReadError
from zoo_core.images import find_sources
from zoo_core.images.pack import is_pack, packed_sources
from zoo_core.predict import packing
from zoo_core.predict.images import SourceImages
from zoo_core.predict.inputs import images_of
from zoo_core.predict.packing import pack


@pytest.fixture(autouse=True)
def few_images_a_file(monkeypatch):
    monkeypatch.setattr(packing, "FILE", 16)


@pytest.fixture
def images(model, cutouts) -> SourceImages:
    return images_of(model, cutouts)


@pytest.fixture
def packed(images, tmp_path) -> Path:
    pack(images, ("VIS",), tmp_path / "pack")
    return tmp_path / "pack"


def test_a_pack_gives_the_rows_of_the_files_that_it_was_made_of(model, cutouts, packed):
    from_files, from_pack = model.predict(cutouts), model.predict(packed)
    assert list(from_pack["path"]) == list(from_files["path"]) and list(from_pack["id"]) == list(from_files["id"])
    assert list(from_pack["message"]) == list(from_files["message"])
    np.testing.assert_array_equal(from_pack["p_lens"].filled(-1), from_files["p_lens"].filled(-1))


def test_counts_are_told_and_files_have_a_bounded_number_of_images(images, tmp_path):
    done = []
    result = pack(images, ("VIS",), tmp_path / "pack", workers=1, progress=lambda *count: done.append(count))
    assert (result.images, result.added, result.failed) == (40, 40, 2)  # no image, and two layers
    assert done == [(16, 40), (32, 40), (40, 40)]
    assert len(list((tmp_path / "pack").glob("*.h5"))) == 3


def test_the_same_call_goes_on_where_a_killed_one_stopped(model, images, packed, cutouts):
    expected = model.predict(packed)["p_lens"].filled(-1)
    first, last = packed / "000000.h5", packed / "000002.h5"
    before = first.stat().st_ino
    last.unlink()
    (packed / ".000002.h5.0a1b2c3d.partial").touch()
    assert pack(images, ("VIS",), packed).added == 8
    assert first.stat().st_ino == before and sorted(path.name for path in packed.iterdir())[0] == "000000.h5"
    np.testing.assert_array_equal(model.predict(packed)["p_lens"].filled(-1), expected)


def test_more_images_are_added_behind_the_others(model, images, packed, cutouts, tmp_path):
    more = tmp_path / "more.fits"
    fits.PrimaryHDU(np.ones((25, 25), np.float32)).writeto(more)
    result = pack(images_of(model, [cutouts, more]), ("VIS",), packed)
    assert (result.images, result.added) == (41, 1)
    assert [source.id for source in find_sources(packed)][-1] == "more"


def test_a_damaged_chunk_costs_its_image(model, images, packed):
    path = packed / "000001.h5"
    stored = bytearray(path.read_bytes())
    pixels = images.sources[20].load(1).pixels.astype("<f4").tobytes()
    stored[stored.index(pixels) + 100] ^= 1
    path.write_bytes(stored)
    table = model.predict(packed)
    assert [row for row in range(40) if table["status"][row] == "error"] == [7, 11, 13, 20]
    assert "cannot be read" in table["message"][20] and "000001.h5" in table["message"][20]


def test_masked_pixels_are_blank_and_scale_and_unit_are_kept(model, tmp_path):
    header = fits.Header({"CDELT1": -0.1, "CDELT2": 0.1, "CUNIT1": "arcsec", "CUNIT2": "arcsec", "BUNIT": "nJy"})
    header.update({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"})
    bad = np.zeros((25, 25), np.uint8)
    bad[3, 4] = 1
    layers = [fits.PrimaryHDU(np.ones((25, 25), np.float32), header), fits.ImageHDU(bad, name="DQ")]
    fits.HDUList(layers).writeto(tmp_path / "a.fits")
    pack(images_of(model, zoo.Files(tmp_path / "a.fits", ext=0, mask="DQ")), ("VIS",), tmp_path / "pack")
    (source,) = find_sources(tmp_path / "pack")
    image = source.load(1)
    assert np.argwhere(np.isnan(image.pixels[0])).tolist() == [[3, 4]]
    assert image.pixel_scale == pytest.approx(0.1) and image.unit == "nJy"


def test_cutouts_keep_their_positions(model, tmp_path):
    header = fits.Header({"CRVAL1": 10.0, "CRVAL2": -5.0, "CRPIX1": 50, "CRPIX2": 50, "CDELT1": -3e-5, "CDELT2": 3e-5})
    header.update({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"})
    fits.PrimaryHDU(np.ones((100, 100), np.float32), header).writeto(tmp_path / "tile.fits")
    (tmp_path / "catalog.csv").write_text("id,ra,dec\na,10.0,-5.0\nb,10.0005,-5.0005\n")
    pack(images_of(model, zoo.Mosaic(tmp_path / "catalog.csv", tmp_path / "tile.fits")), ("VIS",), tmp_path / "pack")
    table = model.predict(tmp_path / "pack")
    assert list(table["ra"]) == [10.0, 10.0005] and list(table["dec"]) == [-5.0, -5.0005]


def test_an_image_of_another_shape_is_a_row_with_its_reason(model, tmp_path):
    for name, side in (("a", 25), ("b", 26)):
        pixels = np.random.default_rng(0).normal(size=(side, side)).astype(np.float32)
        fits.PrimaryHDU(pixels).writeto(tmp_path / f"{name}.fits")
    assert pack(images_of(model, tmp_path), ("VIS",), tmp_path / "pack").failed == 1
    table = model.predict(tmp_path / "pack")
    assert list(table["status"]) == ["ok", "error"]
    assert "shape (1, 26, 26), those of the pack have (1, 25, 25)" in table["message"][1]


def test_the_data_set_of_folders_reads_a_pack_for_each_class(images, tmp_path):
    good = [source for source in images.sources if source.id not in ("c07", "c13")]
    for name, half in (("nonlens", good[:19]), ("lens", good[19:])):
        pack(replace(images, sources=half), ("VIS",), tmp_path / name)
    dataset = zoo.open_dataset("folder", path=tmp_path, classes=["nonlens", "lens"])
    assert dataset.truth()["label"].sum() == 19 and dataset.images(slice(0, 38)).shape == (38, 1, 25, 25)
    np.testing.assert_array_equal(dataset.images(slice(0, 1))[0], good[0].load(1).pixels)


def test_what_cannot_be_packed_is_one_line(model, images, packed, cutouts, tmp_path):
    with pytest.raises(zoo.ArgumentError, match="the pack has the bands VIS, not r"):
        pack(images, ("r",), packed)
    with pytest.raises(FileError, match=r"holds c00\.fits and is no pack"):
        pack(images, ("VIS",), cutouts)
    with pytest.raises(ImageReadError, match="none of the first 1 images can be read"):
        pack(images_of(model, cutouts / "c07.fits"), ("VIS",), tmp_path / "none")
    assert not is_pack(tmp_path / "none")


def test_what_a_pack_cannot_be_read_with_is_one_line(model, packed, cutouts):
    with pytest.raises(zoo.ArgumentError, match="a pack goes with packs alone"):
        model.predict([packed, cutouts])
    with pytest.raises(zoo.ArgumentError, match="a pack goes with packs alone"):
        model.predict(zoo.Files(packed, stack=True))
    (packed / "pack.json").write_text('{"format": 2}')
    with pytest.raises(ImageReadError, match=r"pack\.json: format 2; this version of the zoo reads 1"):
        model.predict(packed)


@pytest.mark.parametrize("name", ["id", "pixel_scale", "unit"])
def test_columns_of_another_length_are_one_line(packed, name):
    with h5py.File(packed / "000000.h5", "a") as file:
        short = file[name][:3]
        del file[name]
        file.create_dataset(name, data=short)

    with pytest.raises(ImageReadError, match="cannot be read"):
        list(packed_sources(packed))


def test_a_manifest_that_is_nested_without_end_is_one_line(model, packed):
    (packed / "pack.json").write_text("[" * 100_000)

    with pytest.raises(ImageReadError, match=r"pack\.json: cannot be read"):
        model.predict(packed)
