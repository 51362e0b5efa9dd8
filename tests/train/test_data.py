"""The data sets of a recipe: where they are, what they may train, and parts of them."""

from pathlib import Path

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.errors import RecipeError
from zoo_core.images import find_sources
from zoo_core.images.preprocess import Preprocess
from zoo_core.interfaces import TrainingView
from zoo_core.predict.images import SourceImages
from zoo_core.predict.packing import pack
from zoo_core.tasks import task_named
from zoo_core.train.data import learning_from, open_data, with_path
from zoo_core.train.fit import _elsewhere, train
from zoo_core.train.prepared import view_of
from zoo_core.train.recipe import DataRecipe, Recipe
from zoo_core.train.subset import Subset

OF_A_FOLDER = """
id: toy.test
architecture: toy
plugin: zoo-toy
train: {images}
validation: {images}
steps: 4
validate_every: 2
"""


def recipe(train="toy_files", validation="toy_files", **arguments) -> Recipe:
    def data(name):
        return DataRecipe(dataset=name, plugin="zoo-toy", arguments=arguments if name == "toy_files" else {})

    return Recipe(id="toy.test", architecture="toy", plugin="zoo-toy", train=data(train), validation=data(validation))


def test_the_path_given_goes_to_the_data_sets_that_take_one(toy):
    placed = with_path(recipe(validation="toy_spots", n=7), Path("/here"))

    assert placed.train.arguments == {"n": 7, "path": "/here"}
    assert placed.validation.arguments == {}


def test_an_argument_that_names_such_a_data_set_becomes_the_path_too():
    simulated = DataRecipe(dataset="finding_space", arguments={"hosts": "sky", "n": 9})
    real = DataRecipe(dataset="sky", arguments={"split": "validation"})

    placed = with_path(Recipe(id="x.y", architecture="x", plugin="zoo-x", train=simulated, validation=real), "/here")
    alone = with_path(Recipe(id="x.y", architecture="x", plugin="zoo-x", train=simulated), None)

    assert placed.train.arguments == {"hosts": "/here", "n": 9}
    assert placed.validation.arguments == {"split": "validation", "path": "/here"}
    assert alone.train.arguments["hosts"] == "sky"


def test_what_a_result_says_of_its_data_holds_no_place_of_this_machine():
    arguments = {"path": "/data/sky", "hosts": "/data/sky", "cache": "/tmp", "split": "train", "n": 5, "stamps": "a/b"}

    assert _elsewhere(arguments) == {"hosts": "sky", "split": "train", "n": 5, "stamps": "a/b"}


def test_the_path_given_takes_the_place_of_the_recipe_s(toy):
    assert with_path(recipe(path="/there"), "/here").train.arguments["path"] == "/here"
    assert with_path(recipe(path="/there"), None).train.arguments["path"] == "/there"


def test_files_without_a_path_are_an_error_that_says_how_to_give_it(toy):
    with pytest.raises(RecipeError, match=r"toy_files is read from files that you have; say where: --data PATH"):
        with_path(recipe(), None)


def test_a_path_that_nothing_takes_is_an_error(toy):
    with pytest.raises(RecipeError, match="toy_spots: read from no files, so it takes no path"):
        with_path(recipe("toy_spots", "toy_spots"), "/here")


@pytest.mark.parametrize(("task", "images"), [("classification", 60), ("clustering", 60), ("anomaly", 30)])
def test_images_with_classes_serve_three_tasks(toy, task, images):
    found = open_data(DataRecipe(dataset="toy_spots", plugin="zoo-toy"), task_named(task), ("VIS",), "toy")

    assert len(found) == images
    assert set(found.truth()["label"]) == ({0} if task == "anomaly" else {0, 1})


@pytest.mark.parametrize("task", ["regression", "restoration"])
def test_they_do_not_serve_others(toy, task):
    with pytest.raises(RecipeError, match=f"toy_spots is for classification, toy for {task}"):
        open_data(DataRecipe(dataset="toy_spots", plugin="zoo-toy"), task_named(task), ("VIS",), "toy")


ROWS = np.array([1, 2, 5, 20, 21, 40])


@pytest.fixture
def spots(toy):
    return zoo.open_dataset("toy_spots", plugin="zoo-toy", n=60, seed=1)


@pytest.mark.parametrize(("start", "stop"), [(0, 6), (1, 4), (5, 6)])
def test_a_subset_has_the_images_and_truth_of_its_rows(spots, start, stop):
    subset = Subset(spots, ROWS, redrawn=True)

    np.testing.assert_array_equal(subset.images(slice(start, stop)), spots.images(slice(0, 60))[ROWS[start:stop]])
    np.testing.assert_array_equal(subset.truth()["id"], spots.truth()["id"][ROWS])
    np.testing.assert_array_equal(subset.targets(), spots.targets()[ROWS])


def test_other_rows_are_another_data_set(spots):
    assert Subset(spots, ROWS, redrawn=True).fingerprint() == Subset(spots, ROWS, redrawn=True).fingerprint()
    assert Subset(spots, ROWS, redrawn=True).fingerprint() != Subset(spots, ROWS[:-1], redrawn=True).fingerprint()


class Numbered(TrainingView):
    """Images whose every pixel is their row."""

    targets = np.arange(60, dtype=np.float32)

    def draw(self, rows, generator):
        return torch.from_numpy(rows)[:, None, None, None] * torch.ones(1, 1, 12, 12), torch.from_numpy(rows)


def test_a_subset_draws_from_the_training_view_of_the_whole(spots, tmp_path):
    class Drawn(type(spots)):
        def __init__(self):
            vars(self).update(vars(spots))

        def training_view(self, folder, device):
            return Numbered()

    preprocess = Preprocess.from_operations([{"op": "frame", "size": 12}], ["VIS"])

    view = view_of(Subset(Drawn(), ROWS, redrawn=True), preprocess, tmp_path, torch.device("cpu"))

    assert view.targets.tolist() == ROWS.tolist()
    assert view.draw(np.array([0, 4]), torch.Generator())[1].tolist() == [1, 21]


def test_another_data_set_gives_its_bands_and_classes_and_holds_out_a_part(toy):
    learned = learning_from(recipe(n=7), "toy_files", "/here")

    assert learned.id == "toy.toy_files" and learned.validation is None
    assert learned.bands == ("VIS",) and learned.classes == ("none", "middle")
    assert learned.train.arguments == {"path": "/here"}


def test_bands_that_do_not_fit_are_one_line(toy):
    wanted = DataRecipe(dataset="toy_spots", plugin="zoo-toy", arguments={"bands": ["r", "i"]})
    with pytest.raises(RecipeError) as error:
        open_data(wanted, task_named("classification"), ("VIS",), "toy")
    assert str(error.value) == "toy_spots has the bands r, i, toy takes VIS; write those of the data set as `bands`"


def test_packs_teach_what_the_files_that_they_were_made_of_teach(toy, tmp_path):
    rng, weights = np.random.default_rng(0), []
    for name, level in (("none", 0.0), ("middle", 3.0)):
        (tmp_path / "files" / name).mkdir(parents=True)
        for number in range(6):
            pixels = rng.normal(level, size=(12, 12)).astype(np.float32)
            np.save(tmp_path / "files" / name / f"{name}{number}.npy", pixels)
        pack(SourceImages(list(find_sources(tmp_path / "files" / name)), ("VIS",)), ("VIS",), tmp_path / "packs" / name)
    for place in ("files", "packs"):
        images = f"{{dataset: folder, arguments: {{path: {tmp_path / place}, classes: [none, middle]}}}}"
        path = tmp_path / f"{place}.yaml"
        path.write_text(OF_A_FOLDER.format(images=images))
        weights.append(
            zoo.load(train(path, tmp_path / f"of-{place}", device="cpu", progress=False)).network.state_dict()
        )

    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
