"""Entries whose outputs cannot be told apart, or whose numbers cannot be meant, are refused."""

import json

import pytest

from zoo_core.catalog.entries import entry_of
from zoo_core.catalog.folder import read_folder
from zoo_core.catalog.schema import check_entry
from zoo_core.errors import SpecError, WeightsError
from zoo_core.images.operations import parse

from .test_folder import SPEC


@pytest.mark.parametrize(
    ("heads", "message"),
    [
        ({"parameters": ["q", "q"], "units": ["", ""]}, "parameters has q twice; every output needs a name of its own"),
        ({"parameters": ["q", "q_err"], "units": ["", ""]}, "q_err is the name of another column of the table"),
        ({"parameters": ["status"], "units": [""]}, "status is the name of another column of the table"),
    ],
)
def test_outputs_have_names_of_their_own(heads, message):
    with pytest.raises(SpecError, match=message):
        check_entry("models", {**entry_of(SPEC), "views": 1, "heads": heads}, "entry", SpecError)


@pytest.mark.parametrize(
    ("classes", "message"), [(["a", "a"], "classes has a twice"), (["a", "status"], "status is the name of another")]
)
def test_classes_have_names_of_their_own(classes, message):
    entry = {**entry_of(SPEC), "task": "classification", "heads": {"classes": classes}}
    with pytest.raises(SpecError, match=message):
        check_entry("models", entry, "entry", SpecError)


@pytest.mark.parametrize("temperature", [1e-300, 0.0, -1.0, 1e300])
def test_temperatures_are_of_the_order_of_one(temperature):
    entry = {**entry_of(SPEC), "calibration": {"temperature": temperature}}
    with pytest.raises(SpecError, match=r"calibration\.temperature"):
        check_entry("models", entry, "entry", SpecError)


@pytest.mark.parametrize(("scales", "message"), [([1.0], "one for each of"), ([0.0, 1.0], r"error_scales\.0")])
def test_every_parameter_has_a_scale_of_its_error_or_none_has(scales, message):
    entry = {**entry_of(SPEC), "views": 1, "calibration": {"error_scales": scales}}
    with pytest.raises(SpecError, match=message):
        check_entry("models", entry, "entry", SpecError)
    assert "error_scales" not in entry_of(SPEC)["calibration"]  # older versions would refuse the key


def test_a_config_that_is_nested_too_deeply_is_an_error(tmp_path):
    (tmp_path / "config.json").write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(WeightsError, match="nested too deeply"):
        read_folder(tmp_path)


def test_the_entry_itself_is_accepted():
    check_entry("models", json.loads(json.dumps(entry_of(SPEC))), "entry", SpecError)


def test_a_frame_that_no_memory_holds_is_refused():
    with pytest.raises(SpecError, match="from 1 to"):
        parse([{"op": "frame", "size": 10**9}])
