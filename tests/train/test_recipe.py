"""A recipe is read strictly: what it does not know is an error that names the key."""

from pathlib import Path

import pytest

import zoo_core as zoo
from zoo_core.errors import RecipeError
from zoo_core.images.preprocess import Preprocess
from zoo_core.models.network import Dimensions, shapes
from zoo_core.plugins import architecture as architecture_named
from zoo_core.tasks import Heads
from zoo_core.train.descent import Session
from zoo_core.train.fit import run
from zoo_core.train.recipe import read_recipe
from zoo_core.train.recipe import written as text_of_recipe
from zoo_core.typed import read_typed

PUBLISHED = sorted(Path(__file__).parents[2].glob("plugins/*/recipes/*.yaml"))

MINIMAL = """
id: tiny.test
architecture: tiny
plugin: zoo-tiny
train: {dataset: folder, arguments: {path: here}}
validation: {dataset: folder, arguments: {path: there}}
"""


def written(tmp_path, text):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    return path


def test_a_minimal_recipe_has_defaults(tmp_path):
    recipe = read_recipe(written(tmp_path, MINIMAL))

    assert (recipe.id, recipe.batch_size, recipe.publish.views) == ("tiny.test", 32, 1)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("stepz: 3", "stepz"),
        ("batch_size: 0", "batch_size"),
        ("seed: -1", "seed"),
        ("seed: 99999999999999999999", "seed"),
        ("optimiser: {lr: .inf}", r"optimiser\.lr"),
        ("publish: {views: 4}", r"publish\.views"),
        ("optimiser: {lr: -1}", r"optimiser\.lr"),
        ("freeze: true", "say warm_start"),
        ("labels_per_class: 3\nfraction: 0.1", "give one of them"),
        ("precision: 32", "float32"),
        ("schema: 2", "schema"),
        ("batch_sice: 3", r"batch_sice: there is no such key. Did you mean 'batch_size'\? The keys are schema, "),
        ("augmentation: {scale: [1.0, 0.75]}", "augmentation: scale: .*the least factor"),
        ("optimiser: {rate: 1}", r"optimiser\.rate: .* The keys are algorithm, schedule, lr, weight_decay, "),
        ("stages: {pretext: {optimiser: {Lr: 1}}}", r"stages\.pretext\.optimiser\.Lr: .*Did you mean 'lr'"),
        ("stages: {pretext: {stepz: 3}}", r"stages\.pretext\.stepz"),
    ],
)
def test_a_fault_is_named(tmp_path, line, named):
    with pytest.raises(RecipeError, match=named):
        read_recipe(written(tmp_path, MINIMAL + line))


def test_a_missing_recipe_is_an_error_that_names_the_file(tmp_path):
    with pytest.raises(RecipeError, match=r"absent\.yaml"):
        read_recipe(tmp_path / "absent.yaml")


def test_exponents_are_numbers(tmp_path):
    assert read_recipe(written(tmp_path, MINIMAL + "optimiser: {lr: 1e-4}")).optimiser.lr == 1e-4


STAGES = """
steps: 100
validate_every: 50
optimiser: {lr: 1e-3}
stages: {pretext: {steps: 30, optimiser: {lr: 1e-2}}, heads: {validate_every: 20}}
"""


def test_a_stage_has_what_it_says_and_else_what_the_recipe_says(tmp_path):
    recipe = read_recipe(written(tmp_path, MINIMAL + STAGES))

    pretext, heads, other = (recipe.in_stage(name) for name in ("pretext", "heads", "other"))
    assert [stage.steps for stage in (pretext, heads, other)] == [30, 100, 100]
    assert [stage.optimiser.lr for stage in (pretext, heads, other)] == [1e-2, 1e-3, 1e-3]
    assert [stage.validate_every for stage in (pretext, heads, other)] == [50, 20, 50]


def test_steps_given_hold_in_every_stage_with_a_validation_within_them(tmp_path):
    recipe = read_recipe(written(tmp_path, MINIMAL + STAGES)).with_steps(10)

    for stage in ("pretext", "heads", "other"):
        assert (recipe.in_stage(stage).steps, recipe.in_stage(stage).validate_every) == (10, 10)


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_the_network_of_a_published_recipe_can_be_built(path):
    recipe = read_recipe(path)
    architecture = architecture_named(recipe.architecture, recipe.plugin)
    bands = recipe.bands or architecture.bands
    preprocess = Preprocess.from_operations(recipe.preprocess or architecture.preprocess, bands)
    heads = Heads(
        classes=recipe.classes or architecture.heads.classes,
        parameters=recipe.parameters or architecture.heads.parameters,
        units=recipe.units or architecture.heads.units,
    )

    assert shapes(architecture, Dimensions.of(architecture, preprocess, heads), recipe.arguments)
    read_typed(architecture.settings, recipe.settings, "settings", RecipeError)
    assert recipe.id.partition(".")[0] == architecture.name


@pytest.mark.slow
@pytest.mark.parametrize("plugin", ["deeplens", "swin"])
def test_a_recipe_for_the_ground_trains(tmp_path, plugin):
    (path,) = [path for path in PUBLISHED if (path.parts[-3], path.stem) == (plugin, "ground")]
    recipe = read_recipe(path).with_steps(2)
    few = {"n": 8, "lens_fraction": 0.5, "cache": str(tmp_path / "cache")}
    changed = {
        name: getattr(recipe, name).model_copy(update={"arguments": few | {"seed": seed}})
        for name, seed in (("train", 1), ("validation", 2))
    }
    recipe = recipe.model_copy(update={**changed, "batch_size": 4})

    folder = run(recipe, tmp_path / "run", Session("cpu", False, False, None))

    images = zoo.open_dataset("finding_ground", **few).images([0, 1])
    answer = zoo.load(folder, device="cpu").with_views(1)(images, 0.2)
    assert answer.probabilities.shape == (2, 2)


WORDS = ("08", "1e3", "no", "~", "1:30", "0x1f", "2026-01-01", "Sersic", "naïve", "- a", "")


def test_a_recipe_that_is_written_is_read_back_as_it_was(tmp_path):
    recipe = read_recipe(written(tmp_path, MINIMAL + "optimiser: {lr: 1e-5}\nstages: {a: {steps: 3}}"))
    recipe = recipe.model_copy(update={"classes": WORDS})

    again = read_recipe(written(tmp_path, text_of_recipe(recipe)))

    assert again == recipe
    assert text_of_recipe(recipe).startswith("schema: 1\n")


@pytest.mark.parametrize("id", ["../../x", "tiny", "tiny.test/../..", "ti ny.test"])
def test_an_id_is_the_name_of_a_model_and_of_no_folder_elsewhere(tmp_path, id):
    with pytest.raises(RecipeError, match="id: "):
        read_recipe(written(tmp_path, MINIMAL.replace("tiny.test", id)))
