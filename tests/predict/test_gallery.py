"""The picture of the best-ranked images."""

from dataclasses import replace
from itertools import combinations

import matplotlib.image
import numpy as np
import pyarrow as pa
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from zoo_core.errors import ArgumentError
from zoo_core.predict.explain import draw_explanations, explain
from zoo_core.predict.gallery import draw_colour_bar, stretched
from zoo_core.predict.header import HEADER, draw_header
from zoo_core.predict.picture import OUTLINE
from zoo_core.predict.ranking import best
from zoo_core.tasks import Heads

from ..tiny_models import SIZE


@pytest.fixture
def galaxy() -> np.ndarray:
    """A bright centre and a faint ring on noise, (1, 61, 61)."""
    y, x = np.mgrid[-30:31, -30:31]
    r = np.hypot(x, y)
    noise = np.random.default_rng(0).normal(size=r.shape)
    return (noise + 500 * np.exp(-r) + 8 * np.exp(-((r - 20) ** 2) / 4)).astype(np.float32)[None]


def test_faint_ring_shows_beside_its_bright_galaxy(galaxy):
    shown = stretched(galaxy)
    assert shown.shape == (61, 61) and shown.min() >= 0 and shown.max() <= 1
    sky, ring, centre = np.median(shown[:5]), np.median(shown[30, [9, 10, 11, 49, 50, 51]]), shown[30, 30]
    assert centre > ring > sky + 0.2


def test_stretch_does_not_depend_on_the_flux_unit(galaxy):
    np.testing.assert_allclose(stretched(galaxy * 1e-12), stretched(galaxy), atol=1e-3)


def test_a_picture_in_8_bits_whose_sky_has_no_noise_is_shown(galaxy):
    picture = np.rint(200 * galaxy / galaxy.max()).clip(0).astype(np.float32)
    picture[picture < 4] = 0

    shown = stretched(picture)

    assert np.isfinite(shown).all()
    assert shown.max() > 0.8 and np.median(shown) < 0.3


def test_three_bands_make_a_colour_picture_whose_red_is_the_last_band(galaxy):
    red = np.concatenate([galaxy * 0.2, galaxy * 0.5, galaxy])
    red += np.random.default_rng(1).normal(size=red.shape).astype(np.float32)
    shown = stretched(red)
    assert shown.shape == (61, 61, 3)
    y, x = np.mgrid[-30:31, -30:31]
    ring = shown[np.abs(np.hypot(x, y) - 20) < 1].mean(0)
    assert ring[0] > ring[1] > ring[2]


def test_image_without_noise_is_shown_too():
    assert np.isfinite(stretched(np.zeros((1, 9, 9), np.float32))).all()


@pytest.mark.parametrize(
    ("task", "bands"),
    [("classification", "ugri"), ("regression", "V"), ("anomaly", "V"), ("clustering", "V")],
)
def test_every_task_and_number_of_bands_has_a_picture(tiny, tmp_path, task, bands):
    images = np.random.default_rng(0).normal(size=(9, len(bands), SIZE, SIZE)).astype(np.float32)
    tiny(task, bands=tuple(bands)).predict(images, gallery=tmp_path / "top.png")
    assert matplotlib.image.imread(tmp_path / "top.png").std() > 0.01
    assert [path.name for path in tmp_path.iterdir()] == ["top.png"]


def test_names_of_files_and_classes_are_no_formulas(model, tmp_path):
    strange = replace(model, heads=Heads(classes=("nonlens", "$\\frac{$")))
    image = np.random.default_rng(0).normal(size=(SIZE, SIZE)).astype(np.float32)
    np.save(tmp_path / "a$\\frac{$.npy", image)

    table = strange.predict(tmp_path / "a$\\frac{$.npy", gallery=tmp_path / "top.png")

    assert table["status"].tolist() == ["ok"] and (tmp_path / "top.png").exists()


def test_picture_of_an_unknown_format_is_an_error(model, cutouts, tmp_path):
    with pytest.raises(ArgumentError, match=r"\.png"):
        model.predict(cutouts / "c01.fits", gallery=tmp_path / "top.doc")


def test_no_usable_image_is_an_error(model, cutouts, tmp_path):
    with pytest.raises(ArgumentError, match="none of the 1 images"):
        model.predict(cutouts / "c07.fits", gallery=tmp_path / "top.png")


def test_best_are_the_highest_usable_scores_the_first_of_equals_first():
    rows = {"status": ["ok", "error", "ok", "ok", "ok"], "p_lens": [0.2, None, 0.9, 0.9, 0.5]}
    pieces = [pa.table(rows).slice(0, 2), pa.table(rows).slice(2)]
    assert [one.index for one in best(pieces, "p_lens", 3)] == [2, 3, 4]
    assert [one.index for one in best(pieces, None, 2)] == [0, 2]


@pytest.mark.parametrize("height", [2.0, 12.0])
@pytest.mark.parametrize("width", [5.7, 12.0])
@pytest.mark.parametrize("title", ["a.b", "resnet_regression.substructure_subhalos_of_mine"])
def test_the_words_above_the_panels_never_touch_nor_leave_the_picture(width, height, title):
    figure = Figure(figsize=(width, height), dpi=100)
    words = "the 30 highest p_subhalos of 1,000,000 images, before and after"

    texts = draw_header(
        figure, title, words, "yellow: curves · dashed: what was measured, the rest was filled in", "k", "k"
    )

    boxes = [text.get_window_extent(FigureCanvasAgg(figure).get_renderer()) for text in texts]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    for box in boxes:
        assert box.x0 >= 0 and box.x1 <= figure.bbox.width
        assert box.y0 > figure.bbox.height - HEADER * figure.dpi, "nothing hangs into the panels"


def test_a_bar_names_the_values_of_the_darkest_and_the_lightest():
    axes = Figure().add_subplot()
    draw_colour_bar(axes, -1.3, 1.0)
    (bar,) = axes.child_axes

    assert [float(place) for place in bar.get_xticks()] == [-1.3, 1.0]
    assert bar.images[0].get_extent()[:2] == [-1.3, 1.0]


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("classification", "1 image; p_lens"),
        ("regression", "1 image; theta_E +- its error in arcsec"),
        ("anomaly", "1 image; anomaly_score"),
        ("restoration", "1 image, before and after"),
    ],
)
def test_the_number_over_a_single_image_is_named_above_it(tiny, tmp_path, task, words):
    image = np.random.default_rng(0).normal(size=(1, 1, SIZE, SIZE)).astype(np.float32)
    folder = {"out_dir": tmp_path / "restored"} if task == "restoration" else {}

    tiny(task).predict(image, gallery=tmp_path / "top.svg", **folder)

    assert f"<!-- {words} -->" in (tmp_path / "top.svg").read_text()  # which says so of every text that it draws


def test_what_was_measured_is_outlined_where_the_rest_was_added(model, tmp_path):
    stamp = np.random.default_rng(0).normal(size=(SIZE - 9, SIZE - 9)).astype(np.float32)
    np.save(tmp_path / "small.npy", stamp)
    np.save(tmp_path / "whole.npy", np.random.default_rng(0).normal(size=(SIZE, SIZE)).astype(np.float32))

    drawn = {}
    for name in ("small", "whole"):
        model.predict(tmp_path / f"{name}.npy", gallery=tmp_path / f"{name}.png")
        (found,) = explain(model, tmp_path / f"{name}.npy", ["grad-cam"])
        draw_explanations(tmp_path / f"{name}-explained.png", [found], "tiny")
        pictures = [matplotlib.image.imread(path) for path in sorted(tmp_path.glob(f"{name}*.png"))]
        drawn[name] = [has_outline(picture) for picture in pictures]

    assert drawn == {"small": [True, True], "whole": [False, False]}


def has_outline(picture):
    """Whether the colour of the outline occurs in a picture (H, W, 4)."""
    return bool((np.abs(picture[..., :3] - to_rgb(OUTLINE)).max(-1) < 0.02).any())
