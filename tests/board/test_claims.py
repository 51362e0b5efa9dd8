"""What a result claims is examined before a board believes it."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from zoo_core.bench.results import predictions_of, read_result, sha256_of
from zoo_core.bench.truth import truth_sha256
from zoo_core.board.leaderboard import board_of
from zoo_core.tasks import Heads

from .conftest import rows


def edited(path, change):
    """The result at `path` with its JSON changed by hand."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def rewritten(path, change):
    """The result at `path` with its predictions changed, and their hash written into the JSON as if nothing were."""
    table = pq.read_table(path.with_suffix(".parquet")).to_pydict()
    change(table)
    pq.write_table(pa.table(table), path.with_suffix(".parquet"))
    edited(path, lambda content: content["hashes"].update(predictions=sha256_of(path.with_suffix(".parquet"))))


def last_metric_first(result):
    result["metrics"] = dict(reversed(result["metrics"].items()))


def flip_labels(table):
    table["true_label"] = [1 - label for label in table["true_label"]]


def test_predictions_that_are_not_those_of_the_result_verify_nothing(stored, listed, tmp_path):
    path = stored("a.one").with_suffix(".parquet")
    path.write_bytes(path.read_bytes() + b" ")

    row = rows(board_of(tmp_path / "results", listed("a.one")))["a.one"]

    assert (row.status, row.rank) == ("not verified", None)
    assert "is not what a.one was measured from" in row.remark


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda result: result["metrics"]["auroc"].update(value=0.999), "auroc is 0.999 in the result, but 0."),
        (lambda result: result["metrics"]["auroc"].update(low=0.998), "the interval of auroc is not"),
        (lambda result: result["metrics"]["recall"].update(high=1.0), "the interval of recall is not"),
        (last_metric_first, "and auroc ranks on sky"),
        (lambda result: result["images"].update(lens=7), "numbers of images: not"),
        (lambda result: result["confusion"][0].reverse(), "confusion matrix: not"),
        (lambda result: result["operating_points"][0]["rates"].update(found=9), "operating points: not"),
        (
            lambda result: result["metrics"].update(best=result["metrics"]["auroc"]),
            "no classification metric is called",
        ),
    ],
)
def test_a_number_that_was_changed_by_hand_is_not_believed(stored, listed, tmp_path, change, reason):
    edited(stored("a.one"), change)
    stored("b.two")

    board = board_of(tmp_path / "results", listed("a.one", "b.two"))

    row = rows(board)["a.one"]
    assert (row.status, row.rank) == ("not verified", None)
    assert reason in row.remark
    assert "| – | `a.one` | – |" in board.markdown()
    assert "**not verified**: " in board.markdown()
    assert rows(board)["b.two"].rank.place == 1


def test_predictions_of_other_truth_than_the_benchmark_are_not_believed(stored, listed, tmp_path):
    path = stored("a.one")
    _, truth = predictions_of(path, read_result(path))
    known = listed("a.one", truth_sha256=truth_sha256(truth, Heads(classes=("nonlens", "lens"))))
    assert rows(board_of(tmp_path / "results", known))["a.one"].status == "ok"

    rewritten(path, flip_labels)

    remark = rows(board_of(tmp_path / "results", known))["a.one"].remark
    assert "ids and truth of its predictions are not those of sky" in remark


def test_an_image_that_counts_twice_is_noticed(stored, listed, tmp_path):
    path = stored("a.one")
    rewritten(path, lambda table: table["id"].__setitem__(1, table["id"][0]))

    row = rows(board_of(tmp_path / "results", listed("a.one")))["a.one"]

    assert (row.status, row.remark) == ("not verified", "an image is there twice in its predictions")


def test_simulated_images_are_not_sold_as_real(stored, listed, tmp_path):
    edited(stored("a.one"), lambda result: result["dataset"].update(domain="real"))

    row = rows(board_of(tmp_path / "results", listed("a.one")))["a.one"]

    assert (row.status, row.remark) == ("not verified", "its images are declared real, those of patch are simulated")


def test_a_result_under_the_name_of_another_model_is_not_believed(stored, listed, tmp_path):
    path = stored("a.one")
    path.rename(path.with_name("b.two.json"))

    found = rows(board_of(tmp_path / "results", listed("a.one")))

    assert found["b.two"].status == "not verified" and "b.two.json is of 'a.one' on 'sky'" in found["b.two"].remark
    assert found["a.one"].status == "missing"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda path: path.write_text("no JSON"), "is not JSON"),
        (lambda path: path.write_bytes(b""), "is not JSON"),
        (lambda path: path.write_text("[" * 100_000), "nested too deeply"),
        (lambda path: forget(path, "settings", "classes"), "settings.classes is None"),
        (lambda path: forget(path, "settings", "prior"), "settings.prior is missing"),
        (lambda path: forget(path, "hashes", "predictions"), "hashes.predictions is missing"),
        (lambda path: forget(path, "dataset", "domain"), "dataset.domain is missing"),
        (lambda path: (path.unlink(), path.mkdir()), "folder"),
    ],
)
def test_a_file_that_is_no_result_is_a_row_and_costs_no_other(stored, listed, tmp_path, change, says):
    stored("a.one")
    change(stored("b.two"))

    board = board_of(tmp_path / "results", listed("a.one", "b.two"))

    found = rows(board)
    assert (found["a.one"].status, found["b.two"].status) == ("ok", "not verified")
    assert says in found["b.two"].remark and says in board.markdown().replace("\\", "")
    assert [record["model"] for record in board.records()].count("b.two") == 1


def test_no_name_of_a_file_is_more_than_a_name(stored, listed, tmp_path):
    path = stored("a.one")
    strange = path.with_name("`<img src=x onerror=alert(1)>`.json")
    strange.write_text(path.read_text().replace('"a.one"', json.dumps(strange.stem)))
    strange.with_suffix(".parquet").write_bytes(path.with_suffix(".parquet").read_bytes())

    board = board_of(tmp_path / "results", listed("a.one"))

    assert rows(board)["a.one"].status == "ok"
    (row,) = [line for line in board.markdown().splitlines() if "not verified" in line]
    assert "`'<img src=x onerror=alert(1)>'`" in row and row.count("<img") == 1


def forget(path, field, name):
    """Take a name out of a field of the result at that path."""
    content = json.loads(path.read_text())
    del content[field][name]
    path.write_text(json.dumps(content))


def test_what_was_examined_is_remembered_until_something_changes(stored, listed, tmp_path, cache_folder):
    path = stored("a.one")
    first = board_of(tmp_path / "results", listed("a.one"))
    (kept,) = [one for one in cache_folder.rglob("*.json") if b'"name": "examination' in one.read_bytes()]
    written = kept.stat().st_mtime_ns

    assert board_of(tmp_path / "results", listed("a.one")) == first
    assert kept.stat().st_mtime_ns == written

    edited(path, lambda result: result["metrics"]["auroc"].update(value=0.999))
    assert rows(board_of(tmp_path / "results", listed("a.one")))["a.one"].status == "not verified"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"state": 3}', b"\xff"])
def test_a_damaged_memory_is_made_again(stored, listed, tmp_path, cache_folder, content):
    stored("a.one")
    first = board_of(tmp_path / "results", listed("a.one"))
    for kept in cache_folder.rglob("*.json"):
        kept.write_bytes(content)

    assert board_of(tmp_path / "results", listed("a.one")) == first
