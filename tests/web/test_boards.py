"""Pages by subject: two metrics of a detector in one row, and the numbers of others apart from ours."""

from dataclasses import replace

import numpy as np
import pytest

from zoo_core.bench.metrics.named import select
from zoo_core.bench.results import read_result
from zoo_core.bench.summary import summarise
from zoo_core.board.boards import subjects
from zoo_core.board.leaderboard import board_of
from zoo_core.catalog.registry import catalog
from zoo_core.scores import AnomalyScores
from zoo_core.tasks import Heads, task_named
from zoo_core.web.filling import Filling
from zoo_core.web.site import site_of

from ..stored_results import MadeUp, store_result

HEADS = Heads(classes=("no_sub", "sub"))


def detecting(results):
    """A function that stores the result of a detector of some quality, `store("a", "slc2020", separation=2.0)`."""

    def store(model, benchmark, separation):
        label = np.arange(400) % 2
        truth = {"id": np.arange(400).astype(str), "label": label}
        score = np.random.default_rng(0).normal(separation * label)
        metrics = select(["auroc", "tpr_at_fpr_1e-1"], "anomaly", task_named("anomaly").metrics(HEADS))
        numbers = summarise(AnomalyScores(score), truth, metrics, HEADS, {})
        made = MadeUp("anomaly", {"anomaly_score": score}, truth, numbers)
        return read_result(store_result(results, model, benchmark, made, seen=True))

    return store


@pytest.fixture(scope="module")
def chapter(tmp_path_factory):
    """The page of anomalies, of a detector with both figures and one with the first alone."""
    results, listed = tmp_path_factory.mktemp("boards") / "results", any_truth(catalog())
    store = detecting(results)
    both = [store("any.both", "slc2020", 3.0), store("any.both", "slc2020_marginalised", 1.0)]
    store("any.first", "slc2020", 2.0)
    site = site_of(board_of(results, listed), listed, None, "", {})
    return next(one for one in site.chapters if one.subject.name == "anomaly"), both, site


def any_truth(listed):
    """The catalogue, with benchmarks whose truth nothing is known of: that of these results is made up."""
    benchmarks = {name: replace(spec, truth_sha256=None) for name, spec in listed.benchmarks.items()}
    return replace(listed, benchmarks=benchmarks)


def test_both_figures_of_a_detector_stand_in_one_row(chapter):
    anomaly, both, _ = chapter

    heads, rows = anomaly.side_by_side()

    assert heads == ["challenge", "marginalised"]
    assert [row.result.metrics["auroc"] for row in dict(rows)["any.both"]] == [one.metrics["auroc"] for one in both]
    assert dict(rows)["any.first"][1] is None


def test_numbers_of_others_come_last_and_are_marked(chapter):
    page = dict(Filling(chapter[2]).pages())["anomaly.html"]

    ours, others = page.split("<h2>Published by others")
    assert "<strong>Other data</strong>" in others
    assert "Model A" in others and "Model A" not in ours
    assert "any.both" not in others


def test_detectors_have_a_curve_and_a_distribution_of_scores_by_class(chapter):
    anomaly = chapter[0]

    (view,) = [one for one in anomaly.views if one.id == "slc2020"]
    plots = {plot.name: plot.records for plot in view.shown.plots}
    assert set(plots) == {"roc", "scores-any.both", "scores-any.first"}
    assert {record["class"] for record in plots["scores-any.both"]} == {"no_sub", "sub"}


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
