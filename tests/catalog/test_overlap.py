"""What of a benchmark a model was trained on: as its entry says, and as the fingerprints show whatever it says."""

from dataclasses import replace

import pytest

from zoo_core.catalog.overlap import IMAGES, POPULATION, denials, overlap
from zoo_core.catalog.registry import catalog
from zoo_core.catalog.specs import TrainedOn

SKY = catalog().benchmark("finding_space")


def model(dataset="finding_space", sha256=None, **arguments):
    spec = catalog().model("lastro.space")
    return replace(spec, trained_on=(TrainedOn(dataset, "simulated", arguments, 0, sha256),))


@pytest.mark.parametrize(
    "trained, found",
    [
        (model(n=100, seed=7), POPULATION),
        (model(n=100, seed=1), IMAGES),  # the first hundred images of the benchmark
        (model("elsewhere", n=100, seed=1), ""),
        (model(n=20000, seed=7, sha256=SKY.sha256), IMAGES),
        (model("elsewhere", sha256=SKY.sha256), IMAGES),
    ],
)
def test_the_fingerprint_counts_whatever_the_entry_says(trained, found):
    assert overlap(trained, SKY) == found


@pytest.mark.parametrize("arguments", [{"seed": 7}, {"dataset": "elsewhere", "seed": 1}])
def test_an_entry_that_denies_what_its_fingerprint_shows_is_named(arguments):
    (sentence,) = denials(model(sha256=SKY.sha256, **arguments), [SKY])

    assert "has the fingerprint of the benchmark finding_space" in sentence


def test_an_entry_that_says_so_denies_nothing():
    assert not list(denials(model(seed=1, sha256=SKY.sha256), [SKY]))
    assert not list(denials(model(seed=7), [SKY]))
