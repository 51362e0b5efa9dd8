"""Predictions without truth are scored by whoever keeps it; rows that are missing, doubled or others are named."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

from zoo_core.bench.hidden import score_predictions
from zoo_core.bench.opened import with_data
from zoo_core.bench.results import read_result, result_path
from zoo_core.bench.truth import truth_sha256
from zoo_core.bench.verification import HIDDEN
from zoo_core.board.leaderboard import board_of
from zoo_core.catalog.registry import catalog
from zoo_core.catalog.specs import BenchmarkSpec
from zoo_core.errors import ArgumentError, ResultError

IDS = np.array([f"{k:03d}" for k in range(40)])
LABEL = np.arange(40) % 2


@pytest.fixture
def test_set(tiny_model, tmp_path, listed):
    """The hidden benchmark, listed; a model, and the tables of both sides."""
    model = tiny_model("trivial.one")
    heads = model.heads
    spec = BenchmarkSpec(
        "hidden_test", "folder", "classification", ("auroc", "recall"), hidden=True,
        truth_sha256=truth_sha256({"id": IDS, "label": LABEL}, heads),
    )  # fmt: skip
    listed(spec)
    names = [heads.classes[k] for k in LABEL]
    Table({"id": IDS, "label": names}).write(tmp_path / "truth.csv")
    p = np.where(LABEL == 1, 0.7, 0.3) + np.random.default_rng(0).normal(0, 0.2, 40)
    rows = {"id": IDS, "path": IDS, "status": ["ok"] * 40, "message": [""] * 40, "p_lens": p.clip(0, 1)}
    return model.spec.source.removesuffix("/config.json"), spec, rows


def write(path, rows, order=slice(None)):
    pq.write_table(pa.table({name: np.array(values)[order] for name, values in rows.items()}), path)
    return path


def test_a_complete_table_in_any_order_becomes_a_row_that_says_so(test_set, tmp_path):
    model, _, rows = test_set
    shuffled = write(tmp_path / "predictions.parquet", rows, np.random.default_rng(1).permutation(40))

    result = score_predictions(shuffled, tmp_path / "truth.csv", model, "hidden_test", tmp_path / "results")

    positive = rows["p_lens"][LABEL == 1]
    assert result.metrics["recall"].value == pytest.approx(np.mean(positive >= 0.5))
    assert read_result(result_path(tmp_path / "results", "hidden_test", "trivial.one")).images == {
        "nonlens": 20,
        "lens": 20,
    }
    (table,) = [one for one in board_of(tmp_path / "results", catalog()).tables if one.benchmark == "hidden_test"]
    (row,) = [row for row in table.rows if row.measured]
    assert (row.status, row.badge) == ("unlisted", HIDDEN) and row.rank is not None


def missing(rows):
    return {name: values[:-2] for name, values in rows.items()}


def twice(rows):
    return {name: [*values, values[0]] for name, values in rows.items()}


def others(rows):
    return rows | {"id": [*IDS[:-1], "another"]}


def unread(rows):
    return rows | {"status": ["error", *["ok"] * 39]}


@pytest.mark.parametrize(
    "change, message",
    [
        (missing, r"2 rows are missing \(038, 039\)"),
        (twice, r"1 rows are there twice \(000\)"),
        (others, r"1 rows are missing \(039\); 1 rows are of other images \(another\)"),
        (unread, r"1 rows could not be read, see their `message` \(000\)"),
        (lambda rows: rows | {"p_lens": [np.nan, *rows["p_lens"][1:]]}, "p_lens of 000 is not a finite number"),
        (lambda rows: {"id": IDS}, "has no column p_lens"),
    ],
)
def test_a_table_that_is_not_of_the_test_is_refused_and_nothing_is_written(test_set, tmp_path, change, message):
    model, _, rows = test_set
    path = write(tmp_path / "predictions.parquet", change(rows))

    with pytest.raises(ResultError, match=message):
        score_predictions(path, tmp_path / "truth.csv", model, "hidden_test", tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_another_truth_than_the_one_that_was_fixed_is_refused(test_set, tmp_path):
    model, _, rows = test_set
    path = write(tmp_path / "predictions.parquet", rows)
    text = (tmp_path / "truth.csv").read_text()
    (tmp_path / "truth.csv").write_text(text.replace("000,nonlens", "000,lens"))

    with pytest.raises(ResultError, match="not the truth that was fixed"):
        score_predictions(path, tmp_path / "truth.csv", model, "hidden_test", tmp_path / "results")


def test_nobody_measures_on_a_hidden_test_and_nobody_hides_what_is_open(test_set, listed, tmp_path):
    model, spec, rows = test_set
    with pytest.raises(ArgumentError, match="is a hidden test: `zoo predict` its images"):
        with_data(spec, None, None)

    listed(replace(spec, id="open_test", hidden=False))
    path = write(tmp_path / "predictions.parquet", rows)
    with pytest.raises(ArgumentError, match="is no hidden test"):
        score_predictions(path, tmp_path / "truth.csv", model, "open_test", tmp_path / "results")
