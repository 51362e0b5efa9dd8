"""Marginalised images of slc2020: the Einstein radius no longer tells the class; matched, the source size neither."""

import numpy as np
import pytest
import torch
from PIL import Image

import zoo_core as zoo
from zoo_core.datasets.public.slc2020.macro import LENS_LIGHT, einstein_radii, fitted
from zoo_core.datasets.public.slc2020.marginalised import WAYS
from zoo_core.datasets.public.slc2020.matched import LOG_R, matched
from zoo_core.datasets.public.slc2020.resampled import zoomed
from zoo_core.errors import DatasetError
from zoo_core.fit.macrolearn import sersic_light
from zoo_core.fit.macromodel import MacroModel, changed, source_image

COUNT = 4  # images a class


def lenses(theta_E, seed):
    """Images like those of the challenge: one lens galaxy, sources in different places, values of 0 to 1."""
    rng = np.random.default_rng(seed)
    model = MacroModel(150, psf=1.5)
    x, y = torch.from_numpy(rng.uniform(-6, 6, (COUNT, 2))).T
    rows = changed(model.means.float().repeat(COUNT, 1), {"theta_E": theta_E, "gamma_1": 0.15, "x": x, "y": y})
    arcs, light = source_image(model, rows), sersic_light(model, **LENS_LIGHT)
    images = 0.8 * arcs / arcs.amax((1, 2), keepdim=True) + 0.9 * light / light.max()
    return (images / images.amax((1, 2), keepdim=True)).numpy() + rng.normal(0, 0.003, images.shape)


@pytest.fixture(scope="module")
def images():
    """Half with the Einstein radius of no_sub, half with that of sub."""
    return np.concatenate([lenses(20.0, seed=0), lenses(21.56, seed=1)]).astype(np.float32).clip(0, 1)


LABELS = np.repeat([0, 1], COUNT)
NAMES = [f"image_{number}.jpg" for number in range(2 * COUNT)]


@pytest.fixture(scope="module")
def made(images):
    """By each way."""
    return {name: way.make(images, LABELS, NAMES) for name, way in WAYS.items()}


@pytest.mark.parametrize("way", list(WAYS))
def test_all_images_have_the_einstein_radius_of_no_sub(images, made, way):
    before, after = einstein_radii(images), einstein_radii(made[way])

    assert before[LABELS == 1].min() > before[LABELS == 0].max() + 1.0
    # the scatter that all are left with is 0.5 %; five times that, and what two fits may differ by
    np.testing.assert_allclose(after, 20.0, rtol=0.03)


def test_matched_sources_are_of_one_size_and_resampled_ones_are_not(images, made):
    sizes = {way: fitted(made[way]).value("log_R").numpy() for way in WAYS}

    np.testing.assert_allclose(sizes["matched"], LOG_R[0], atol=4 * LOG_R[1])
    assert sizes["resampled"][LABELS == 1].max() < sizes["resampled"][LABELS == 0].min()


def test_matching_leaves_what_no_smooth_lens_explains_where_it_was(images):
    spot = np.zeros_like(images)
    spot[:, 60:63, 100:103] = 0.02

    without, with_spot = matched(images, NAMES), matched(images + spot, NAMES)

    found = with_spot - without
    assert found[:, 60:63, 100:103].mean() == pytest.approx(0.02, rel=0.25)  # the fit takes a part of it
    assert np.abs(np.delete(found, np.s_[55:68], axis=1)).mean() < 0.001


def test_matched_images_are_eight_bits_to_their_maximum(made):
    grey = made["matched"] * 255

    np.testing.assert_allclose(grey, np.rint(grey), atol=1e-4)  # float32
    np.testing.assert_allclose(grey.max((1, 2)), 255, rtol=1e-6)
    assert grey.min() >= 0


def test_the_light_of_the_lens_stays_what_it_was(images, made):
    core = (slice(None), slice(71, 79), slice(71, 79))

    np.testing.assert_allclose(made["resampled"][core].mean((1, 2)), images[core].mean((1, 2)), rtol=0.02)


@pytest.mark.parametrize("way", list(WAYS))
def test_an_image_does_not_depend_on_its_companions(images, made, way):
    alone = WAYS[way].make(images[5:6], LABELS[5:6], NAMES[5:6])

    np.testing.assert_allclose(alone[0], made[way][5], atol=1 / 255 + 1e-3)  # float32 fits in another order of sums


def test_a_way_of_another_name_is_refused(tmp_path, images):
    for name in ("no_sub", "sub"):
        (tmp_path / name).mkdir()
        Image.fromarray(np.uint8(255 * images[0])).save(tmp_path / name / "a.jpg")

    with pytest.raises(DatasetError, match="marginalised is 'zoomed'; choose one of resampled, matched"):
        zoo.open_dataset("slc2020", path=tmp_path, marginalised="zoomed")


def test_zooming_there_and_back_is_the_image():
    axis = np.arange(150) - 74.5
    blob = np.exp(-(axis**2 + (axis[:, None] - 9) ** 2) / (2 * 3.0**2))

    zoom, shift = 1.08, np.array([0.3, -0.2])

    assert np.abs(zoomed(blob, zoom, np.zeros(2)) - blob).max() > 0.1
    there_and_back = zoomed(zoomed(blob, zoom, shift), 1 / zoom, -shift / zoom)
    np.testing.assert_allclose(there_and_back, blob, atol=1e-3)  # what cubic splines lose at a width of three pixels


def test_the_data_set_keeps_what_it_made_and_says_what_radius_is_left(images, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, label, image in zip(NAMES, LABELS, images, strict=True):
        folder = tmp_path / ("no_sub", "sub")[label]
        folder.mkdir(exist_ok=True)
        Image.fromarray(np.round(255 * image).astype(np.uint8)).save(folder / name, quality=95)

    plain, first = (zoo.open_dataset("slc2020", path=tmp_path, marginalised=wanted) for wanted in (False, True))
    made, radii = first.images(slice(8)), first.truth()["theta_E"]

    assert first.fingerprint() != plain.fingerprint()
    np.testing.assert_allclose(radii, 20.0, rtol=0.03)
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").rglob("*.npy")}
    again = zoo.open_dataset("slc2020", path=tmp_path, marginalised=True)
    np.testing.assert_array_equal(again.images(slice(8)), made)
    assert kept == {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").rglob("*.npy")}
    assert len(kept) == 2
