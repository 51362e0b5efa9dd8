"""Settings of a plugin are checked against a dataclass of its own."""

from dataclasses import dataclass

import pytest

from zoo_core.errors import RecipeError
from zoo_core.train.settings import known


@dataclass(frozen=True)
class Wanted:
    share: float
    noise: float = 0.0


def test_keys_of_the_dataclass_are_taken_as_they_are():
    assert known(Wanted, "settings", {"share": 0.5}) == {"share": 0.5}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"share": 1, "nois": 2}, "settings has no key nois; it takes share, noise"),
        ({"noise": 1}, "settings lacks share; it needs share"),
    ],
)
def test_an_unknown_and_a_missing_key_are_named(said, message):
    with pytest.raises(RecipeError, match=message):
        known(Wanted, "settings", said)
