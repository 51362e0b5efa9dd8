"""What a plugin lets people set is checked against its dataclass."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pytest

from zoo_core.errors import PluginError, SpecError
from zoo_core.references import lazy
from zoo_core.typed import as_values, keys_of, read_typed


@dataclass(frozen=True)
class Views:
    """Of an image.

    Arguments:
        shift: pixels.
        noise: of the sky.
    """

    shift: int
    noise: float = 0.0

    def __post_init__(self) -> None:
        if self.shift < 0:
            raise ValueError(f"shift = {self.shift} is below 0")


@dataclass(frozen=True)
class Arguments:
    """Of a network.

    Arguments:
        width, depth: of the network, which is as wide
            as it is deep.
        head: on top.
        views: None: the image as it is.
        priors: of parameters.
    """

    width: int = 16
    depth: int = 3
    head: Literal["linear", "mlp"] = "mlp"
    views: Views | None = None
    priors: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def read(**content):
    return read_typed(Arguments, content, "arguments of net", SpecError)


def test_dataclasses_within_it_are_read_too():
    found = read(width=8, views={"shift": 2, "noise": 1}, priors={"x": [0, 0.5]})

    assert found == Arguments(8, views=Views(2, 1.0), priors={"x": (0.0, 0.5)})


def test_what_is_written_is_read_back():
    found = read(views={"shift": 2}, priors={"x": [0, 0.5]})

    assert read(**as_values(found)) == found
    assert as_values(found)["priors"] == {"x": [0.0, 0.5]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"widht": 8}, "arguments of net: no key is called 'widht'; did you mean width?"),
        ({"width": "8"}, "width = '8': input should be a valid integer"),
        ({"width": 8.5}, "width = 8.5"),
        ({"head": "rbf"}, "head = 'rbf': input should be 'linear' or 'mlp'"),
        ({"views": {"shift": 1, "zoom": 2}}, "views: no key is called 'zoom'"),
        ({"views": {"noise": 1.0}}, "views: shift is missing; it takes shift, noise"),
        ({"views": {"shift": -1}}, "views: shift = -1 is below 0"),
        ({"priors": {"x": [1]}}, "priors: x"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(content, message):
    with pytest.raises(SpecError) as caught:
        read(**content)

    assert message in str(caught.value)


def test_where_there_is_nothing_to_set_nothing_can_be_set():
    assert read_typed(None, {}, "net", SpecError) is None and as_values(None) == {}
    with pytest.raises(SpecError, match="depth can't be set"):
        read_typed(None, {"depth": 3}, "net", SpecError)


def test_keys_are_documented_by_the_docstring():
    keys = {key.name: key for key in keys_of(Arguments)}

    assert list(keys) == ["width", "depth", "head", "views", "priors"]
    assert keys["depth"].meaning == "of the network, which is as wide as it is deep."
    assert keys["width"].default == "16" and keys_of(Views)[0].default is None


def test_a_reference_is_imported_when_it_is_called():
    assert lazy("zoo_core.nothing:there").name == "there"
    assert lazy("math:hypot")(3.0, 4.0) == 5.0


@pytest.mark.parametrize("reference", ["math.hypot", "math:", ":hypot"])
def test_a_reference_needs_a_module_and_a_name(reference):
    with pytest.raises(PluginError, match="module:name"):
        lazy(reference)


def test_a_reference_to_what_is_not_there_says_so():
    with pytest.raises(PluginError, match="math:hypto is not there"):
        lazy("math:hypto")(3.0, 4.0)
