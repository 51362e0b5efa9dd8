"""Tables as files."""

import csv
import warnings

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import Table

from zoo_core.errors import ArgumentError
from zoo_core.predict.tables import check_format, short, to_astropy, write_table

FIRST = pa.table(
    {
        "id": ["a", 'b, "c"'],
        "path": ["x/é.fits", "007"],
        "status": ["ok", "error"],
        "message": ["", "no such file"],
        "theta_E": [1 / 3, None],
        "cluster": pa.array([2, None], pa.int64()),
    }
)
SECOND = pa.table(
    {name: pa.array([None]) if FIRST[name].null_count else pa.array(["z"]) for name in FIRST.column_names}
)
UNITS = {"theta_E": "arcsec"}
FACTS = {"model": "tiny.test", "weights_sha256": "0" * 64, "command": "zoo predict tiny 'é.fits' " + 100 * "long "}


def written(tmp_path, extension):
    path = tmp_path / f"scores.{extension}"
    write_table(path, lambda: iter([FIRST, SECOND]), UNITS, FACTS)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    return path


def test_csv_holds_every_digit_and_leaves_nulls_empty(tmp_path):
    rows = list(csv.DictReader(written(tmp_path, "csv").open(encoding="utf-8")))
    assert [row["id"] for row in rows] == ["a", 'b, "c"', "z"]
    assert [row["path"] for row in rows] == ["x/é.fits", "007", "z"]
    assert float(rows[0]["theta_E"]) == 1 / 3
    assert [row["theta_E"] for row in rows[1:]] == ["", ""]


@pytest.mark.parametrize("extension", ["csv", "ecsv"])
def test_in_text_what_a_network_says_has_few_digits_and_positions_have_all(tmp_path, extension):
    rows = pa.table({"ra": [150.123456789012], "p_lens": [1 - float(np.float32(0.0123456789))], "cluster": [3]})
    path = tmp_path / f"scores.{extension}"

    write_table(path, lambda: iter([rows]), {}, FACTS, single=("p_lens", "cluster"))

    assert path.read_text().splitlines()[-1] == "150.123456789012,0.987654321,3"


def test_few_digits_keep_the_order_of_all_scores():
    near = np.nextafter(np.geomspace(1e-30, 0.5, 500, dtype=np.float32), np.float32(0))
    scores = np.stack([np.nextafter(near, np.float32(0)), near], axis=1).ravel().astype(float)

    for ordered in (scores, 1 - scores[scores > 1e-7][::-1]):
        assert np.all(np.diff([short(one) for one in ordered]) > 0)


def test_ecsv_is_read_by_astropy_with_units_and_masks(tmp_path):
    table = Table.read(written(tmp_path, "ecsv"))
    assert table["theta_E"].unit == "arcsec" and table["theta_E"][0] == 1 / 3
    assert list(table["theta_E"].mask) == list(table["cluster"].mask) == [False, True, True]
    assert list(table["path"]) == ["x/é.fits", "007", "z"]
    assert table["cluster"].dtype.kind == "i"


def test_fits_is_read_by_astropy_with_units_and_masks(tmp_path):
    table = Table.read(written(tmp_path, "fits"))
    assert table["theta_E"].unit == "arcsec" and table["theta_E"][0] == 1 / 3
    assert list(table["theta_E"].mask) == list(table["cluster"].mask) == [False, True, True]
    assert list(table["path"]) == ["x/\\xe9.fits", "007", "z"]  # FITS text is ASCII


def test_a_unit_that_fits_lacks_becomes_a_comment_that_no_reader_warns_of(tmp_path):
    path, rows = tmp_path / "masses.fits", pa.table({"log10_mass": [9.5]})
    write_table(path, lambda: [rows], {"log10_mass": "dex"}, {})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = Table.read(path)
    assert table["log10_mass"].unit is None and fits.getheader(path, 1)["TCOMM1"] == "dex"


def test_parquet_is_the_table_itself(tmp_path):
    table = pq.read_table(written(tmp_path, "parquet"))
    assert table["path"].to_pylist() == ["x/é.fits", "007", "z"]
    assert table["theta_E"].to_pylist() == [1 / 3, None, None]
    assert table.schema.field("theta_E").metadata == {b"unit": b"arcsec"}


@pytest.mark.parametrize("extension", ["csv", "ecsv", "parquet", "fits"])
def test_table_without_rows_keeps_its_columns(tmp_path, extension):
    path = tmp_path / f"none.{extension}"
    write_table(path, lambda: iter([FIRST.slice(0, 0)]), UNITS, FACTS)
    names = pq.read_schema(path).names if extension == "parquet" else Table.read(path).colnames
    assert names == FIRST.column_names


def test_column_of_nulls_only_is_of_floats(tmp_path):
    write_table(tmp_path / "null.parquet", lambda: iter([SECOND]), {}, FACTS)
    assert pq.read_schema(tmp_path / "null.parquet").field("theta_E").type == pa.float64()


def test_astropy_table_masks_nulls(tmp_path):
    table = to_astropy(pa.concat_tables([FIRST, SECOND], promote_options="permissive"), UNITS)
    assert table["theta_E"].unit == "arcsec"
    assert list(table["theta_E"].mask) == [False, True, True]
    np.testing.assert_equal(list(table["status"]), ["ok", "error", "z"])


def test_unknown_extension_names_the_known_ones(tmp_path):
    with pytest.raises(ArgumentError, match="csv, ecsv, parquet, fits"):
        check_format(tmp_path / "scores.xlsx")


@pytest.mark.parametrize("extension", ["ecsv", "parquet", "fits"])
def test_what_made_a_table_is_in_its_metadata(tmp_path, extension):
    path = written(tmp_path, extension)
    if extension == "parquet":
        assert {key.decode(): value.decode() for key, value in pq.read_schema(path).metadata.items()} == FACTS
    elif extension == "ecsv":
        assert dict(Table.read(path).meta) == FACTS
    else:
        header = fits.getheader(path, 1)
        assert (header["MODEL"], header["WEIGHTS"]) == (FACTS["model"], FACTS["weights_sha256"])
        assert header["COMMAND"] == FACTS["command"].strip().replace("é", "\\xe9")


@pytest.mark.parametrize("extension", ["csv", "ecsv", "parquet", "fits"])
def test_classes_of_any_script_and_length_are_columns_of_every_format(tmp_path, extension):
    names = ["p_\u03bb lens", "p_it's", f"p_{'x' * 80}1", f"p_{'x' * 80}2"]
    rows = pa.table({name: [0.25 * place] for place, name in enumerate(names)})
    path = tmp_path / f"scores.{extension}"

    write_table(path, lambda: [rows], {}, {"model": "\u03bb"})

    if extension == "parquet":
        found = list(pq.read_table(path).to_pylist()[0].values())
    else:
        found = list(Table.read(path)[0].values())
    assert found == [0.0, 0.25, 0.5, 0.75]
