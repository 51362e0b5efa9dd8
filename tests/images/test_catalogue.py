"""Catalogues as others write them: their delimiters, names, units and tables."""

import gzip
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units
from astropy.io import fits
from astropy.table import Table

from zoo_core.errors import ImageReadError
from zoo_core.images.positions import OnMosaic, OnSky, read_columns, read_positions


def on_sky(path: Path) -> tuple[list[str], list[float], list[float]]:
    found = read_positions(str(path))
    assert isinstance(found, OnSky)
    return found.names, found.ra.tolist(), found.dec.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "id;ra;dec\n007;150.0;2.0\n",
        "id\tra\tdec\t\n007\t150.0\t2.0\t\n",
        "id,ra,dec,\n007,150.0,2.0,\n",
        "# made by hand\n# id ra dec\n007 150.0 2.0\n",
        "#id,ra,dec\n007,150.0,2.0\n",
        "ID,RA_ICRS,DE_ICRS\n007,150.0,2.0\n",
        "Name;_RAJ2000;_DEJ2000\n007;150.0;2.0\n",
    ],
)
def test_text_is_read_whatever_divides_and_names_its_columns(tmp_path, text):
    (tmp_path / "a.txt").write_text(text)

    assert on_sky(tmp_path / "a.txt") == (["007"], [150.0], [2.0])


def test_unicode_text_of_a_spreadsheet_is_read(tmp_path):
    (tmp_path / "a.txt").write_bytes("id\tra\tdec\r\n007\t150.0\t2.0\r\n".encode("utf-16"))

    assert on_sky(tmp_path / "a.txt")[0] == ["007"]


@pytest.mark.parametrize("ra", ["inf", "400", "-200", "1_50", "1e400"])
def test_what_is_no_right_ascension_is_no_position(tmp_path, ra):
    (tmp_path / "a.csv").write_text(f"id,ra,dec\na,{ra},2\nb,150,2\n")

    np.testing.assert_array_equal(on_sky(tmp_path / "a.csv")[1], [np.nan, 150.0])


def test_degrees_are_degrees_though_the_table_spells_them_so(tmp_path):
    table = fits.BinTableHDU(Table({"id": ["a"], "ra": [9000.0], "dec": [2.0]}))
    table.header["TUNIT2"], table.header["TUNIT3"] = "arcmins", "Degrees"
    table.writeto(tmp_path / "a.fits")

    assert on_sky(tmp_path / "a.fits") == (["a"], [150.0], [2.0])


@pytest.mark.parametrize("name", ["a.fits", "a.ecsv"])
def test_a_unit_that_is_no_angle_is_named(tmp_path, name):
    Table({"ra": [150.0] * units.m, "dec": [2.0] * units.deg}).write(tmp_path / name)

    with pytest.raises(ImageReadError, match=r"a\.\w+: column ra is in m, which is no angle"):
        read_positions(str(tmp_path / name))


def test_several_numbers_a_row_are_no_position(tmp_path):
    Table({"ra": [[150.0, 151.0]], "dec": [2.0]}).write(tmp_path / "a.fits")

    with pytest.raises(ImageReadError, match=r"column ra holds \(2,\) numbers a row"):
        read_positions(str(tmp_path / "a.fits"))


@pytest.mark.parametrize("header", ["id,ra,RA,dec", "id,ra,ra,dec", "id,ID,ra,dec"])
def test_two_columns_of_one_name_are_a_question(tmp_path, header):
    (tmp_path / "a.csv").write_text(f"{header}\n1,150,20,2\n")

    with pytest.raises(ImageReadError, match="2 columns are called"):
        read_positions(str(tmp_path / "a.csv"))


def test_of_several_tables_the_one_with_positions_is_read(tmp_path):
    header, objects = Table({"cards": ["x"]}), Table({"NUMBER": [3], "X_IMAGE": [2.0], "Y_IMAGE": [5.0]})
    tables = [fits.BinTableHDU(table) for table in (header, objects, objects)]
    fits.HDUList([fits.PrimaryHDU(), *tables[:2]]).writeto(tmp_path / "ldac.fits")
    fits.HDUList([fits.PrimaryHDU(), *tables]).writeto(tmp_path / "two.fits")

    found = read_positions(str(tmp_path / "ldac.fits"))

    assert isinstance(found, OnMosaic) and found.names == ["3"] and found.x.tolist() == [1.0]
    with pytest.raises(ImageReadError, match=r"2 tables have positions \(HDU 2, 3\)"):
        read_positions(str(tmp_path / "two.fits"))


def test_bytes_of_a_parquet_table_are_text(tmp_path):
    pq.write_table(pa.table({"id": [b"007"], "ra": [150.0], "dec": [2.0]}), tmp_path / "a.parquet")

    assert on_sky(tmp_path / "a.parquet")[0] == ["007"]


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(ImageReadError, match="not a file"):
            read_positions(str(path))


@pytest.mark.parametrize("content", ["", 'id,ra,dec\n"' + "a" * 200_000 + '",150,2\n', "id,ra,dec\n1,left,2\n"])
def test_an_error_names_the_catalogue(tmp_path, content):
    (tmp_path / "mine.csv").write_text(content)

    with pytest.raises(ImageReadError, match=r"mine\.csv"):
        read_positions(str(tmp_path / "mine.csv"))


@pytest.mark.parametrize("stream", ['<STREAM href="file:///etc/hosts" encoding="none"/>', '<!ENTITY a "b">'])
def test_a_vo_table_that_names_other_files_is_refused(tmp_path, stream):
    path = tmp_path / "positions.vot"
    path.write_text(f'<?xml version="1.0"?>\n<VOTABLE version="1.4">{stream}</VOTABLE>')
    with pytest.raises(ImageReadError, match="names data outside the file"):
        read_positions(str(path))


def test_a_catalogue_that_unpacks_to_gigabytes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("zoo_core.images.catalogue._MOST", 2**16)
    path = tmp_path / "positions.csv.gz"
    path.write_bytes(gzip.compress(b"id,x,y\n" + b"a,1,1\n" * 2**14))
    with pytest.raises(ImageReadError, match="unpacks to more than"):
        read_positions(str(path))


@pytest.mark.parametrize("kind", ["csv.gz", "fits", "parquet", "ecsv", "vot"])
def test_a_damaged_catalogue_is_read_or_refused_in_one_line(tmp_path, kind):
    table, path = Table({"id": ["a", "007"], "x": [1.0, 2.0], "y": [3.0, 4.0]}), tmp_path / f"positions.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table({name: list(table[name]) for name in table.colnames}), path)
    elif kind == "csv.gz":
        path.write_bytes(gzip.compress(b"id,x,y\na,1,3\n007,2,4\n" * 20))
    else:
        table.write(path, format={"vot": "votable", "ecsv": "ascii.ecsv"}.get(kind, kind))
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(25):
        damaged = bytearray(whole)
        for place in rng.integers(0, min(len(whole), 4000), rng.integers(1, 6)):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged[: rng.integers(len(damaged) // 2, len(damaged) + 1)])
        with suppress(ImageReadError):
            read_positions(str(path))


@pytest.mark.parametrize("name", ["a.csv", "a.fits", "a.parquet"])
def test_columns_of_a_catalogue_are_read_as_what_they_are(tmp_path, name):
    table = Table({"ra": [1.0, 2.0], "mag": [20.5, 21.0], "n": [3, 4], "field": ["a", "b"]})
    if name.endswith("parquet"):
        pq.write_table(pa.table({column: table[column].tolist() for column in table.colnames}), tmp_path / name)
    else:
        table.write(tmp_path / name)

    read = read_columns(str(tmp_path / name), ["field", "n", "mag"])

    assert read.to_pydict() == {"field": ["a", "b"], "n": [3, 4], "mag": [20.5, 21.0]}
    with pytest.raises(ImageReadError, match="has no column colour; it has ra, mag, n, field"):
        read_columns(str(tmp_path / name), ["colour"])
