"""Examples in docstrings of the core are run, and give what they show."""

import doctest
from importlib import import_module
from inspect import getdoc
from pathlib import Path

import pytest

import zoo_core as zoo

PACKAGE = Path(zoo.__file__).parent
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules_with_examples() -> list[str]:
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if "template" not in path.parts]
    return [module_name(path) for path in paths if ">>> " in path.read_text(encoding="utf-8")]


def module_name(path: Path) -> str:
    return ".".join([PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_give_what_they_show(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(import_module(name), optionflags=FLAGS)
    assert result.attempted > 0, f"{name}: its examples are in no docstring that doctest finds"
    assert result.failed == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(set(zoo.__all__) - {"hookimpl"}))  # which is a marker of pluggy's
def test_every_name_of_the_front_page_has_an_example(name):
    assert ">>> " in (getdoc(getattr(zoo, name)) or "")


@pytest.mark.parametrize("name", sorted(zoo.__all__))
def test_every_name_of_the_front_page_is_in_the_reference(name):
    index = PACKAGE.parent / "docs" / "reference" / "index.md"

    assert f"::: zoo_core.{name}\n" in index.read_text(encoding="utf-8")
