"""Trivial statistics as a lens finder: what brightness and size alone tell. A network must beat it."""

from dataclasses import dataclass

import zoo_core as zoo
from zoo_core.images.declared import FINDING

__all__ = ["zoo_architectures"]


@dataclass(frozen=True)
class Settings:
    """Of the training.

    Arguments:
        images: augmented ones that the classifier is fitted to.
    """

    images: int = 20_000


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """Logistic regression on trivial statistics."""
    return [
        zoo.Architecture(
            name="trivial",
            task="classification",
            build=zoo.any_size(zoo.lazy("zoo_trivial.network:Trivial")),
            bands=("VIS",),
            heads=zoo.Heads(classes=("nonlens", "lens")),
            preprocess=FINDING,
            settings=Settings,
            summary="logistic regression on peak and total S/N, size, concentration and footprint",
            train=zoo.lazy("zoo_trivial.fit:train"),
        )
    ]
