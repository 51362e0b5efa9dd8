"""The tables of the front pages are those of the stored results."""

import importlib.util
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def front_page():
    spec = importlib.util.spec_from_file_location("front_page", ROOT / "docs" / "front_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_up_to_date(front_page, monkeypatch):
    for table in ("measured_table", "returned_table"):  # the same on both pages
        monkeypatch.setattr(front_page, table, cache(getattr(front_page, table)))

    for page in front_page.PAGES:
        text = page.read_text()
        assert "<!-- measured -->" in text and "<!-- returned -->" in text
        assert front_page.with_tables(text) == text, f"{page}: run python docs/front_page.py"
    assert front_page.PICTURE.is_file()
