"""Rows of a catalogue become cutouts under their names, and one that is wrong costs itself."""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import MaskedColumn, Table

from zoo_core.errors import ImageShapeError
from zoo_core.images import find_cutouts, read

from .conftest import POSITIONS, catalogue, central_pixels, sky_of


@pytest.mark.parametrize("name", ["a.csv", "a.ecsv", "a.fits", "a.txt", "a.tsv", "a.xml", "a.parquet"])
def test_catalogues_are_read_in_every_common_format(tmp_path, mosaic, name):
    columns = {"id": ["A", "B", "C"], "x": POSITIONS[:, 0], "y": POSITIONS[:, 1]}
    if name == "a.parquet":
        pq.write_table(pa.table(columns), tmp_path / name)
    else:
        formats = {"a.txt": "ascii", "a.tsv": "ascii.tab", "a.xml": "votable"}
        Table(columns).write(tmp_path / name, format=formats.get(name))

    assert central_pixels(str(tmp_path / name), mosaic) == [(20, 10), (41, 30), (70, 55)]
    assert [source.id for source in find_cutouts(tmp_path / name, mosaic, pixels=7)] == ["A", "B", "C"]


def test_rows_are_named_by_the_catalogue_and_have_keys_of_their_own(tmp_path, mosaic):
    named = list(find_cutouts(catalogue(tmp_path, "a.csv", ID=["A", "A"], x=[9, 9], y=[9, 9]), mosaic, pixels=5))
    unnamed = list(find_cutouts(catalogue(tmp_path, "b.csv", x=[9, 9], y=[9, 9]), mosaic, pixels=5))

    assert [source.id for source in named] == ["A", "A"] and [source.id for source in unnamed] == ["0", "1"]
    assert [source.key for source in named] == [f"{mosaic}[0]", f"{mosaic}[1]"]
    assert [read(source, n_bands=1).id for source in named] == ["A", "A"]


def test_a_masked_position_costs_its_row_only(tmp_path, mosaic):
    catalog = catalogue(tmp_path, x=MaskedColumn([20.0, 30.0], mask=[True, False]), y=[10.0, 20.0])
    first, second = find_cutouts(catalog, mosaic, pixels=7)

    with pytest.raises(ImageShapeError, match="is not on the mosaic"):
        read(first, n_bands=1)
    assert read(second, n_bands=1).pixels[0, 3, 3] == 20 * 80 + 30


WRITTEN = ["0001", "2.50", "3e4", "=SUM(A1)", "-7"]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.tsv", "a.dat", "a.asc", "a.list", "plain"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_names_stay_as_they_are_written(tmp_path, mosaic, name, mark):
    delimiter = {"a.tsv": "\t", "a.dat": " ", "a.asc": " "}.get(name, ",")
    rows = [["id", "x", "y"], *([name_, "20.0", "10.0"] for name_ in WRITTEN)]
    text = (mark + "\n".join(delimiter.join(row) for row in rows) + "\n").encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)

    assert [source.id for source in find_cutouts(tmp_path / name, mosaic, pixels=7)] == WRITTEN


def test_names_of_integers_beside_a_missing_one_stay_integers(tmp_path, mosaic):
    names = pa.array([2**60 + 1, None, 7], pa.int64())
    pq.write_table(pa.table({"id": names, "x": [20.0] * 3, "y": [10.0] * 3}), tmp_path / "a.parquet")

    sources = list(find_cutouts(tmp_path / "a.parquet", mosaic, pixels=7))

    assert [source.id for source in sources] == [str(2**60 + 1), "", "7"]


def test_a_delimiter_at_the_end_of_each_row_makes_no_column(tmp_path, mosaic):
    (tmp_path / "a.tsv").write_text("id\tx\ty\nA\t20\t10\t\nB\t41\t30\t\n")

    sources = find_cutouts(tmp_path / "a.tsv", mosaic, pixels=7)

    assert [(source.id, source.x) for source in sources] == [("A", 20), ("B", 41)]


@pytest.mark.parametrize("text", ["# made by hand\nid,x,y\n# and more\nA,20,10\n", "# id,x,y\nA,20,10\n"])
def test_comments_are_no_rows_and_a_commented_header_is_one(tmp_path, mosaic, text):
    (tmp_path / "a.csv").write_text(text)

    assert [(source.id, source.y) for source in find_cutouts(tmp_path / "a.csv", mosaic, pixels=7)] == [("A", 10)]


@pytest.mark.parametrize("ragged", ["b,5", "b", "b,5,5,9", "b,"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_row_of_another_length_costs_that_row(tmp_path, mosaic, ragged, delimiter):
    path = tmp_path / "positions.csv"
    path.write_text("\n".join(["id,x,y", "a,20,20", ragged, '"c d",21,21', ""]).replace(",", delimiter))
    first, second, third = find_cutouts(path, mosaic, pixels=5)
    assert read(first, n_bands=1).pixels.shape == read(third, n_bands=1).pixels.shape == (1, 5, 5)
    assert (first.id, second.id, third.id) == ("a", "b", "c d")
    with pytest.raises(ImageShapeError, match="position of b"):
        read(second, n_bands=1)


@pytest.mark.parametrize("bad", ["N/A", "", "nan", "12:x", "1:2:3:4"])
def test_a_row_without_a_position_costs_that_row(tmp_path, mosaic, bad):
    sky = sky_of(POSITIONS, mosaic)
    (tmp_path / "a.csv").write_text(f"id,ra,dec\nA,{sky.ra.deg[0]},{sky.dec.deg[0]}\nB,{bad},{sky.dec.deg[1]}\n")

    good, lost = find_cutouts(tmp_path / "a.csv", mosaic, pixels=7)

    assert read(good, n_bands=1).id == "A"
    with pytest.raises(ImageShapeError, match="the position of B is not on the mosaic"):
        read(lost, n_bands=1)
