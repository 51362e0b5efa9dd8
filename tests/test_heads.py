"""Outputs that no table of predictions could hold are refused before anything is trained, loaded or measured."""

from dataclasses import replace

import pytest

import zoo_core as zoo
from zoo_core.errors import RecipeError, SpecError
from zoo_core.train.descent import Plan, Session
from zoo_core.train.fit import _Run
from zoo_core.train.recipe import recipe_of

BAD = [("lens", "status"), ("lens", "lens"), ("lens", ""), ("lens", " arc"), ("lens", "a\nb"), ("lens", "a\x1b[2J")]


@pytest.mark.parametrize("names", BAD, ids=repr)
@pytest.mark.parametrize("what", ["classes", "parameters"])
def test_names_that_are_no_columns_are_refused(names, what):
    heads = replace(zoo.Heads(), **{what: names})

    assert what in heads.fault()
    with pytest.raises(SpecError, match=f"data set mine: {what}"):
        zoo.Description("mine", "1", "classification", "real", ("VIS",), heads=heads)


@pytest.mark.parametrize("names", [("ra", "dec"), ("theta_E", "theta_E_err"), ("id",)])
def test_a_parameter_is_no_other_column_of_the_table(names):
    assert "is the name of another column" in zoo.Heads(parameters=names).fault()


def test_numbers_and_words_of_any_script_are_names():
    assert not zoo.Heads(classes=("08", "no", "1e3", "λ lens")).fault()


def test_a_recipe_is_refused_before_its_data_are_opened(tmp_path):
    content = {"id": "trivial.x", "architecture": "trivial", "plugin": "zoo-trivial", "train": {"dataset": "nowhere"}}
    recipe = recipe_of({**content, "classes": ["nonlens", "status"]}, "recipe")

    with pytest.raises(RecipeError, match="classes: status is the name of another column"):
        _Run(Plan(recipe, tmp_path, Session.starting("cpu", False, False, None)))
