"""Tables are filled by name."""

from typing import NamedTuple

import numpy as np
import pytest

from zoo_core.sim.rays.scene import LENS, LIGHT, Lens, Profile
from zoo_core.sim.tables import dtype_of, table


class Star(NamedTuple):
    number: int
    flux: float = 1.0
    real: bool = True


def test_columns_have_the_names_and_types_of_the_fields():
    assert dtype_of(Star) == np.dtype([("number", "i8"), ("flux", "f8"), ("real", "?")])


def test_rows_are_filled_by_name_whatever_their_order():
    dtype = dtype_of(Star)
    rows = [Star(1, real=False), {"real": True, "flux": 2.5, "number": 2}]
    assert table(rows, dtype).tolist() == [(1, 1.0, False), (2, 2.5, True)]
    assert table([], dtype).shape == (0,)


def test_a_row_without_one_of_the_columns_is_refused():
    with pytest.raises(KeyError, match="flux"):
        table([{"number": 1}], dtype_of(Star))


def test_the_light_table_is_a_profile_without_colours_after_its_scene():
    *numbers, colours = Profile._fields
    assert LIGHT.names == ("scene", *numbers) and colours == "colours" and LENS.names == Lens._fields


def test_columns_are_found_by_name_in_rows_of_any_order():
    class Point(NamedTuple):
        x: float
        y: float

    alike, other = dtype_of(Point), np.dtype([("y", "f8"), ("x", "f8")])
    for dtype in (alike, other):
        found = table([Point(1.0, 2.0), Point(3.0, 4.0)], dtype)
        assert found["x"].tolist() == [1, 3] and found["y"].tolist() == [2, 4]
