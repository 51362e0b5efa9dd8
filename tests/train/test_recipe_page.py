"""The page of recipe keys names every key with its default, and no other."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from zoo_core.catalog.yaml12 import read_mapping
from zoo_core.errors import RecipeError
from zoo_core.train import recipe
from zoo_core.train.recipe import read_recipe

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "recipes.md").read_text()
SECTIONS = {
    "The recipe": recipe.Recipe,
    "A data set": recipe.DataRecipe,
    "The optimiser": recipe.Optimiser,
    "The augmentation": recipe.Augmentation,
    "A stage": recipe.Stage,
    "Domain adaptation": recipe.Adaptation,
    "Normalisation by running moments": recipe.Amortised,
    "A dropout rate that grows": recipe.DropoutSchedule,
    "The weights": recipe.Publication,
}


def explained(section: str) -> dict[str, str]:
    """Key to default, as the section's table has them."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|(.*?)\|", text, re.MULTILINE)
    return {key: default.strip() for keys, default in rows for key in re.findall(r"`(\w+)`", keys)}


def defaults(model: type[BaseModel]) -> dict[str, str]:
    """Key to default; empty for what stands in a table of its own."""
    return {field.alias or name: default_of(name, model) for name, field in model.model_fields.items()}


def default_of(name: str, model: type[BaseModel]) -> str:
    field = model.model_fields[name]
    if field.is_required():
        return "required"
    if name == "schema_version":
        return "1"
    return "" if field.default is None or isinstance(field.default, BaseModel | dict) else text_of(field.default)


def text_of(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_explained_with_its_default(section):
    assert explained(section) == defaults(SECTIONS[section])


def test_every_section_with_keys_is_compared():
    tables = re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?^\| key \|", PAGE, re.MULTILINE | re.DOTALL)
    assert set(tables) == set(SECTIONS)


def test_the_example_is_the_recipe_that_it_names(tmp_path):
    path, text = re.search(r'```yaml title="(.*?)"\n(.*?)^```', PAGE, re.MULTILINE | re.DOTALL).groups()
    (tmp_path / "recipe.yaml").write_text(text)

    assert read_recipe(tmp_path / "recipe.yaml") == read_recipe(ROOT / path)


def test_the_stages_are_those_of_a_published_recipe(tmp_path):
    (tmp_path / "stages.yaml").write_text(re.search(r"```yaml\n(stages:.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1])
    shown = read_mapping(tmp_path / "stages.yaml", RecipeError)["stages"]
    published = read_mapping(ROOT / "plugins" / "scan" / "recipes" / "substructure.yaml", RecipeError)["stages"]

    assert shown.items() <= published.items()
