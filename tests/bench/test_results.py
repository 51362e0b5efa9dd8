"""Result files say what they are, or why they are not used."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from zoo_core.bench.examination import examine
from zoo_core.bench.harness import measure
from zoo_core.bench.results import Estimate, read_result, read_results, result_path, sha256_of, write_result
from zoo_core.errors import ResultError

NO_IMAGES = {name: pa.array([], pa.float64()) for name in ("p_lens", "true_label")} | {"id": pa.array([], pa.string())}


@pytest.fixture
def result(tiny_model, bright, tmp_path):
    return measure([tiny_model("trivial.one")], bright, results=tmp_path / "results")[0]


def test_a_result_is_read_as_it_was_written(result, tmp_path):
    path = result_path(tmp_path / "copies", "bright", "trivial.one")
    write_result(result, path)

    assert read_result(path) == result
    assert read_results(tmp_path / "copies") == [result]


def test_a_number_that_is_not_defined_is_null(result):
    undefined = {**result.metrics, "auroc": Estimate(None)}

    assert '"value": null' in type(result)(**{**vars(result), "metrics": undefined}).to_json()


@pytest.mark.parametrize("name", ["../escape", "a/b", "", ".hidden", "two words"])
def test_a_name_that_is_no_file_name_is_refused(name, tmp_path):
    with pytest.raises(ResultError, match="cannot name a result file"):
        result_path(tmp_path, "bright", name)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[:-20], "is not JSON"),
        (lambda text: text.replace('"metrics"', '"figures"').replace('"status": "ok"', '"status": 3'), "status"),
        (lambda text: text.replace('"schema": 1', '"schema": 2'), "has schema 2, this version reads 1"),
        (lambda text: "[]", "delete it and measure again"),
        (lambda text: "[" * 100_000, "nested too deeply"),
    ],
)
def test_a_damaged_file_is_named_with_its_fault(result, tmp_path, damage, message):
    path = tmp_path / "results/bright/trivial.one.json"
    path.write_text(damage(path.read_text()))

    with pytest.raises(ResultError, match=message) as raised:
        read_result(path)
    assert str(path) in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ResultError, match=r"nothing\.json: no such file"):
        read_result(tmp_path / "nothing.json")


@pytest.mark.parametrize("columns", [{}, {"p_lens": [0.5]}, {"id": ["a"], "p": ["b"]}, NO_IMAGES])
def test_predictions_that_are_none_are_named_however_well_their_hash_agrees(result, tmp_path, columns):
    path = tmp_path / "results/bright/trivial.one.parquet"
    pq.write_table(pa.table(columns), path) if columns else path.write_bytes(b"")
    forged = replace(result, hashes=result.hashes | {"predictions": sha256_of(path)})
    assert examine(path.with_suffix(".json"), forged, None, None).reason
