"""The leaderboard shows what was measured, how sure it is, and what is missing."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import zoo_core as zoo
from zoo_core.bench.results import predictions_of, read_result
from zoo_core.bench.truth import truth_sha256
from zoo_core.board.leaderboard import BoardFilter, board_of, leaderboard
from zoo_core.board.markdown import NOTES
from zoo_core.catalog.measured import published_results
from zoo_core.catalog.registry import catalog
from zoo_core.errors import ResultError, UnknownNameError
from zoo_core.tasks import Heads

from ..bench.conftest import storing
from .conftest import rows


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


@pytest.mark.parametrize(
    "benchmark, other", [("restoration_denoise", "sersic_filter.deblend"), ("restoration_deblend", "unet.denoise")]
)
def test_what_restores_something_else_is_not_missing(tmp_path, benchmark, other):
    measured = tmp_path / benchmark / "no_filter.observed.json"
    measured.parent.mkdir()
    measured.write_bytes((published_results() / benchmark / measured.name).read_bytes())

    found = rows(board_of(tmp_path, catalog(), BoardFilter(on=benchmark)), benchmark)

    assert other not in found
    assert {row.status for name, row in found.items() if name != "no_filter.observed"} == {"missing"}


def test_results_of_ones_own_stand_among_those_that_are_published(stored, listed, tmp_path):
    storing(tmp_path / "published")("b.two", separation=3.0)
    storing(tmp_path / "published")("a.one", separation=3.0)
    stored("a.one", separation=1.0)

    board = board_of(tmp_path / "results", listed("a.one", "b.two"), behind=(tmp_path / "published",))

    found = rows(board)
    assert (found["b.two"].status, found["b.two"].rank.place, found["a.one"].rank.place) == ("ok", 1, 2)
    assert found["a.one"].result.metrics == read_result(tmp_path / "results/sky/a.one.json").metrics


def test_benchmarks_that_nobody_took_come_last_in_a_line_each(stored, listed, tmp_path):
    stored("b.two", benchmark="zenith")
    known = listed("a.one", "b.two")

    text = board_of(tmp_path / "results", known).markdown()

    assert text.index("## zenith") < text.index("## Not measured yet") < text.index("- `sky`: ")
    assert "not measured |" not in text.partition("## Not measured yet")[2]


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

    text = board_of(tmp_path / "results", listed("a.one", trained_on="patch")).markdown()

    assert "**trained on this population**" in text
    assert "trained and measured on simulated images" in text
    assert f"tpr0 ({read_result(path).images['nonlens']:,} negatives)" in text


def test_purity_without_false_positives_is_shown_as_a_bound(stored, listed, tmp_path):
    stored("a.perfect", separation=40.0)

    assert "| ≥ 0." in board_of(tmp_path / "results", listed("a.perfect")).markdown()


def test_the_board_ends_with_a_list_of_what_stands_on_it(stored, listed, tmp_path):
    stored("a.one")

    *_, last = board_of(tmp_path / "results", listed("a.one")).markdown().strip().split("\n\n")

    assert [line.split("*")[1] for line in last.splitlines()] == [name for name, _ in NOTES]


def test_records_are_plain_values(stored, listed, tmp_path):
    stored("a.one")
    (record,) = board_of(tmp_path / "results", listed("a.one")).records()

    assert json.loads(json.dumps(record)) == record
    assert record["metrics"]["auroc"]["low"] < record["metrics"]["auroc"]["value"]


def test_the_board_needs_no_torch_and_what_is_remembered_no_scipy(stored, tmp_path):
    stored("a.one")
    code = "import sys; from zoo_core.board.leaderboard import leaderboard; leaderboard(sys.argv[1]).markdown();"
    seen = "print(*[name for name in ('scipy', 'torch') if name in sys.modules])"
    child = [sys.executable, "-c", code + seen, str(tmp_path / "results")]

    answers = [subprocess.run(child, check=True, capture_output=True, text=True).stdout for _ in range(2)]

    assert [answer.split() for answer in answers] == [["scipy"], []]


def test_the_board_of_one_benchmark_or_of_one_task(stored, listed, tmp_path):
    stored("a.one")
    stored("a.one", benchmark="sea")
    results, known = tmp_path / "results", listed("a.one")

    assert [table.benchmark for table in board_of(results, known, BoardFilter(on="sea")).tables] == ["sea"]
    assert [table.benchmark for table in board_of(results, known, BoardFilter(task="classification")).tables] == [
        "sea",
        "sky",
    ]
    assert board_of(results, known, BoardFilter(task="regression")).tables == ()
    with pytest.raises(UnknownNameError, match="no benchmark is called 'skye'; did you mean sky"):
        board_of(results, known, BoardFilter(on="skye"))
    with pytest.raises(UnknownNameError, match="no task is called 'regresion'; did you mean regression"):
        board_of(results, known, BoardFilter(task="regresion"))


def test_in_another_folder_the_results_of_the_project_are_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert published_results() == Path(zoo.__file__).parents[1] / "docs/leaderboard/results"


def test_the_words_of_others_are_text(stored, listed, tmp_path):
    words = "KeyError: <img src=x onerror=alert(1)> [a](javascript:b) `c` \\\\| d"
    stored("a.one", status="failed", message=words, metrics={}, strata=[])

    text = board_of(tmp_path / "results", listed("a.one")).markdown()

    assert "<img" not in text and "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "[a](" not in text
    (row,) = [line for line in text.splitlines() if "a.one" in line]
    assert len(re.split(r"(?<!\\)(?:\\\\)*\|", row)) == 5  # rank, model, notes, and the edges


def test_a_folder_of_results_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ResultError, match="no such folder of results"):
        leaderboard(tmp_path / "nowhere")


def test_an_empty_folder_makes_a_board(tmp_path):
    assert isinstance(leaderboard(tmp_path).markdown(), str)


def test_what_is_said_of_the_training_is_that_of_the_entry(stored, listed, tmp_path):
    stored("a.one")

    row = rows(board_of(tmp_path / "results", listed("a.one", trained_on="patch")))["a.one"]

    assert (row.status, row.badge) == ("not verified", "")
    assert row.remark == "it says that the model was not trained on patch, its entry says otherwise"


def test_training_on_the_images_of_a_benchmark_is_marked(stored, listed, tmp_path):
    stored("a.one")

    board = board_of(tmp_path / "results", listed("a.one", trained_on="finding_space"))

    assert rows(board)["a.one"].overlap == "images"
    assert "**trained on images of this benchmark**" in board.markdown()


def test_a_row_says_how_far_it_was_verified_and_the_self_reported_can_be_hidden(stored, listed, tmp_path):
    path = stored("a.one")
    _, truth = predictions_of(path, read_result(path))
    pinned = listed("a.one", "b.two", truth_sha256=truth_sha256(truth, Heads(classes=("nonlens", "lens"))))
    results = tmp_path / "results"

    assert rows(board_of(results, listed("a.one")))["a.one"].badge == "self-reported"
    assert rows(board_of(results, pinned))["a.one"].badge == "recomputed"
    assert rows(board_of(results, listed("a.one", "b.two"), BoardFilter(verified=True))) == {}
    assert list(rows(board_of(results, pinned, BoardFilter(verified=True)))) == ["a.one"]


def test_rows_can_be_ordered_by_another_metric(stored, listed, tmp_path):
    stored("a.one", separation=2.0, seed=1)
    stored("b.two", separation=2.0, seed=2)
    results, known = tmp_path / "results", listed("a.one", "b.two")

    recall = {model: row.result.metrics["recall"].value for model, row in rows(board_of(results, known)).items()}

    assert list(rows(board_of(results, known, BoardFilter(sort="recall")))) == sorted(
        recall, key=recall.get, reverse=True
    )
    with pytest.raises(UnknownNameError, match="did you mean recall"):
        board_of(results, known, BoardFilter(sort="recal"))


def test_only_benchmarks_of_simulated_or_of_real_images(stored, listed, tmp_path):
    stored("a.one")
    results, known = tmp_path / "results", listed("a.one")

    assert [table.benchmark for table in board_of(results, known, BoardFilter(domain="simulated")).tables] == ["sky"]
    assert board_of(results, known, BoardFilter(domain="real")).tables == ()
    with pytest.raises(UnknownNameError, match="no domain is called 'reel'; did you mean real"):
        board_of(results, known, BoardFilter(domain="reel"))
