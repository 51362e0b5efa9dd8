"""Arguments that a data set does not take, or not so, are one line that says what it takes."""

import numpy as np
import pytest

import zoo_core as zoo
from zoo_core.errors import DatasetError, SpecError


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("finding_space", {"sied": 3}, r"no argument is called 'sied'; did you mean seed or painted.$"),
        ("substructure", {"N": 3}, "no argument is called 'N'; known: [a-z, ]*n, [a-z, ]*seed[a-z, ]*$"),
        ("folder", {"pth": "x"}, "no argument is called 'pth'; did you mean path"),
        ("folder", {}, "'folder' needs path; it takes path, classes"),
        ("slc2020", {"path": "x", "version": 9}, "no argument is called 'version'; known: marginalised, path, split$"),
        ("substructure", {"n": 4.0}, "n is 4.0; it must be int"),
        ("substructure", {"n": True}, "n is True; it must be int"),
        ("substructure", {"seed": "a"}, "seed is 'a'; it must be int"),
        ("finding_space", {"lens_fraction": "half"}, "lens_fraction is 'half'; it must be float"),
        ("folder", {"path": ".", "ext": 1.5}, "ext is 1.5; it must be None or int or str"),
        ("folder", {"path": 3}, "cannot be opened with path=3"),
        ("substructure", {"n": 4, "size": 16}, "size = 16; give n > 0, start >= 0 and size >= 50"),
        ("substructure", {"n": 4, "size": -1}, "size = -1"),
        ("substructure_mass", {"n": 4, "size": 16}, "size >= 50"),
    ],
)
def test_what_a_data_set_does_not_take_is_said_with_what_it_takes(name, arguments, message):
    with pytest.raises(DatasetError, match=message) as raised:
        zoo.open_dataset(name, **arguments)
    assert "\n" not in str(raised.value)


def test_numbers_of_numpy_are_numbers():
    assert len(zoo.open_dataset("finding_space", n=np.int64(4), lens_fraction=np.float32(0.5))) == 4


def test_the_smallest_frame_that_is_allowed_can_be_drawn(tmp_path):
    assert zoo.open_dataset("substructure", n=3, size=50, cache=tmp_path).images([0, 1, 2]).shape == (3, 1, 50, 50)


@pytest.mark.parametrize("scale", [0, -0.1, float("nan"), float("inf")])
def test_a_pixel_scale_is_positive(scale):
    with pytest.raises(SpecError, match="pixel_scale is"):
        zoo.Description("mine", "1", "classification", "real", ("VIS",), scale)
