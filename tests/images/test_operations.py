"""Declared operations are read strictly."""

import pytest

from zoo_core.errors import SpecError, UnknownNameError
from zoo_core.images.operations import digest, n_channels, parse

FRAME = {"op": "frame", "size": 101}


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ({"op": "frame", "size": 101.7}, r"size = 101\.7"),
        ({"op": "frame", "size": 0}, "size = 0"),
        ({"op": "resample", "pixel_scale": 0}, "pixel_scale = 0"),
        ({"op": "resample", "pixel_scale": "0.1 arcsec"}, "pixel_scale"),
        ({"op": "bin", "factor": 0}, "factor = 0"),
        ({"op": "bin", "factor": 1.5}, r"factor = 1\.5"),
        ({"op": "blank", "repeated": "no"}, "repeated = 'no'"),
        ({"op": "blank", "values": 100}, "values = 100"),
        ({"op": "asinh"}, "needs softening"),
        ({"op": "asinh", "softening": 1.0, "soft": 2}, "has no key soft"),
        ("frame", "is not an operation"),
    ],
)
def test_a_fault_is_named(operation, said):
    with pytest.raises(SpecError, match=said):
        parse([operation, FRAME])


def test_an_unknown_operation_has_a_neighbour():
    with pytest.raises(UnknownNameError, match="asinh"):
        parse([FRAME, {"op": "asin"}])


def test_a_size_is_required_once():
    with pytest.raises(SpecError, match="exactly one"):
        parse([{"op": "noise_units"}])


def test_preparing_comes_first():
    with pytest.raises(SpecError, match="come before"):
        parse([{"op": "noise_units"}, FRAME])


def test_stacked_operations_add_their_channels():
    stack = {"op": "stack", "of": [{"op": "asinh", "softening": 1}, {"op": "asinh_peak", "contrast": 50}]}

    assert n_channels(parse([FRAME, stack]), 2) == 4


def test_the_digest_follows_the_values_alone():
    first = parse([{"op": "blank", "values": [100]}, FRAME])

    assert digest(first) == digest(parse([{"repeated": True, "values": (100.0,), "op": "blank"}, FRAME]))
    assert digest(first) != digest(parse([FRAME]))
