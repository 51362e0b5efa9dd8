"""A resumed run keeps the rows of images that are the same in everything, and no others."""

import os

import numpy as np
import pytest
from astropy.io import fits

import zoo_core as zoo
from zoo_core.predict import run

IMAGES, SHARD, SIZE = 6, 2, 25


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(run, "SHARD", SHARD)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(IMAGES):
        write(folder / f"c{number}.fits", number)
    return zoo.Files(folder, ext=0)


@pytest.fixture
def mosaic(tmp_path):
    """A mosaic and a catalogue of six positions."""
    write(tmp_path / "tile.fits", 0, size=200)
    (tmp_path / "positions.csv").write_text("id,x,y\n" + "".join(f"n{k},{40 + 20 * k},90\n" for k in range(IMAGES)))
    return zoo.Mosaic(tmp_path / "positions.csv", tmp_path / "tile.fits", cutout=2.5, ext=0)


def write(path, seed, size=SIZE):
    pixels = np.random.default_rng(seed).normal(size=(2, size, size)).astype(np.float32)
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -0.1 / 3600, "CDELT2": 0.1 / 3600})
    layers = [fits.PrimaryHDU(pixels[0], header), fits.ImageHDU((pixels[1] > 1.5).astype("int16"), name="DQ")]
    fits.HDUList(layers).writeto(path, overwrite=True)


def scored_anew(model, before, after, out, between=lambda: None):
    """How many images a resumed run scores, after one that was interrupted when all its shards but one were done."""

    def give_up(done, total):
        if done > IMAGES - SHARD:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.predict(before, out=out, batch_size=1, progress=give_up)
    between()
    counted = []
    table = model.predict(after, out=out, resume=True, batch_size=1, progress=lambda done, total: counted.append(done))
    again = model.predict(after)
    assert list(table["id"]) == list(again["id"])
    np.testing.assert_allclose(table["p_lens"], again["p_lens"], atol=1e-6)
    return IMAGES - counted[0] + 1


def test_what_is_the_same_is_kept(model, folder, mosaic, tmp_path):
    assert scored_anew(model, folder, folder, tmp_path / "a.csv") == SHARD
    assert scored_anew(model, mosaic, mosaic, tmp_path / "b.csv") == SHARD


def test_the_shard_of_changed_pixels_is_scored_anew(model, folder, tmp_path):
    def change():
        write(folder.paths / "c0.fits", 99)
        os.utime(folder.paths / "c0.fits", ns=(0, 1))

    assert scored_anew(model, folder, folder, tmp_path / "a.csv", change) == 2 * SHARD


def test_an_added_mask_is_applied_to_all(model, folder, tmp_path):
    masked = zoo.Files(folder.paths, ext=0, mask="DQ")
    assert scored_anew(model, folder, masked, tmp_path / "a.csv") == IMAGES


def test_a_larger_cutout_is_of_all(model, mosaic, tmp_path):
    larger = zoo.Mosaic(mosaic.catalog, mosaic.image, cutout=5.0, ext=0)
    assert scored_anew(model, mosaic, larger, tmp_path / "a.csv") == IMAGES


def test_names_are_those_of_the_new_catalogue(model, mosaic, tmp_path):
    def rename():
        mosaic.catalog.write_text(mosaic.catalog.read_text().replace("n", "m"))

    assert scored_anew(model, mosaic, mosaic, tmp_path / "a.csv", rename) == IMAGES


def test_other_pixels_of_an_array_are_scored_anew(model, tmp_path):
    pixels = np.random.default_rng(0).normal(size=(IMAGES, SIZE, SIZE)).astype(np.float32)
    assert scored_anew(model, pixels, pixels + 1, tmp_path / "a.csv") == IMAGES
    assert scored_anew(model, pixels, pixels, tmp_path / "b.csv") == SHARD


def test_a_damaged_shard_is_made_anew(model, folder, tmp_path):
    def damage():
        (tmp_path / ".a.csv.parts" / "000000.parquet").write_bytes(b"")

    assert scored_anew(model, folder, folder, tmp_path / "a.csv", damage) == 2 * SHARD
