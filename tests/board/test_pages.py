"""The pages of the leaderboard stand on their own."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from zoo_core.bench.results import (
    Result,
    read_result,
    result_path,
    scores_of,
    sha256_of,
    write_predictions,
    write_result,
)
from zoo_core.bench.summary import summarise
from zoo_core.board.leaderboard import leaderboard
from zoo_core.board.pages import write_pages
from zoo_core.board.plots import Ranked, roc_points
from zoo_core.tasks import Heads, task_named

from ..bench.conftest import storing


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("board")
    store = storing(place / "results")
    store("a.one", separation=1.5)
    store("b.two", separation=2.5)
    store("c.three", status="failed", message="ValueError: <script>alert(1)</script>", metrics={}, strata=[])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(place / "cache"))
        write_pages(leaderboard(place / "results"), place / "pages")
    return place / "pages"


class Links(HTMLParser):
    """Collects tags, and what they would fetch."""

    def __init__(self):
        super().__init__()
        self.tags, self.fetched = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.fetched += [value for name, value in attrs if name in ("src", "href") and not value.startswith("#")]


def parsed(path):
    page = Links()
    page.feed(path.read_text())
    return page


def test_the_html_page_fetches_nothing(folder):
    page, text = parsed(folder / "board.html"), (folder / "board.html").read_text()

    assert page.fetched == []
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)  # clip paths of the plots are inside the page


def test_the_html_page_fits_a_phone_and_can_be_sorted(folder):
    text = (folder / "board.html").read_text()

    assert "width=device-width" in text
    assert "overflow-x: auto" in text
    assert parsed(folder / "board.html").tags.count("button") >= 7  # one a column of the main table
    assert 'data-value="0.' in text


def test_what_a_model_says_is_shown_and_not_run(folder):
    text = (folder / "board.html").read_text()

    assert "&lt;script&gt;alert(1)" in text
    assert parsed(folder / "board.html").tags.count("script") == 1


def test_every_picture_of_the_markdown_page_is_there_and_is_svg(folder):
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", (folder / "index.md").read_text())

    assert [path.split("-", 1)[1] for path in pictures] == ["roc.svg", "completeness-theta_E.svg", "reliability.svg"]
    for path in pictures:
        assert ElementTree.parse(folder / path).getroot().tag.endswith("svg")


def test_strata_are_tabled_for_every_model(folder):
    text = (folder / "index.md").read_text()

    assert "### By theta_E" in text
    assert re.search(r"\| ring \| FPR 0\.\d+ \[0\.\d+, 0\.\d+\] \| FPR ", text)
    assert re.search(r"\| 1 to 2 \| 0\.\d+ \[0\.\d+, 0\.\d+\] \| 0\.", text)


def test_pages_are_the_same_whenever_the_results_are(folder, tmp_path):
    write_pages(leaderboard(folder.parent / "results"), tmp_path / "again")

    for path in folder.rglob("*"):
        if path.is_file():
            assert (tmp_path / "again" / path.relative_to(folder)).read_bytes() == path.read_bytes()


def test_the_drawn_roc_curve_lies_on_the_exact_one(stored):
    path = stored("a.one")
    result = read_result(path)
    measured = Ranked.of(result, *scores_of(path, result))
    positive, scores = measured.ranking.positive, measured.ranking.scores
    exact_fpr, exact_tpr, _ = roc_curve(positive, scores, drop_intermediate=False)

    fpr, tpr = roc_points(measured, least=1e-4)

    assert len(fpr) > 100
    for x, y in zip(fpr[fpr > 1e-4], tpr[fpr > 1e-4], strict=True):
        assert y == exact_tpr[np.isclose(exact_fpr, x)].max()


def test_a_board_without_results_has_pages(tmp_path):
    paths = write_pages(leaderboard(tmp_path), tmp_path / "pages")

    pages = ["substructure.md", "anomaly.md", "clustering.md", "index.md", "board.html"]
    assert [path.name for path in paths] == pages


@pytest.fixture
def three_classes(tmp_path):
    """The page of a classifier of three classes and of a clustering with a cluster too many."""
    label = np.arange(60) % 3
    truth = {"id": np.arange(60).astype(str), "label": label}
    for task, names in (("classification", ("no", "sphere", "vort")), ("clustering", range(4))):
        called = np.where(np.arange(60) < 3, 3 if task == "clustering" else 0, label)
        columns = {f"p_{name}": (called == k).astype(float) for k, name in enumerate(names)}
        columns |= {"cluster": called} if task == "clustering" else {}
        store_result(tmp_path / "results", f"sky_{task}", task, names, columns, truth)
    write_pages(leaderboard(tmp_path / "results"), tmp_path / "pages")
    return tmp_path / "pages"


def store_result(results, benchmark, task, names, columns, truth):
    heads = Heads(classes=("no", "sphere", "vort"))
    path = result_path(results, benchmark, "any.one")
    write_predictions(columns, truth, path)
    scores = task_named(task).scores(columns, Heads(classes=tuple(map(str, names))))
    result = Result(
        model="any.one",
        benchmark=benchmark,
        task=task,
        status="ok",
        key="0" * 64,
        hashes={"weights": "1" * 64, "dataset": "2" * 64, "predictions": sha256_of(path.with_suffix(".parquet"))},
        settings={"classes": [str(name) for name in names], "parameters": [], "prior": [], "bands": ["VIS"]},
        environment={},
        machine={},
        dataset={"name": "patch", "version": "1", "domain": "simulated"},
        trained_on="simulated",
        seen=False,
        measured="2026-01-01",
        **vars(summarise(scores, truth, task_named(task).metrics(heads), heads, {})),
    )
    write_result(result, path)


def test_several_classes_have_a_curve_each_and_a_confusion_matrix(three_classes):
    plots = {path.name for path in (three_classes / "plots").iterdir()}

    names = [f"{task}-roc-{name}" for task in ("classification", "clustering") for name in ("no", "sphere", "vort")]
    curves = {f"sky_{name}.svg" for name in names}
    assert plots == curves
    text = (three_classes / "index.md").read_text()
    assert "|  | called no | called sphere | called vort |" in text
    assert "| sphere | 1 | 19 | 0 |" in text
    assert "|  | cluster of no | cluster of sphere | cluster of vort | cluster 1 left over |" in text
    assert "| sphere | 0 | 19 | 0 | 1 |" in text
