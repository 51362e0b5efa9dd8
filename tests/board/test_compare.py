"""Two models are compared on the same images."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import zoo_core as zoo
from zoo_core.bench.results import predictions_of, read_result, sha256_of, write_result
from zoo_core.board.compare import compare, disputed, paired
from zoo_core.errors import ResultError, UnknownNameError
from zoo_core.metric import NoInterval
from zoo_core.scores import ColumnScores, Scores


@pytest.fixture
def pair(stored, tmp_path):
    """A bad and a good finder on the same 400 images."""
    for model, separation in (("a.bad", 1.0), ("b.good", 3.0)):
        stored(model, separation=separation, images=400)
    return tmp_path / "results"


def test_the_better_model_is_better_with_an_interval_of_the_difference(pair):
    found = compare("a.bad", "b.good", "sky", pair)

    auroc = found.metrics[0]
    assert (auroc.name, auroc.better) == ("auroc", "b.good")
    assert auroc.difference == auroc.first - auroc.second
    assert auroc.low < auroc.difference < auroc.high < 0


def test_a_model_cannot_be_told_from_itself(pair):
    found = compare("a.bad", "a.bad", "sky", pair)

    apart = {one.name: (one.difference, one.low, one.high, one.better) for one in found.metrics}
    assert apart.pop("tpr0") == (0.0, None, None, "")  # which has no interval
    assert set(apart.values()) == {(0.0, 0.0, 0.0, "")}


@pytest.mark.parametrize(("second", "better"), [(-0.1, ""), (-0.2, "a.one"), (0.05, "b.two")])
def test_of_a_bias_the_distances_to_none_are_compared(second, better):
    bias = zoo.Metric("bias", "regression", NoInterval(lambda scores, truth: 0.0), ideal=0.0)
    noise = np.random.default_rng(0).normal(0, 0.005, (2, 100))

    found = paired(bias, ("a.one", "b.two"), (0.1, second), (0.1 + noise[0], second + noise[1]))

    assert (found.first, found.second, found.better) == (0.1, second, better)
    assert found.difference == pytest.approx(0.1 - abs(second))
    assert found.low < found.difference < found.high


def test_the_pairing_makes_the_interval_narrower_than_that_of_either_model(pair):
    auroc = compare("a.bad", "b.good", "sky", pair).metrics[0]

    own = [read_result(pair / "sky" / f"{name}.json").metrics["auroc"] for name in ("a.bad", "b.good")]
    assert auroc.high - auroc.low < sum(one.high - one.low for one in own)


def test_the_images_of_which_they_say_most_different_things_come_first(pair):
    found = compare("a.bad", "b.good", "sky", pair, shown=3)

    columns = [predictions_of(path, read_result(path))[0]["p_lens"] for path in sorted(pair.glob("sky/*.json"))]
    apart = np.sort(np.abs(columns[0] - columns[1]))[::-1][:3]
    assert found.quantity == "p_lens"
    assert [abs(one.first - one.second) for one in found.disagreements] == pytest.approx(apart)


@dataclass(frozen=True)
class CountScores(Scores):
    """Scores of a task that compares nothing by itself."""

    kinds: np.ndarray
    rate: np.ndarray

    def at(self, rows):
        return replace(self, kinds=self.kinds[rows], rate=self.rate[rows])


def test_scores_of_another_task_are_compared_by_their_first_numbers(stored, tmp_path):
    stored("a.bad", images=3)
    result = read_result(tmp_path / "results" / "sky" / "a.bad.json")
    first, second = (CountScores(np.array(["a", "b", "c"]), np.array(rate)) for rate in ([1.0, 2, 3], [1.0, 5, 4]))

    assert disputed(first, second, result, 1) == [1]


def test_restored_images_are_compared_by_the_first_number_of_each(stored, tmp_path):
    stored("a.bad", images=3)
    result = read_result(tmp_path / "results" / "sky" / "a.bad.json")
    ids = np.array(["x", "y", "z"])
    first, second = (ColumnScores({"id": ids, "psnr": np.array(psnr)}) for psnr in ([30.0, 34, 38], [31.0, 20, 43]))

    assert disputed(first, second, result, 2) == [1, 2]


def test_models_on_other_images_are_not_compared(pair, stored):
    stored("c.other", images=300)

    with pytest.raises(ResultError, match=r"a\.bad and c\.other were measured on other images of sky \(400 and 300\)"):
        compare("a.bad", "c.other", "sky", pair)


def rewritten(path, **columns):
    """Change columns of the predictions behind a result, which stays that of its file."""
    table = pq.read_table(path.with_suffix(".parquet"))
    changed = {name: table[name] for name in table.column_names} | columns
    pq.write_table(pa.table(changed), path.with_suffix(".parquet"))
    result = read_result(path)
    hashes = result.hashes | {"predictions": sha256_of(path.with_suffix(".parquet"))}
    write_result(replace(result, hashes=hashes), path)


def test_which_images_differ_is_said(pair):
    path = pair / "sky" / "b.good.json"
    ids = pq.read_table(path.with_suffix(".parquet"))["id"].to_pylist()
    rewritten(path, id=pa.array(["another", *ids[1:]]))

    with pytest.raises(ResultError, match=r"of sky \(1 of 400 differ\); measure both again"):
        compare("a.bad", "b.good", "sky", pair)


@pytest.mark.parametrize(
    ("first", "second", "on", "error", "message"),
    [
        ("a.bad", "b.god", "sky", UnknownNameError, r"no model is called 'b\.god'; did you mean b\.good"),
        ("a.bad", "b.good", "finding_spce", UnknownNameError, r"'finding_spce'; did you mean finding_space"),
        (
            "lastro.space",
            "edsr.denoise",
            "finding_space",
            ResultError,
            r"lastro\.space was not measured on finding_space",
        ),
        ("edsr.denoise", "a.bad", "finding_space", ResultError, "is for restoration, and finding_space measures class"),
    ],
)
def test_a_comparison_that_cannot_be_says_which_name_is_wrong(pair, first, second, on, error, message):
    with pytest.raises(error, match=message):
        compare(first, second, on, pair)


def test_models_of_two_tasks_are_not_compared(pair):
    path = pair / "sky" / "b.good.json"
    write_result(replace(read_result(path), task="clustering"), path)

    with pytest.raises(ResultError, match=r"a\.bad was measured for classification, b\.good for clustering"):
        compare("a.bad", "b.good", "sky", pair)


@pytest.mark.parametrize(("factor", "same"), [(1 + 2e-5, True), (1 + 1e-3, False)])
def test_truths_that_differ_by_rounding_are_those_of_the_same_images(pair, factor, same):
    for name, by in (("a.bad", 1.0), ("b.good", factor)):
        path = pair / "sky" / f"{name}.json"
        rewritten(path, true_arc_snr=pa.array(np.linspace(10, 90, 400) * by))

    if same:
        assert compare("a.bad", "b.good", "sky", pair).metrics
    else:
        with pytest.raises(ResultError, match="their truth differs in arc_snr"):
            compare("a.bad", "b.good", "sky", pair)


@pytest.mark.parametrize("forged", ["a word", None])
def test_predictions_of_which_nothing_can_be_computed_are_one_line(pair, forged):
    path = pair / "sky" / "a.bad.json"
    table = pq.read_table(path.with_suffix(".parquet"))
    columns = {name: table[name] for name in table.column_names} | {"p_lens": [forged] * len(table)}
    pq.write_table(pa.table(columns), path.with_suffix(".parquet"))
    result = read_result(path)
    sha256 = sha256_of(path.with_suffix(".parquet"))
    write_result(replace(result, hashes=result.hashes | {"predictions": sha256}), path)

    with pytest.raises(ResultError, match=r"a\.bad and b\.good cannot be compared on sky"):
        compare("a.bad", "b.good", "sky", pair)


def test_results_that_name_other_classes_are_one_line(pair):
    path = pair / "sky" / "a.bad.json"
    write_result(replace(read_result(path), images={"lens": 1}), path)

    with pytest.raises(ResultError, match="cannot be compared"):
        compare("a.bad", "b.good", "sky", pair)
