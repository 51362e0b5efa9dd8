"""Pictures of what a detector sees: strips, and a latent map in which each class has its colour."""

import sys

import numpy as np
import pytest
import torch
from PIL import Image

from zoo_core.board.pictures import MAPS, draw_latent, draw_maps, draw_pictures, draw_strips, spread
from zoo_core.errors import ArgumentError, NotInstalledError
from zoo_core.tasks.classification import ClassificationTask


def two_classes(images=40):
    labels = np.repeat([0, 1], images)
    return np.random.default_rng(0).normal(10.0 * labels[:, None], 1.0, (2 * images, 6)), labels


@pytest.fixture
def interpreted(monkeypatch):
    """UMAP in plain Python: to compile it takes half a minute, and is tried before a release."""
    compiled = [name for name in sys.modules if name.partition(".")[0] in ("umap", "pynndescent")]
    for name in compiled:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(pytest.importorskip("numba").config, "DISABLE_JIT", True)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] in ("umap", "pynndescent")]:
        del sys.modules[name]


def assert_apart_the_same_each_time_and_silent(draw, images, warnings):
    latent, labels = two_classes(images)
    threads = torch.get_num_threads()
    torch.set_num_threads(3)

    places = draw(latent)

    assert torch.get_num_threads() == 3
    torch.set_num_threads(threads)
    np.testing.assert_array_equal(draw(latent), places)
    assert np.isfinite(draw(np.eye(3))).all(), "three images are enough"
    assert [str(warning.message) for warning in warnings] == []
    centres = np.stack([places[labels == label].mean(0) for label in (0, 1)])
    nearest = np.linalg.norm(places[:, None] - centres, axis=2).argmin(1)
    assert (nearest == labels).all()


@pytest.mark.parametrize("kind", list(MAPS))
def test_a_map_keeps_apart_what_is_apart_is_the_same_each_time_and_says_nothing(kind, interpreted, recwarn):
    assert_apart_the_same_each_time_and_silent(MAPS[kind], 6, recwarn)


@pytest.mark.release
def test_compiled_umap_does_the_same_and_leaves_threads_alone(recwarn):
    assert_apart_the_same_each_time_and_silent(MAPS["umap"], 40, recwarn)


def test_a_latent_map_shows_both_classes(tmp_path):
    latent, labels = two_classes()

    draw_latent(tmp_path / "map.png", latent, labels, ("no", "sub"))

    pixels = np.asarray(Image.open(tmp_path / "map.png").convert("RGB")).astype(int)
    blue, orange = pixels[..., 2] - pixels[..., 0] > 60, pixels[..., 0] - pixels[..., 2] > 60
    assert blue.sum() > 100 and orange.sum() > 100
    assert abs(np.nonzero(blue)[1].mean() - np.nonzero(orange)[1].mean()) > 100  # pixels; they lie at both ends


def test_names_of_classes_are_no_formulas(tmp_path):
    latent, labels = two_classes(3)

    draw_latent(tmp_path / "map.png", latent, labels, ("$\\frac{$", "sub"))
    draw_strips(tmp_path / "strips.png", np.ones((1, 5, 5)), np.zeros((1, 5, 5)), ["$\\frac{$\nscore 3"])

    assert (tmp_path / "map.png").exists() and (tmp_path / "strips.png").exists()


def test_a_map_of_one_dimension_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="got 1 and 5"):
        draw_latent(tmp_path / "map.png", np.zeros((5, 1)), np.zeros(5, int), ("no",))


def test_without_umap_its_map_names_the_extra_and_the_others_are_drawn(tmp_path, monkeypatch, caplog):
    latent, labels = two_classes()
    monkeypatch.setitem(sys.modules, "umap", None)

    drawn = draw_maps(tmp_path / "some.model", latent, labels, ("no", "sub"))

    assert [path.name for path in drawn] == ["some.model-latent-pca.png"] == [path.name for path in tmp_path.iterdir()]
    assert "some.model-latent-umap.png" in caplog.text and "zoo-core[umap]" in caplog.text
    with pytest.raises(NotInstalledError, match=r"zoo-core\[umap\]"):
        draw_latent(tmp_path / "map.png", latent, labels, ("no", "sub"), "umap")


def test_a_perfect_reconstruction_leaves_an_empty_residual(tmp_path):
    image = np.random.default_rng(0).random((1, 16, 16))

    draw_strips(tmp_path / "same.png", image, image, ["no"])
    draw_strips(tmp_path / "other.png", image, image[:, ::-1], ["no"])

    same, other = (np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB")) for name in ("same", "other"))
    third = same.shape[1] * 3 // 4
    assert same[100:150, third : third + 60].std() < 3
    assert other[100:150, third : third + 60].std() > 30


def test_a_picture_shows_all_classes_however_their_labels_follow_each_other():
    labels = np.tile([0, 1, 1], 200)

    rows = spread(labels, 60)

    assert len(rows) == 60 and (np.diff(rows) > 0).all()
    assert np.bincount(labels[rows]).tolist() == [20, 40]


def test_a_task_without_pictures_says_which_have_some(tiny_model, bright, tmp_path, monkeypatch):
    monkeypatch.setattr(ClassificationTask, "pictures", None)
    with pytest.raises(ArgumentError, match=r"is for classification; pictures are of anomaly and clustering"):
        draw_pictures(tiny_model("trivial.one"), bright, tmp_path)
