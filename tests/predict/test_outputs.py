"""What a prediction writes, and what is refused before it begins."""

import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import Table

from zoo_core.errors import ArgumentError, FileError

from .conftest import stacked


def test_restored_images_are_files_named_in_the_table(tiny, cutouts, tmp_path):
    model = tiny("restoration")
    table = model.predict([cutouts / "c07.fits", cutouts / "c30.fits"], out_dir=tmp_path)
    assert table["output"].mask.tolist() == [True, False]
    with fits.open(table["output"][1]) as layers:
        expected = model(stacked(cutouts, ["c30"])).image[0, 0]
        np.testing.assert_allclose(layers[0].data, expected, atol=1e-5)
        assert layers[0].header["BUNIT"] == "nJy"
    with pytest.raises(ArgumentError, match="--out-dir"):
        model.predict(cutouts)


@pytest.mark.parametrize("extension", ["csv", "ecsv", "parquet", "fits"])
def test_written_table_is_the_returned_one(model, cutouts, tmp_path, extension):
    out = tmp_path / f"scores.{extension}"
    table = model.predict(cutouts, out=out)
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    written = pq.read_table(out).to_pydict() if extension == "parquet" else Table.read(out)
    assert list(written["id"]) == list(table["id"])
    probable = (np.asarray(one["p_lens"][:7], np.float32) for one in (written, table))  # digits of text: a network's
    np.testing.assert_array_equal(*probable)


def test_the_second_run_into_a_table_is_refused_in_one_line(model, cutouts, tmp_path):
    refused = []

    def second(done, total):
        with pytest.raises(FileError) as found:
            model.predict(cutouts / "c01.fits", out=tmp_path / "t.csv")
        refused.append(str(found.value))

    model.predict(cutouts / "c0*.fits", out=tmp_path / "t.csv", progress=second)
    assert (
        refused[0] == f"{tmp_path}/t.csv: another run is writing there; wait for its end, or choose another place (-o)"
    )
    assert len(Table.read(tmp_path / "t.csv")) == 10


@pytest.mark.parametrize("wrong", [{"gallery": "x.xyz"}, {"gallery": "gone/x.png"}, {"out": "gone/t.csv"}])
def test_what_cannot_be_written_is_refused_before_anything_is_scored(model, cutouts, tmp_path, wrong):
    places = {name: tmp_path / place for name, place in wrong.items()}
    counted = []
    with pytest.raises((FileError, ArgumentError)):
        model.predict(cutouts, **places, progress=lambda done, total: counted.append(done))
    assert counted == [] and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("extension", ["csv", "ecsv", "parquet", "fits"])
def test_a_name_that_is_no_utf8_costs_no_row(model, cutouts, tmp_path, extension):
    for number, name in enumerate([b"a\xff.fits", b"b$\\frac{$.fits", b"c\xfe.npy"]):
        content = (cutouts / f"c0{number}.fits").read_bytes() if name.endswith(b"fits") else b"no array"
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(content)
    out = tmp_path / f"out.{extension}"
    table = model.predict(tmp_path, out=out, gallery=tmp_path / "top.pdf")
    assert list(table["id"]) == ["a\\xff", "b$\\frac{$", "c\\xfe"]
    assert list(table["status"]) == ["ok", "ok", "error"]
    assert out.stat().st_size and (tmp_path / "top.pdf").stat().st_size


def test_files_whose_headers_say_where_they_are_have_positions(model, tmp_path):
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 10.0, "CRVAL2": -5.0, "CUNIT1": "deg"})
    header.update({"CRPIX1": 13.0, "CRPIX2": 13.0, "CDELT1": -1e-4, "CDELT2": 1e-4})
    for name in ("a", "b"):
        fits.PrimaryHDU(np.random.default_rng(0).normal(size=(25, 25)).astype("f4"), header).writeto(
            tmp_path / f"{name}.fits"
        )
    (tmp_path / "c.fits").write_bytes(b"SIMPLE  =")

    table = model.predict(tmp_path)

    assert table.colnames == ["id", "path", "status", "message", "ra", "dec", "p_lens"]
    assert list(table["ra"][:2]) == pytest.approx([10.0] * 2) and list(table["dec"][:2]) == pytest.approx([-5.0] * 2)
    assert table["ra"].mask.tolist() == [False, False, True]


def test_files_of_which_none_says_where_it_is_have_no_columns_for_it(model, tmp_path):
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"})  # as of a cutout that a simulation made
    pixels = np.random.default_rng(0).normal(size=(25, 25)).astype("f4")
    fits.PrimaryHDU(pixels, header).writeto(tmp_path / "a.fits")

    model.predict(tmp_path, out=tmp_path / "out.csv")

    assert (tmp_path / "out.csv").read_text().splitlines()[0] == "id,path,status,message,p_lens"
