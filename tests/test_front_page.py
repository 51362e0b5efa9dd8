"""The tables of the front pages are those of the stored results."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def front_page():
    spec = importlib.util.spec_from_file_location("front_page", ROOT / "docs" / "front_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["README.md", "docs/index.md"])
def test_the_tables_are_up_to_date(front_page, name):
    text = (ROOT / name).read_text()

    assert "<!-- measured -->" in text and "<!-- returned -->" in text
    assert front_page.with_tables(text) == text, "run python docs/front_page.py"
    assert front_page.PICTURE.is_file()
