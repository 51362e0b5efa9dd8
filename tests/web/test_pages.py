"""What the pages hold, without a browser."""

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_curve

from zoo_core.bench.examination import metrics_of
from zoo_core.bench.results import read_result, scores_of
from zoo_core.bench.summary import summarise
from zoo_core.board.folders import Folders
from zoo_core.board.leaderboard import leaderboard
from zoo_core.board.markdown import NOTES
from zoo_core.board.tables import Table
from zoo_core.catalog.registry import catalog
from zoo_core.metric import Metric, NoInterval
from zoo_core.predict.gallery import stretched
from zoo_core.tasks import Heads, task_named
from zoo_core.web.curves import roc_points
from zoo_core.web.libraries import plots_script, still_picture, tables_script
from zoo_core.web.measured import Measured, measured_of
from zoo_core.web.pages import write_pages
from zoo_core.web.plots import plots_of
from zoo_core.web.resampling import resampled
from zoo_core.web.shown import Shown
from zoo_core.web.thumbnails import draw_thumbnails, drawable, filled
from zoo_core.web.vega import DRAWN
from zoo_core.web.views import View

from ..cli.conftest import zoo_command as zoo_command
from ..stored_results import MadeUp, store_result

ROOT = Path(__file__).parents[2]
NOTHING = NoInterval(lambda scores, truth: 0.0)


class Page(HTMLParser):
    """Collects what a page links to and loads, and its scripts' own text."""

    def __init__(self, text):
        super().__init__()
        self.links, self.inline, self._script = [], "", False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self._script = tag == "script"
        self.links += [value for name, value in attributes if name in ("src", "href") and value]

    def handle_data(self, text):
        self.inline += text if self._script else ""

    def handle_endtag(self, tag):
        self._script = False


def handed(path, function):
    """What a script of the site hands to a function of the page."""
    return json.loads(f"[{path.read_text().removeprefix(f'{function}(').removesuffix(');' + chr(10))}]")


def pages(site):
    return sorted(site.rglob("*.html"))


def test_every_link_is_relative_and_leads_to_a_file(site):
    for path in pages(site):
        for link in Page(path.read_text()).links:
            if link != "data:," and not link.startswith("#"):
                assert (path.parent / link.split("#")[0]).is_file(), f"{path.name}: {link}"


@pytest.mark.parametrize("page", ["index.html", "others.html", "benchmark/sky.html"])
def test_how_to_read_a_board_is_a_list_of_what_stands_on_it(site, page):
    listed = (site / page).read_text().partition("How to read it")[2]

    names = re.findall(r"<li><b>(.*?)</b>", listed)
    assert names[: len(NOTES)] == [name for name, _ in NOTES]
    assert ("↓" in names) == (page != "index.html")


def test_every_page_has_date_version_and_hash(site):
    for path in pages(site):
        assert re.search(
            r"Results up to 2026-01-01 · zoo-core \S+ · sha256 of all results <code title=\"[0-9a-f]{64}\"",
            path.read_text(),
        )


def test_every_model_and_benchmark_has_a_page(site):
    listed = catalog()

    assert {path.stem for path in (site / "model").iterdir()} >= {*listed.models, "a.one", "d.four"}
    assert {path.stem for path in (site / "benchmark").iterdir()} >= {*listed.benchmarks, "sky", "real_sky"}


def test_what_a_model_says_is_shown_and_not_run(site):
    text = (site / "others.html").read_text()

    assert "&lt;script&gt;alert(1)" in text
    assert Page(text).inline.strip() == ""


def test_a_model_page_says_what_one_decides_by(site):
    text = (site / "model" / "lastro.space.html").read_text()

    spec = catalog().models["lastro.space"]
    cost = "5,674,657 parameters; 176 MFLOP an image and view, 8 views"
    for words in (
        spec.licence,
        spec.weights.sha256,
        spec.plugin,
        spec.known_failures[0],
        cost,
        'zoo.load("lastro.space")',
    ):
        assert str(words).replace('"', "&#34;") in text or str(words) in text
    assert "zoo train plugins/lastro/recipes/space.yaml" in text
    restorer = (site / "model" / "unet.denoise.html").read_text()
    assert 'predict("cutouts/*.fits", out_dir="restored")' in restorer  # which else refuses
    assert "title={{Deep" in text or "title = {Deep" in text


def test_rows_can_be_downloaded_as_they_are_on_the_board(site, results):
    rows = list(csv.DictReader((site / "data" / "sky.csv").open()))
    records = json.loads((site / "data" / "sky.json").read_text())

    board = next(table for table in leaderboard(results).tables if table.benchmark == "sky")
    assert [row["model"] for row in rows] == [row.model for row in board.rows] == [one["model"] for one in records]
    assert float(rows[0]["metrics.auroc.value"]) == board.rows[0].shown.metrics["auroc"].value
    assert (site / "data/sky/a.one.parquet").read_bytes() == (results / "sky/a.one.parquet").read_bytes()


def test_the_libraries_are_plain_scripts_with_their_licences(site):
    assert "window.DataTable = " in tables_script() and "export{" not in tables_script()
    assert "window.vegaEmbed" in plots_script()
    text = (site / "assets" / "licences.txt").read_text()
    assert "MIT" in text and "vl-convert" in text


def test_differences_are_paired_and_models_alike_on_the_images_are_not_told_apart(site):
    (payload,) = handed(site / "data/sky.js", "zooData")
    former = next(one["model"] for one in payload["models"] if one["model"] in ("b.two", "c.three"))
    (own,) = handed(site / "data/sky" / f"{former}.js", "zooModel")
    name, disputed = handed(site / "parts/sky/disputed.js", "zooPart")
    (board,) = [table for table in json.loads((site / "data/sky.json").read_text()) if table["model"] == former]

    (pair,) = [one for one in own["pairs"] if set(one["models"]) == {"b.two", "c.three"}]
    names = [metric["name"] for metric in payload["metrics"]]
    difference, low, high, better = pair["differences"][names.index("auroc")]
    assert low <= difference <= high
    assert difference == 0 and better == 0  # the same predictions
    assert pair["differences"][names.index("tpr0")] == [0, None, None, 0]  # which has no interval
    assert name == "sky/disputed" and all({str(row)} <= {*disputed} & {*own["answers"]} for row in pair["disputed"])
    assert board["metrics"]["auroc"]["value"] is not None


def test_pages_are_the_same_whenever_the_results_are(site, results, tmp_path):
    write_pages(leaderboard(results), tmp_path / "again", pictures=False)

    for path in site.rglob("*"):
        if path.is_file():
            assert (tmp_path / "again" / path.relative_to(site)).read_bytes() == path.read_bytes()


def test_the_drawn_roc_curve_lies_on_the_exact_one(results):
    from zoo_core.bench.metrics.ranking import ranking

    table = next(table for table in leaderboard(results).tables if table.benchmark == "sky")
    one = measured_of(table, Folders((results,)))[0]
    ranked = ranking(one.scores, one.truth)
    exact_fpr, exact_tpr, _ = roc_curve(ranked.positive, ranked.scores, drop_intermediate=False)

    fpr, tpr = roc_points(ranked, least=1e-4)

    assert len(fpr) > 30
    for x, y in zip(fpr[fpr > 1e-4], tpr[fpr > 1e-4], strict=True):
        assert y == exact_tpr[np.isclose(exact_fpr, x)].max()


def test_a_board_without_results_has_pages_and_the_command_says_which_to_open(zoo_command, tmp_path):
    (tmp_path / "none").mkdir()
    answer = zoo_command("leaderboard", "--results", tmp_path / "none", "--alone", "--pages", tmp_path / "pages")

    assert f"zoo: making the pages in {tmp_path / 'pages'}" in answer.err
    assert answer.err.endswith(f" files; open {tmp_path / 'pages' / 'index.html'}\n")
    assert {"index.html", "compare.html", "finding.html"} <= {path.name for path in (tmp_path / "pages").iterdir()}


def test_an_image_with_a_gap_is_drawn():
    image = np.random.default_rng(0).normal(size=(1, 20, 20)).astype("float32")
    image[0, :5] = np.nan

    drawn = stretched(filled(image))

    assert np.isfinite(drawn).all() and drawn[8:].std() > 0.05


@pytest.mark.filterwarnings("error")
def test_a_band_that_is_missing_is_drawn_dark_without_a_word():
    image = np.ones((4, 8, 8), "float32")
    image[2] = np.nan

    assert (filled(image)[2] == 0).all() and (filled(image)[[0, 1, 3]] == 1).all()


def test_thumbnails_are_drawn_for_frozen_simulations_alone_of_which_no_others_are_made(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    listed = catalog().benchmarks
    spec = replace(listed["substructure_mass"], arguments={"n": 8, "seed": 1, "difficulty": "easy", "of": "axion"})

    dataset = drawable(spec, spec.sha256)

    (png,) = draw_thumbnails(dataset, [3], spec.sha256).values()
    assert png.startswith(b"\x89PNG")
    assert not list(tmp_path.rglob("*.npy"))
    assert drawable(spec, "0" * 64) is None  # other images were measured
    assert drawable(listed["sky_space"], listed["sky_space"].sha256) is None  # nobody says where they are


def test_the_blank_frame_around_a_small_stamp_is_cut_away(tmp_path):
    class Stamp:
        def images(self, rows):
            pixels = np.full((1, 1, 40, 60), np.nan, np.float32)
            pixels[0, 0, 10:30, 5:35] = np.random.default_rng(0).normal(size=(20, 30))
            return pixels

    (png,) = draw_thumbnails(Stamp(), [0], tmp_path.name).values()

    assert Image.open(BytesIO(png)).size == (30, 20)


def test_a_model_has_one_colour_on_all_pages_of_its_subject(site):
    pages = [(site / "benchmark" / f"{name}.html").read_text() for name in ("sky", "real_sky")]

    first, second = (re.search(r'data-model="a.one"><svg.*?stroke="(#\w+)"', page)[1] for page in pages)
    assert first == second


def test_a_plot_begins_with_few_models_and_the_legend_has_all(results, crowd):
    page = (crowd(results, DRAWN + 2) / "benchmark" / "sky.html").read_text()

    assert page.count('aria-pressed="true"') == DRAWN and page.count('aria-pressed="false"') == 2
    assert len(re.findall(r'aria-roledescription="line mark"', page)) == DRAWN


def test_what_an_older_version_has_kept_is_not_taken_for_resamples(results, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (table,) = [one for one in leaderboard(results).tables if one.benchmark == "real_sky"]
    (one,) = measured_of(table, Folders((results,)))
    metrics = metrics_of(one.result, None)
    first = resampled(one, metrics)
    (path,) = (tmp_path / "zoo" / "resampled").iterdir()
    for content in (b"", b"no archive", archive(names=np.array(["auroc"]), values=np.zeros((1, 3)))):
        path.write_bytes(content)

        again = resampled(one, metrics)

        assert {name: values.tolist() for name, values in again.items()} == {
            name: values.tolist() for name, values in first.items()
        }


def archive(**arrays):
    content = BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


@pytest.mark.parametrize(("task", "names"), [("classification", ("no", "sphere", "vort")), ("clustering", range(4))])
def test_several_classes_have_a_curve_each_and_a_confusion_matrix(task, names, tmp_path):
    label = np.arange(60) % 3
    called = np.where(np.arange(60) < 3, 3 if task == "clustering" else 0, label)
    columns = {f"p_{name}": (called == k).astype(float) for k, name in enumerate(names)}
    columns |= {"cluster": called} if task == "clustering" else {}
    store(tmp_path / "results", task, names, columns, {"id": np.arange(60).astype(str), "label": label})

    write_pages(leaderboard(tmp_path / "results"), tmp_path / "pages", pictures=False)

    (payload,) = handed(tmp_path / "pages/data/many.js", "zooData")
    plots = {plot["name"]: plot["records"] for plot in payload["plots"]}
    assert {"roc-no", "roc-sphere", "roc-vort"} <= set(plots)
    counts = [record["images"] for record in plots["confusion-any.one"] if record["true"] == "sphere"]
    assert counts == ([0, 19, 0, 1] if task == "clustering" else [1, 19, 0])


def store(results, task, names, columns, truth):
    heads, answered = Heads(classes=("no", "sphere", "vort")), Heads(classes=tuple(map(str, names)))
    metrics = [one for one in task_named(task).metrics(heads) if not isinstance(one.interval, NoInterval)][:3]
    numbers = summarise(task_named(task).scores(columns, answered), truth, metrics, heads, {})
    store_result(results, "any.one", "many", MadeUp(task, columns, truth, numbers, answered))


def test_metrics_are_titled_with_the_unit_of_their_parameter():
    table = Table("lenses", "", ("mae[theta_E]", "coverage[theta_E]"), ())
    nothing = {"numbers": {}, "metrics": [], "plots": [], "ranks": {}, "pairs": [], "chosen": {}, "examples": []}
    view = View(Shown(table, None, [], pictures={}, **nothing), Heads(parameters=("theta_E",), units=("arcsec",)))

    assert [view.title(name) for name in table.metrics] == ["mae[theta_E] arcsec", "coverage[theta_E]"]


def test_a_metric_says_where_it_is_best_and_is_sorted_by_the_distance_from_there(results):
    (table,) = [one for one in leaderboard(results).tables if one.benchmark == "real_sky"]
    auroc, other = Metric("auroc", "classification", NOTHING), Metric("tpr0", "classification", NOTHING, False)
    recall = Metric("recall", "classification", NOTHING, ideal=0.6827)
    nothing = {"numbers": {}, "plots": [], "ranks": {}, "pairs": [], "chosen": {}, "examples": [], "pictures": {}}
    view = View(Shown(table, None, [], metrics=[auroc, other, recall], **nothing))

    (row,) = table.rows
    assert [view.marks[name] for name in table.metrics] == ["", "↓", "→ 0.683", ""]
    assert view.value(row, "recall") == abs(row.result.metrics["recall"].value - 0.6827)
    assert view.value(row, "auroc") == row.result.metrics["auroc"].value


def test_names_of_strata_are_a_readers_and_many_of_them_have_a_line_each():
    path = ROOT / "docs/leaderboard/results/finding_ground/trivial.ground.json"
    result = read_result(path)
    plots = {one.name: one for one in plots_of([Measured(result, *scores_of(path, result))], {"trivial.ground": 0})}

    bins = list(dict.fromkeys(record["stratum"] for record in plots["completeness-arc_snr"].records))
    assert bins == ["8 to 20", "20 to 50", "50 to 150", "over 150"]
    drawn = still_picture(plots["false-positive-rate-kind"].still())
    names = {record["stratum"] for record in plots["false-positive-rate-kind"].records}
    places = [
        float(y)
        for y, text in re.findall(r'<text [^>]*translate\([-\d.]+,([-\d.]+)\)"[^>]*>([^<]+)</text>', drawn)
        if text in names
    ]
    assert len(places) == len(names) > 12
    assert np.diff(sorted(places)).min() > 12  # pixels, more than the letters are high
