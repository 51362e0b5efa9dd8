"""`substructure` is the same for ever, image by image, and its truth says what is in each lens."""

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.datasets.simulated.substructure import MEASURED, TRUTH, substructure
from zoo_core.datasets.simulated.substructure_exposures import SubstructureExposures
from zoo_core.datasets.simulated.substructure_mass import substructure_mass
from zoo_core.errors import DatasetError

# sha256 of every number, in six digits, that is drawn for the first images of the published sets (version 1, seed 1)
DIGESTS = {
    "easy": "85c2b5e1e50bd947865aaa433c6581a03dad8424e531c37f7891a61ec201d397",
    "real": "82822fe28c0770c1efc78a5512cfc52e69924f1ef920ebbeeaccfae55e4df8ac",
    "cold": "1b5001ee23d5849ca785729313a5e04b4754c91d55a8df1f5b045162b71ecc30",
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return substructure(n=24, seed=4, cache=tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize("difficulty", DIGESTS)
def test_parameters_are_those_that_were_published(difficulty):
    assert substructure(difficulty=difficulty).parameter_digest(0, 60) == DIGESTS[difficulty]


def test_truth_says_what_was_drawn(few):
    truth = few.truth()
    assert set(truth) == {"id", *TRUTH.names} and len(set(truth["id"])) == 24
    np.testing.assert_array_equal(truth["label"], few.targets())
    for row, scene in enumerate(few.scenes(0, 24)):
        assert few.description.heads.classes[truth["label"][row]] == truth["class"][row] == scene.kind
        assert truth["n_halo"][row] == len(scene.halos)
        mass = scene.halos["mass"].sum() + scene.vortices["mass"].sum()
        assert mass == 0 if scene.kind == "no" else truth["sub_mass"][row] == pytest.approx(np.log10(mass))
        assert np.isnan(truth["sub_mass"][row]) == (scene.kind == "no")
        assert np.isnan(truth["axion_mass"][row]) == (scene.kind != "vort")


def test_measured_truth_is_that_of_the_image(few):
    truth, light = few.truth(), few.noiseless(0, 24)[0][:, 0]
    np.testing.assert_allclose(truth["arc_flux"], light.sum((1, 2)), rtol=1e-5)
    sigma = np.sqrt(1 + truth["shot"][:, None, None] * light)
    np.testing.assert_allclose(truth["arc_snr"], np.sqrt(((light / sigma) ** 2).sum((1, 2))), rtol=1e-4)


def test_noise_is_really_added(few):
    images, light = few.images(slice(24))[:, 0], few.noiseless(0, 24)[0][:, 0]
    sigma = np.sqrt(1 + few.truth()["shot"][:, None, None] * light)
    assert ((images - light) / sigma).std() == pytest.approx(1, abs=0.01)  # 98,304 pixels: 4 standard errors


def test_classes_are_equally_frequent_and_in_no_order():
    labels = substructure(n=300).targets()
    assert np.bincount(labels.astype(int)).tolist() == [100, 100, 100]
    assert len({tuple(block) for block in labels.reshape(-1, 3)}) == 6


def test_an_image_is_the_same_alone_and_in_a_batch(few):
    together, _ = few.make(0, 9)
    for index in (0, 7):
        alone, _ = few.make(index, index + 1)
        np.testing.assert_allclose(alone[0], together[index], atol=1e-3)  # of the noise


def test_kept_images_are_those_that_are_made(few):
    made, truth = few.make(3, 9)
    np.testing.assert_allclose(few.images(slice(3, 9)), made, atol=1e-4)
    assert made.shape == (6, 1, 64, 64) and made.dtype == np.float32 and len(truth) == 6


def test_a_later_start_continues_the_sequence(few, tmp_path):
    later = substructure(n=4, seed=4, start=5, cache=tmp_path)
    assert later.ids(range(4)) == few.ids(range(5, 9))
    np.testing.assert_allclose(later.images(slice(4)), few.images(slice(5, 9)), atol=1e-3)


def test_other_arguments_are_other_data():
    arguments = [{}, {"seed": 5}, {"n": 31}, {"difficulty": "real"}, {"size": 60}, {"classes": ("no", "vort")}]
    fingerprints = {substructure(**{"n": 30, "seed": 4} | changed).fingerprint() for changed in arguments}
    assert len(fingerprints) == len(arguments)


def test_it_opens_by_name():
    dataset = zoo.open_dataset("substructure", n=12, seed=3, difficulty="real", classes=("no", "sphere"))
    about = dataset.description
    assert (about.name, len(dataset), about.pixel_scale, about.bands) == ("substructure", 12, 0.05, ("VIS",))
    assert dataset.description.heads.classes == ("no", "sphere") and set(dataset.targets()) == {0, 1}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n": 0}, "n = 0"),
        ({"start": -1}, "start = -1"),
        ({"difficulty": "hard"}, "difficulty 'hard' is not known; choose one of"),
        ({"classes": ("no", "axion")}, "choose some of"),
        ({"classes": ("no", "no")}, "each once"),
    ],
)
def test_impossible_arguments_are_refused(wrong, message):
    with pytest.raises(DatasetError, match=message):
        substructure(**wrong)


def test_each_draw_has_other_noise_on_the_same_scene(few, tmp_path):
    view, rows = few.training_view(tmp_path, torch.device("cpu")), np.arange(24)
    assert isinstance(view, SubstructureExposures)
    first, targets = view.draw(rows, torch.Generator().manual_seed(1))
    again, _ = view.draw(rows, torch.Generator().manual_seed(1))
    other, _ = view.draw(rows, torch.Generator().manual_seed(2))
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    np.testing.assert_array_equal(targets, few.targets())
    sigma = np.sqrt(1 + few.truth()["shot"][:, None, None] * few.noiseless(0, 24)[0][:, 0])
    assert ((first - other)[:, 0].numpy() / sigma).std() == pytest.approx(np.sqrt(2), abs=0.015)


def test_the_table_holds_every_draw_and_kept_images_are_checked_against_it(few):
    rows = list(few.drawn())
    assert len(rows) == 24 and len(rows[0]) > 30
    kept = few._shards.folder / "00000.truth.npy"
    truth = np.load(kept)
    forged = truth.copy()
    forged["theta_E"][3] += 0.1
    try:
        np.save(kept, forged)
        with pytest.raises(DatasetError, match=r"image 3 in .* has theta_E"):
            list(few.drawn())
    finally:
        np.save(kept, truth)
    assert "theta_E" not in MEASURED


@pytest.mark.parametrize(
    ("of", "kind", "column", "parameter"),
    [("axion", "vort", "axion_mass", "log10_mass"), ("subhalos", "sphere", "sub_mass", "log10_subhalo_mass")],
)
def test_masses_are_those_of_the_class_that_has_them(tmp_path, of, kind, column, parameter):
    dataset = substructure_mass(n=6, seed=2, of=of, cache=tmp_path)
    truth = dataset.truth()
    assert dataset.description.heads.parameters == (parameter,) and dataset.description.heads.units == ("dex",)
    assert set(truth["class"]) == {kind} and np.isfinite(truth[parameter]).all()
    np.testing.assert_allclose(dataset.targets()[:, 0], truth[column], rtol=1e-6)
    same = substructure(n=6, seed=2, classes=(kind,), cache=tmp_path)
    np.testing.assert_allclose(dataset.images(slice(6)), same.images(slice(6)), atol=1e-4)


def test_a_mass_of_something_else_is_refused():
    with pytest.raises(DatasetError, match=r"of = 'halo' .* choose one of \['axion', 'subhalos'\]"):
        substructure_mass(of="halo")


def quiet(dataset, rows, seed, block):
    """Fresh images and targets of these rows, and how far the images are from the light of the data set, in sigma."""
    fresh = dataset.fresh_view(True, torch.device("cpu"), block)
    images, targets = fresh.draw(rows, torch.Generator().manual_seed(seed))
    light, truth = dataset.noiseless(int(rows[0]), int(rows[-1]) + 1)
    sigma = np.sqrt(1 + truth["shot"][:, None, None] * light[:, 0])
    return images, targets, (images[:, 0].numpy() - light[:, 0]) / sigma


def test_fresh_scenes_are_those_that_the_data_set_begins_with_and_go_on_anywhere(few):
    rows = np.arange(6, 18)  # of three blocks
    images, targets, noise = quiet(few, rows, seed=1, block=8)
    again, _, _ = quiet(few, rows, seed=1, block=8)
    other, _, _ = quiet(few, rows, seed=2, block=8)
    torch.testing.assert_close(images, again, rtol=0, atol=0)
    assert not torch.equal(images, other) and images.shape == (12, 1, 64, 64)
    np.testing.assert_array_equal(targets, few.targets()[rows])
    assert noise.std() == pytest.approx(1, abs=0.02)  # 49,152 pixels: 6 standard errors


def test_fresh_scenes_of_masses_have_their_masses(tmp_path):
    dataset = substructure_mass(n=4, seed=2, of="axion", cache=tmp_path)
    _, targets, noise = quiet(dataset, np.arange(4), seed=1, block=4)
    np.testing.assert_array_equal(targets, dataset.targets())
    assert noise.std() == pytest.approx(1, abs=0.03)


def test_fresh_scenes_do_not_end_where_the_data_set_does(few):
    view = few.fresh_view(True, torch.device("cpu"), block=4)
    _, targets = view.draw(np.arange(24, 30), torch.Generator().manual_seed(1))
    assert sorted(targets.tolist()) == [0, 0, 1, 1, 2, 2]
