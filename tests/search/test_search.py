"""A search: tiles and a catalogue in, a table of candidates in four formats and a page out."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from astropy.io import fits
from astropy.io.votable import parse_single_table
from astropy.table import Table
from sklearn.decomposition import PCA

import zoo_core as zoo
from zoo_core.fit.mass_model import MassModel
from zoo_core.predict.critical_curves import lens_row
from zoo_core.predict.inputs import Mosaic
from zoo_core.predict.options import Options
from zoo_core.search.candidates import above
from zoo_core.search.latent import latent_positions
from zoo_core.search.mass import convergence, mass_of
from zoo_core.search.residual import residual_of
from zoo_core.search.search import Search
from zoo_core.search.threshold import threshold_of
from zoo_core.sim.rays.lens import deflection

from ..cli.conftest import zoo_command as zoo_command
from ..small_survey import COUNT, Survey, small_survey, store_thresholds
from ..tiny_models import tiny_model

HALF = COUNT  # candidates of two tiles, since the threshold is the median


@pytest.fixture(scope="module")
def survey(tmp_path_factory) -> Survey:
    return small_survey(tmp_path_factory.mktemp("survey"))


@pytest.fixture(scope="module")
def scores(survey) -> Table:
    """Of all objects, by the finder alone."""
    return survey.finder.predict(Mosaic(survey.catalog, survey.tiles, columns=["mag"]), pixel_scale=0.1)


@pytest.fixture(scope="module")
def search(survey, scores) -> Search:
    """With a threshold that half of the objects reach."""
    limit = float(np.sort(scores["p_lens"])[HALF])
    store_thresholds(survey, np.array([limit] * 10 + [0.0] * 1000), np.array([1] * 10 + [0] * 1000))
    threshold = threshold_of(survey.finder, 0.5, 0.1, survey.results)
    others = (tiny_model("regression"), tiny_model("anomaly"))
    return Search(Mosaic(survey.catalog, survey.tiles, columns=["mag"]), survey.finder, threshold, *others)


OPTIONS = Options(pixel_scale=0.1, resume=True)


@pytest.fixture(scope="module")
def out(search, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("search") / "out"
    found = search.run(folder, OPTIONS, shown=5)
    assert (found.objects, found.failed, len(found.candidates)) == (2 * COUNT, 0, HALF)
    return folder


def test_candidates_are_the_most_probable_objects_with_what_each_model_says_of_them(search, scores, out):
    table = Table.read(out / "candidates.ecsv")

    order = np.argsort(-scores["p_lens"], kind="stable")[:HALF]
    assert list(table["id"]) == list(scores["id"][order]) and list(table["rank"]) == list(range(1, HALF + 1))
    np.testing.assert_allclose(table["p_lens"], scores["p_lens"][order])
    odds = scores["p_lens"][order] / (1 - scores["p_lens"][order]) * 0.1 / 0.9
    np.testing.assert_allclose(table["p_at_prevalence"], odds / (1 + odds))
    assert [int(name[3:]) + 20 for name in table["id"]] == list(table["mag"])
    for model, names in ((search.modeller, ("theta_E", "q_err")), (search.anomaly, ("anomaly_score",))):
        own = model.predict(Mosaic(search.mosaic.catalog, search.mosaic.image), pixel_scale=0.1)[order]
        for name in names:
            np.testing.assert_allclose(table[name], own[name], rtol=1e-5)
    assert all(name in set(table["id"]) and name != own for own, name in zip(table["id"], table["alike"], strict=True))


def test_each_format_has_units_and_ucds(out):
    ecsv, parquet = Table.read(out / "candidates.ecsv"), pq.read_schema(out / "candidates.parquet")
    votable, header = parse_single_table(out / "candidates.vot"), fits.getheader(out / "candidates.fits", 1)
    named = {header[f"TTYPE{n}"]: n for n in range(1, header["TFIELDS"] + 1)}

    for name, unit, ucd in (("ra", "deg", "pos.eq.ra;meta.main"), ("theta_E", "arcsec", "phys.angSize")):
        field = votable.get_field_by_id_or_name(name)
        assert (ecsv[name].unit, ecsv[name].meta["ucd"]) == (unit, ucd)
        assert (str(field.unit), field.ucd) == (unit, ucd)
        assert (header[f"TUNIT{named[name]}"], header[f"TUCD{named[name]}"]) == (unit, ucd)
        stated = parquet.field(name).metadata
        assert (stated[b"unit"].decode(), stated[b"ucd"].decode()) == (unit, ucd)
    assert b"purity" in parquet.metadata[b"threshold"]
    stored = [list(Table.read(out / f"candidates.{one}")["id"]) for one in ("fits", "vot")]
    stored.append(pq.read_table(out / "candidates.parquet")["id"].to_pylist())
    assert all(ids == list(ecsv["id"]) for ids in stored)


def shown_on(page):
    """The candidates of a page."""
    return json.loads(re.search(r'id="found">(.*?)</script>', page.read_text(), re.DOTALL)[1])["candidates"]


def test_the_page_holds_what_it_shows(out):
    page, shown = (out / "report.html").read_text(), shown_on(out / "report.html")

    assert len(shown) == 5 and "The page shows the first 5" in page
    assert all(set(one["pictures"]) >= {"asinh", "linear", "log", "faint"} for one in shown)
    table = Table.read(out / "candidates.ecsv")[:5]
    assert [one["latent"] for one in shown] == [[row["latent_1"], row["latent_2"]] for row in table]
    facts = {name: text for name, text, _ in shown[0]["facts"]}
    assert re.fullmatch(r"-?[\d.e+-]+ ± [\d.e+-]+ arcsec", facts["theta_E"]) and facts["ra"].endswith("deg")
    assert not re.search(r'(src|href)="(?!data:|#)', page)


def test_the_same_search_goes_on_and_makes_nothing_twice(search, out):
    shards = sorted(out.glob("*/*.parquet"))
    before = [shard.stat().st_ino for shard in shards]
    shards[0].unlink()

    search.run(out, OPTIONS, shown=5)

    after = [shard.stat().st_ino for shard in shards]
    assert [own == other for own, other in zip(before[1:], after[1:], strict=True)] == [True] * 3
    assert [shard.parent.name for shard in shards] == ["anomaly", "features", "parameters", "scores"]


def test_a_tile_that_is_missing_and_one_that_is_cut_short_cost_themselves(search, survey, tmp_path):
    whole, short = Path(survey.tiles[0]), tmp_path / "1.fits"
    stored = Path(survey.tiles[1]).read_bytes()
    short.write_bytes(stored[: len(stored) // 2])
    mosaic = Mosaic(survey.catalog, [whole, short, tmp_path / "none.fits"])

    found = Search(mosaic, search.finder, search.threshold).run(tmp_path / "out", OPTIONS, shown=5)

    expected = [name for name in Table.read(tmp_path / "out" / "candidates.ecsv")["id"] if name.startswith("o0")]
    assert found.failed >= COUNT / 4 and len(expected) >= HALF / 4
    assert all(status == "ok" for status in pq.read_table(tmp_path / "out" / "scores")["status"].to_pylist()[:COUNT])


def test_a_search_without_candidates_is_an_empty_table_and_a_page_that_says_so(survey, tmp_path):
    store_thresholds(survey, np.array([1.0] * 10 + [0.0] * 1000), np.array([1] * 10 + [0] * 1000), "high")
    threshold = threshold_of(survey.finder, 0.5, 0.1, survey.results, "high")

    found = Search(Mosaic(survey.catalog, survey.tiles), survey.finder, threshold, tiny_model("regression")).run(
        tmp_path / "out", OPTIONS, shown=5
    )

    assert (
        len(found.candidates) == 0 and "No object reached the threshold" in (tmp_path / "out/report.html").read_text()
    )
    assert {"theta_E", "ra", "p_lens"} <= set(Table.read(tmp_path / "out" / "candidates.vot").colnames)


def test_models_for_another_task_are_refused(search, survey):
    with pytest.raises(zoo.ArgumentError, match=r"modeller= \(--modeller\) is tiny.test, for anomaly; it takes one"):
        Search(search.mosaic, search.finder, search.threshold, modeller=tiny_model("anomaly"))


@pytest.mark.parametrize(
    ("finder", "catalog", "said"),
    [
        (
            "trivial_regression.euclid",
            "positions.csv",
            "is trivial_regression.euclid, for regression; it takes a model",
        ),
        ("trivial.space", "none.csv", "none.csv"),
    ],
)
def test_a_search_that_cannot_begin_says_why_and_leaves_nothing(survey, tmp_path, zoo_command, finder, catalog, said):
    places = ("--catalog", survey.folder / catalog, "--finder", finder, "--purity", 0.02, "--prevalence", 0.02)
    answer = zoo_command("search", survey.tiles[0], *places, "--pixel-scale", 0.1, "-o", tmp_path / "out")

    assert answer.code and said in answer.err and "Traceback" not in answer.err
    assert not (tmp_path / "out").exists()


def test_the_command_searches_with_published_models(survey, tmp_path, zoo_command):
    answer = zoo_command(
        *("search", *survey.tiles, "--catalog", survey.catalog, "--finder", "trivial.space", "--purity", 0.02),
        *("--prevalence", 0.02, "--pixel-scale", 0.1, "--columns", "mag", "--device", "cpu", "-o", tmp_path / "out"),
    )

    assert answer.code == 0, answer.err
    assert re.search(
        r"p >= 0\.\d+: where 0\.02 of all objects are lenses, purity 0\.02 .* \(finding_space\)", answer.err
    )
    assert re.search(rf"\d+ candidates among {2 * COUNT} objects", answer.err)
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"scores", "report.html", "candidates.vot"}


def test_a_committee_finds_and_a_published_network_measures(survey, tmp_path):
    both = [zoo.load(name, device="cpu").with_views(1) for name in ("trivial.space", "classical.space")]
    finder = zoo.committee(both, id="committee.test", device="cpu")
    asked = replace(survey, finder=finder)
    store_thresholds(asked, np.array([1e-6] * 10 + [0.0] * 1000), np.array([1] * 10 + [0] * 1000), "all")
    threshold = threshold_of(finder, 0.5, 0.1, survey.results, "all")
    modeller = zoo.load("resnet_regression.euclid", device="cpu").with_views(1)

    few = tmp_path / "few.csv"
    few.write_text("\n".join(survey.catalog.read_text().splitlines()[:4]) + "\n")

    found = Search(Mosaic(few, survey.tiles[:1]), finder, threshold, modeller).run(
        tmp_path / "out", OPTIONS, shown=2, residuals=1
    )

    table = Table.read(tmp_path / "out" / "candidates.ecsv")
    assert found.failed == 0 and len(table) == 3
    shown = shown_on(tmp_path / "out" / "report.html")
    for one, row in zip(shown, table, strict=False):
        ((x, y), *_), *_ = one["curves"]
        radius = np.hypot((x - 0.5) * 10.1 - row["lens_x"], (0.5 - y) * 10.1 - row["lens_y"])
        assert 0.3 * row["theta_E"] < radius < 3 * row["theta_E"]
        assert one["pictures"]["convergence"].startswith("data:image/png;base64,")
    assert ["residual" in one["pictures"] for one in shown] == [True, False]


def test_latent_positions_are_principal_components_in_units_of_their_scatter():
    features = np.random.default_rng(0).normal(size=(40, 5)) @ np.random.default_rng(1).normal(size=(5, 5))
    table = pa.table({"features": [*features.tolist(), None]})

    positions = latent_positions(table)

    expected = PCA(2, whiten=True).fit_transform((features - features.mean(0)) / features.std(0))
    np.testing.assert_allclose(np.abs(positions[:-1]), np.abs(expected) * np.sqrt(40 / 39), rtol=1e-6)
    assert np.isnan(positions[-1]).all() and np.isnan(latent_positions(table[:2])).all()


def test_candidates_that_are_all_alike_have_no_directions():
    alike = pa.table({"features": [[1.0, 2.0]] * 4})
    assert np.isnan(latent_positions(alike)).all()


@pytest.mark.parametrize(
    "change", [{"theta_E": -0.2}, {"e1": 0.9, "e2": 0.8}, {"theta_E": float("nan")}, {"theta_E": None}]
)
def test_parameters_that_no_lens_has_make_no_curve(change):
    assert mass_of({"theta_E": 1.0, "e1": 0.1, "q_err": 0.2, **change}) is None


def test_the_mean_convergence_within_the_einstein_radius_is_one():
    lens, side = MassModel(1.5, e1=0.1, e2=0.15, lens_x=0.2, lens_y=-0.1), np.linspace(-4, 4, 801)
    kappa = convergence(lens, side)
    y, x = np.meshgrid(side - lens.lens_y, side - lens.lens_x, indexing="ij")
    along, across = x * np.cos(lens.phi) + y * np.sin(lens.phi), y * np.cos(lens.phi) - x * np.sin(lens.phi)
    inside = np.sqrt(lens.q * along**2 + across**2 / lens.q) < lens.theta_E
    assert kappa[inside].mean() == pytest.approx(1, abs=0.01)


def test_what_the_mass_explains_is_not_left_over():
    lens, side = MassModel(0.9, e1=0.1, lens_x=0.1), (np.arange(41) - 20) * 0.1
    y, x = np.meshgrid(side, side, indexing="ij")
    alpha = deflection(lens_row(lens), *(torch.from_numpy(axis)[None] for axis in (x, y)))
    u, v = (axis - moved[0].numpy() for axis, moved in zip((x, y), alpha, strict=True))
    galaxy = 60 * np.exp(-((((x - lens.lens_x) ** 2 + y**2) / 0.3) ** 0.5))
    noise = np.random.default_rng(0).normal(size=x.shape)
    image = galaxy + 40 * np.exp(-((u - 0.1) ** 2 + v**2) / 0.05) + noise

    right, wrong = (residual_of(image, one, 0.1) for one in (lens, replace(lens, theta_E=0.5)))

    around = np.abs(np.hypot(x - lens.lens_x, y) - lens.theta_E) < 0.3
    assert np.isfinite(right[around]).all() and right.shape == image.shape
    assert np.sqrt(np.mean(right[around] ** 2)) < 1.5
    arc = around & np.isfinite(wrong)
    assert np.sqrt(np.mean(wrong[arc] ** 2)) > 2 * np.sqrt(np.mean(right[arc] ** 2))


def test_equal_probabilities_keep_the_order_of_the_rows(scores):
    rows, places = above([pa.table({"p": [0.5, 0.9]}), pa.table({"p": [0.5]})], "p", 0.5)
    assert rows["p"].to_pylist() == [0.9, 0.5, 0.5] and places.tolist() == [1, 0, 2]
