"""Trivial statistics as a lens finder: what brightness and size alone tell. A network must beat it."""

from typing import TYPE_CHECKING

import zoo_core as zoo

if TYPE_CHECKING:
    from torch import nn

__all__ = ["zoo_architectures"]

PREPROCESS = (
    {"op": "blank", "values": (100.0,), "repeated": True},
    {"op": "resample", "pixel_scale": 0.1},
    {"op": "frame", "size": 101},
    {"op": "noise_units"},
)


def build(channels: int, outputs: int) -> "nn.Module":
    """The classifier with random weights."""
    from .network import Trivial

    return Trivial(channels, outputs)


def train(classifier: "nn.Module", training: zoo.Training) -> None:
    """Fit the classifier to `images` (20000) looks; see `fit.fit`."""
    from .fit import fit
    from .network import Trivial

    assert isinstance(classifier, Trivial)
    images, targets = training.draw(training.settings.get("images", 20_000))
    fit(classifier.cpu(), images.cpu(), targets.cpu(), training.seed)


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """Logistic regression on trivial statistics."""
    return [
        zoo.Architecture(
            name="trivial",
            task="classification",
            build=build,
            size=101,
            bands=("VIS",),
            heads=zoo.Heads(classes=("nonlens", "lens")),
            preprocess=PREPROCESS,
            summary="logistic regression on peak and total S/N, size, concentration and footprint",
            train=train,
        )
    ]
