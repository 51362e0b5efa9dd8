"""Declared operations are read strictly."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from zoo_core.errors import SpecError, UnknownNameError
from zoo_core.images.operation import digest, n_channels
from zoo_core.images.operations import OPERATIONS, parse

FRAME = {"op": "frame", "size": 101}


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"op": "frame", "size": 101.7}, r"size is 101\.7; it must be a whole number of pixels a side"),
        ({"op": "frame", "size": 0}, "size is 0; it must be"),
        ({"op": "resample", "pixel_scale": 0}, "pixel_scale is 0; it must be a number of arcsec above 0"),
        ({"op": "resample", "pixel_scale": "0.1 arcsec"}, "pixel_scale"),
        ({"op": "bin", "factor": 0}, "factor is 0"),
        ({"op": "bin", "factor": 1.5}, r"factor is 1\.5"),
        ({"op": "blank", "repeated": "no"}, "repeated is 'no'; it must be true or false"),
        ({"op": "blank", "values": 100}, "values is 100; it must be a list"),
        ({"op": "high_pass", "sigma": -1, "relative": 0.05}, "sigma is -1; it must be a number of pixels above 0"),
        ({"op": "stack", "of": "asinh"}, "of is 'asinh'; it must be a list of operations"),
        ({"op": "asinh"}, "needs softening, a number above 0, the brightness up to which the stretch is linear"),
        ({"op": "asinh", "softening": 1.0, "soft": 2}, "has no key soft"),
        ({"op": "clip", "low": 2.0, "high": -2.0}, "low is 2 and high is -2; low must be less"),
        ({"op": "standardise", "mean": [0.0, 0.0], "std": [1.0]}, "mean has 2 numbers and std has 1"),
        ({"op": "standardise", "mean": [0.0], "std": [0.0]}, r"std is \[0.0\]; every number must be above 0"),
        ({"op": "stack", "of": [{"op": "bin", "factor": 2}]}, "of holds bin, which prepares one image"),
        ({"op": "stack", "of": []}, "of is empty"),
        ("frame", "is not an operation"),
    ],
)
def test_a_fault_is_named(operation, message):
    with pytest.raises(SpecError, match=message):
        parse([operation, FRAME])


def test_every_operation_is_in_the_docs():
    page = (Path(__file__).parents[2] / "docs" / "data-formats.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^The list is closed: `([^`]+)`", page, re.MULTILINE)

    assert listed.split(", ") == list(OPERATIONS)


def test_every_field_says_what_its_value_must_be():
    for operation in OPERATIONS.values():
        assert all(one.metadata["must"] for one in fields(operation)), operation.op


def test_an_unknown_operation_has_a_neighbour():
    with pytest.raises(UnknownNameError, match="asinh"):
        parse([FRAME, {"op": "asin"}])


def test_a_size_is_required_once():
    with pytest.raises(SpecError, match="exactly one"):
        parse([{"op": "noise_units"}])


def test_preparing_comes_first():
    with pytest.raises(SpecError, match=r"has frame after noise_units; .* come before all other operations"):
        parse([{"op": "noise_units"}, FRAME])


def test_stacked_operations_add_their_channels():
    stack = {"op": "stack", "of": [{"op": "asinh", "softening": 1}, {"op": "asinh_peak", "contrast": 50}]}

    assert n_channels(parse([FRAME, stack]), 2) == 4


def test_the_digest_follows_the_values_alone():
    first = parse([{"op": "blank", "values": [100]}, FRAME])

    assert digest(first) == digest(parse([{"repeated": True, "values": (100.0,), "op": "blank"}, FRAME]))
    assert digest(first) != digest(parse([FRAME]))
