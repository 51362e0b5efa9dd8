"""A recipe is read strictly: what it does not know is an error that names the key."""

import pytest

from zoo_core.errors import RecipeError
from zoo_core.train.recipe import read_recipe

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

    assert (recipe.id, recipe.batch_size, recipe.views) == ("tiny.test", 32, 1)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("stepz: 3", "stepz"),
        ("batch_size: 0", "batch_size"),
        ("views: 4", "views"),
        ("optimiser: {lr: -1}", r"optimiser\.lr"),
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
