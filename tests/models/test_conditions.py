"""What somebody who predicts tells a network of the images, beside its published weights."""

import sys

import numpy as np
import pytest

import zoo_core as zoo
from zoo_core.catalog.added import with_model
from zoo_core.catalog.entries import entry_of
from zoo_core.catalog.schema import check_entry
from zoo_core.errors import ArgumentError, RegistryError
from zoo_core.publish.bundle import listed_entry

from ..flat_plugin import FLAT

ARGUMENT = """width: int = 3
    shift: float = 0.0

    def __post_init__(self):
        if self.shift < 0:
            raise ValueError(f"shift = {self.shift:g}: give 0 or more")
"""
SHIFTED = """    class Shifted(nn.Module):
        def forward(self, x):
            return x + shift

    return nn.Sequential("""
CHANGES = {
    "width: int = 3\n": ARGUMENT,
    "size, width):": "size, width, shift):",
    "    return nn.Sequential(": SHIFTED,
    "nn.Linear(width, outputs))": "nn.Linear(width, outputs), Shifted())",
    "frame, Arguments)": "frame, Arguments, conditions=('shift',))",
}
IMAGES = np.random.default_rng(0).random((3, 1, 8, 8), dtype=np.float32)


@pytest.fixture
def shifted(flat_plugin):
    """flat.space, whose network may be told by how much its logits are shifted."""
    source = FLAT
    for plain, told in CHANGES.items():
        source = source.replace(plain, told)
    (flat_plugin / "__init__.py").write_text(source)
    sys.modules.pop("zoo_flat", None)  # that of another test
    yield "flat.space"
    sys.modules.pop("zoo_flat", None)


def test_a_network_is_told_and_keeps_its_weights(shifted):
    plain, told = zoo.load(shifted), zoo.load(shifted, shift=2.0)
    np.testing.assert_allclose(told(IMAGES).logits, plain(IMAGES).logits + 2, rtol=1e-6)
    assert (plain.conditions, told.conditions) == ({"shift": 0.0}, {"shift": 2.0})
    assert plain.weights_sha256 == told.weights_sha256


def test_what_it_is_not_told_or_does_not_know_is_an_error(shifted):
    with pytest.raises(ArgumentError, match=r"without width; it may be told shift"):
        zoo.load(shifted, width=4)
    with pytest.raises(ArgumentError, match=r"shift = -1: give 0 or more"):
        zoo.load(shifted, shift=-1.0)
    with pytest.raises(ArgumentError, match=r"shift = 'far'"):
        zoo.load(shifted, shift="far")


def test_a_published_model_of_members_tells_them_what_its_entry_says(shifted, flat_plugin):
    joined = zoo.committee([zoo.load(shifted, shift=2.0), "flat.ground"], id="committee.told")
    registry = flat_plugin / "registry.yaml"
    registry.write_text(with_model(registry, "committee.told", listed_entry(joined.spec, "0" * 64)))

    published = zoo.load("committee.told")

    assert published.spec.told == {"flat.space": {"shift": 2.0}, "flat.ground": {"shift": 0.0}}
    np.testing.assert_allclose(published(IMAGES).logits, zoo.load(shifted)(IMAGES).logits + 1, rtol=1e-6)
    with pytest.raises(ArgumentError, match=r"zoo\.committee\(\.\.\.\) takes zoo\.load\('flat\.space', \.\.\.\)"):
        zoo.load("committee.told", shift=1.0)


def test_an_entry_tells_nobody_but_members(shifted):
    entry = entry_of(zoo.committee([shifted, "flat.ground"]).spec) | {"told": {"flat.sky": {"shift": 1.0}}}
    with pytest.raises(RegistryError, match=r"told names flat\.sky; it may name members: flat\.space, flat\.ground"):
        check_entry("models", entry, "here", RegistryError)


def test_rows_of_a_network_that_was_told_something_else_are_not_kept(shifted, tmp_path):
    for shift in (0.0, 3.0):
        model = zoo.load(shifted, shift=shift)
        table = model.predict(IMAGES, out=tmp_path / "scores.csv", resume=shift > 0)
        np.testing.assert_allclose(table["p_lens"], model(IMAGES).probabilities[:, 1], rtol=1e-5)
