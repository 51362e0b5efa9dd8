"""Pages by subject: two figures of a detector in one row, and the numbers of others apart from ours."""

from dataclasses import replace

import numpy as np
import pytest

from zoo_core.bench.metrics.named import select
from zoo_core.bench.results import Result, result_path, sha256_of, write_predictions, write_result
from zoo_core.bench.summary import summarise
from zoo_core.board.boards import subjects
from zoo_core.board.leaderboard import board_of
from zoo_core.board.pages import write_pages
from zoo_core.catalog.registry import catalog
from zoo_core.scores import AnomalyScores
from zoo_core.tasks import Heads, task_named

HEADS = Heads(classes=("no_sub", "sub"))


def detecting(results):
    """A function that stores the result of a detector of some quality, `store("a", "slc2020", separation=2.0)`."""

    def store(model, benchmark, separation):
        label = np.arange(400) % 2
        truth = {"id": np.arange(400).astype(str), "label": label}
        score = np.random.default_rng(0).normal(separation * label)
        path = result_path(results, benchmark, model)
        write_predictions({"anomaly_score": score}, truth, path)
        metrics = select(["auroc", "tpr_at_fpr_1e-1"], "anomaly", task_named("anomaly").metrics(HEADS))
        numbers = summarise(AnomalyScores(score), truth, metrics, HEADS, {})
        hashes = {"weights": "1" * 64, "dataset": "2" * 64, "predictions": sha256_of(path.with_suffix(".parquet"))}
        result = Result(
            model=model,
            benchmark=benchmark,
            task="anomaly",
            status="ok",
            key="0" * 64,
            hashes=hashes,
            settings={"classes": [], "parameters": [], "prior": [], "bands": ["grey"]},
            environment={},
            machine={},
            dataset={"name": "slc2020", "version": "1", "domain": "simulated"},
            trained_on="simulated",
            seen=True,
            measured="2026-01-01",
            **vars(numbers),
        )
        write_result(result, path)
        return result

    return store


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of a detector with both figures and of one with the first alone; and the results of the former."""
    place = tmp_path_factory.mktemp("boards")
    store = detecting(place / "results")
    both = [store("any.both", "slc2020", 3.0), store("any.both", "slc2020_marginalised", 1.0)]
    store("any.first", "slc2020", 2.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(place / "cache"))
        write_pages(board_of(place / "results", any_truth(catalog())), place / "pages")
    return place / "pages", both


@pytest.fixture
def page(pages):
    """The page of anomalies, and the results of the detector with both figures."""
    folder, both = pages
    return (folder / "anomaly.md").read_text(), both


def any_truth(listed):
    """The catalogue, with benchmarks whose truth nothing is known of: that of these results is made up."""
    benchmarks = {name: replace(spec, truth_sha256=None) for name, spec in listed.benchmarks.items()}
    return replace(listed, benchmarks=benchmarks)


def test_both_figures_of_a_detector_stand_in_one_row_with_their_intervals(page):
    text, both = page

    (row,) = [row for row in text.split("\n## ")[1].splitlines() if row.startswith("| `any.both`")]
    for result in both:
        estimate = result.metrics["auroc"]
        assert f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]" in row


def test_a_figure_that_is_missing_is_a_dash(page):
    (row,) = [row for row in page[0].split("\n## ")[1].splitlines() if row.startswith("| `any.first`")]

    assert row.split("|")[3].strip() == "–"


def test_numbers_of_others_come_last_and_are_marked(page):
    ours, others = page[0].split("## Published by others")

    assert "**Other data**" in others
    assert "Model A" in others and "Model A" not in ours
    assert "any.both" not in others


def test_detectors_have_a_curve_and_a_distribution_of_scores_by_class(pages):
    plots = pages[0] / "plots"

    assert {path.name for path in plots.glob("slc2020-*")} == {"slc2020-roc.svg", "slc2020-scores.svg"}
    assert ">no_sub<" in (plots / "slc2020-scores.svg").read_text()


def test_every_benchmark_of_a_page_is_in_the_registry():
    listed = catalog().benchmarks

    for subject in subjects():
        named = [*subject.benchmarks, *(subject.side_by_side.columns.values() if subject.side_by_side else ())]
        assert set(named) <= set(listed)


def test_published_rows_have_a_cell_a_column():
    for subject in subjects():
        for table in subject.published:
            assert {len(row) for row in table.rows} == {len(table.columns)}
            assert all(isinstance(text, str) for row in table.rows for text in row)
