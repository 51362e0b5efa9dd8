"""The leaderboard shows what was measured, how sure it is, and what is missing."""

import json
import subprocess
import sys

import pytest

from zoo_core.bench.results import read_result
from zoo_core.board.leaderboard import board_of, leaderboard
from zoo_core.catalog.registry import merge, read_registry
from zoo_core.errors import ResultError

MODEL = """
  {id}:
    plugin: zoo-any
    task: {task}
    bands: [VIS]
    preprocess: [{{op: frame, size: 33}}]
    weights: {{sha256: "{sha256}", size: 1}}
    classes: [nonlens, lens]
    licence: MIT
"""
BENCHMARK = """
benchmarks:
  sky:
    dataset: finding_space
    plugin: zoo-core
    task: classification
    metrics: [auroc, tpr0]
    sha256: "{sha256}"
    summary: Lenses on the sky
"""


@pytest.fixture
def listed(tmp_path):
    """A catalogue that publishes the models given, with weights "111..." unless said otherwise."""

    def make(*models, images="2" * 64, **weights):
        entries = [MODEL.format(id=id, task="classification", sha256=weights.get(id, "1") * 64) for id in models]
        path = tmp_path / "registry.yaml"
        path.write_text("schema: 1\nmodels:" + "".join(entries) + BENCHMARK.format(sha256=images))
        return merge([read_registry(path)])

    return make


def rows(board, benchmark="sky"):
    (table,) = [table for table in board.tables if table.benchmark == benchmark]
    return {row.model: row for row in table.rows}


def test_better_models_stand_above_and_equal_ones_share_a_place(stored, listed, tmp_path):
    stored("a.bad", separation=1.0)
    stored("b.good", separation=2.5, seed=1)
    stored("c.good", separation=2.5, seed=2)

    board = board_of(tmp_path / "results", listed("a.bad", "b.good", "c.good"))

    found = rows(board)
    assert list(found)[-1] == "a.bad"
    assert {model: row.rank.place for model, row in found.items()} == {"a.bad": 3, "b.good": 1, "c.good": 1}
    assert found["b.good"].rank.high == 2


def test_a_published_model_without_result_is_shown_as_missing(stored, listed, tmp_path):
    stored("a.one")

    found = rows(board_of(tmp_path / "results", listed("a.one", "b.two")))

    assert found["b.two"].status == "missing"
    assert "| – | `b.two` | – |" in board_of(tmp_path / "results", listed("a.one", "b.two")).markdown()


def test_a_benchmark_that_nobody_took_is_shown(listed, tmp_path):
    (tmp_path / "results").mkdir()

    board = board_of(tmp_path / "results", listed("a.one"))

    assert rows(board)["a.one"].status == "missing"
    assert "nothing measured yet" in board.markdown()


def test_a_failed_cell_says_why_and_has_no_rank(stored, listed, tmp_path):
    stored("a.one", status="failed", message="RuntimeError: no such kernel", metrics={}, strata=[])
    stored("b.two")

    found = rows(board_of(tmp_path / "results", listed("a.one", "b.two")))

    assert (found["a.one"].status, found["a.one"].rank) == ("failed", None)
    assert found["b.two"].rank.place == 1
    assert "no such kernel" in board_of(tmp_path / "results", listed("a.one", "b.two")).markdown()


def test_a_result_of_other_weights_or_images_is_outdated_and_not_ranked(stored, listed, tmp_path):
    stored("a.one")
    stored("b.two")

    other_weights = rows(board_of(tmp_path / "results", listed("a.one", "b.two", **{"a.one": "3"})))
    other_images = rows(board_of(tmp_path / "results", listed("a.one", "b.two", images="3" * 64)))

    assert (other_weights["a.one"].status, other_weights["a.one"].rank) == ("outdated", None)
    assert other_weights["b.two"].status == "ok"
    assert {row.status for row in other_images.values()} == {"outdated"}


def test_a_model_in_no_registry_is_ranked_and_marked(stored, listed, tmp_path):
    stored("my.own")

    row = rows(board_of(tmp_path / "results", listed()))["my.own"]

    assert (row.status, row.rank.place) == ("unlisted", 1)


def test_what_a_reader_must_know_stands_in_the_row(stored, listed, tmp_path):
    path = stored("a.one", seen=True)

    text = board_of(tmp_path / "results", listed("a.one")).markdown()

    assert "population **seen** in training" in text
    assert "trained and measured on simulated images" in text
    assert f"tpr0 ({read_result(path).images['nonlens']:,} negatives)" in text


def test_purity_without_false_positives_is_shown_as_a_bound(stored, listed, tmp_path):
    stored("a.perfect", separation=40.0)

    assert "| ≥ 0." in board_of(tmp_path / "results", listed("a.perfect")).markdown()


def test_records_are_plain_values(stored, listed, tmp_path):
    stored("a.one")
    (record,) = board_of(tmp_path / "results", listed("a.one")).records()

    assert json.loads(json.dumps(record)) == record
    assert record["metrics"]["auroc"]["low"] < record["metrics"]["auroc"]["value"]


def test_predictions_that_are_not_those_of_the_result_are_refused(stored, listed, tmp_path):
    path = stored("a.one").with_suffix(".parquet")
    path.write_bytes(path.read_bytes() + b" ")

    with pytest.raises(ResultError, match=r"is not what a\.one was measured from"):
        board_of(tmp_path / "results", listed("a.one"))


def test_an_empty_folder_makes_a_board(tmp_path):
    assert isinstance(leaderboard(tmp_path).markdown(), str)


def test_the_board_needs_no_torch(stored, tmp_path):
    stored("a.one")
    code = "import sys; from zoo_core.board.leaderboard import leaderboard; leaderboard(sys.argv[1]).markdown();"

    child = [sys.executable, "-c", code + "assert 'torch' not in sys.modules", str(tmp_path / "results")]

    assert subprocess.run(child, timeout=280, check=False).returncode == 0
