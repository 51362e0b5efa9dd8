import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo_core.catalog.yaml12 import read_mapping
from zoo_core.errors import RecipeError


def value(tmp_path, text: str):
    path = tmp_path / "file.yaml"
    path.write_text(f"key: {text}\n")
    return read_mapping(path, RecipeError)["key"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-4", 1e-4),
        ("1.0e+5", 1e5),
        ("-2E3", -2000.0),
        (".5", 0.5),
        ("3.", 3.0),
        ("7", 7),
        ("-7", -7),
        ("010", 10),
        ("1:30", "1:30"),
        ("no", "no"),
        ("off", "off"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("", None),
        ("2024-01-01", "2024-01-01"),
        ('"1e-4"', "1e-4"),
        ("1_000", "1_000"),
        ("0x1f", "0x1f"),
        ("1e4000", math.inf),
    ],
)
def test_a_scalar_is_what_it_looks_like(tmp_path, text, expected):
    read = value(tmp_path, text)
    assert read == expected
    assert type(read) is type(expected)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_that_python_writes_is_read_back(tmp_path_factory, number):
    assert value(tmp_path_factory.getbasetemp(), repr(number)) == number


@pytest.mark.parametrize("text", ["{a: 1, a: 2}", "\n  a: 1\n  b: 2\n  a: 3"])
def test_a_key_written_twice_is_an_error(tmp_path, text):
    with pytest.raises(RecipeError, match="'a' is written twice"):
        value(tmp_path, text)
