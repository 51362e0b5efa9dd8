"""Trivial statistics: what brightness and size alone tell of lenses. A network must beat it."""

from dataclasses import dataclass, replace

import zoo_core as zoo
from zoo_core.images.declared import FINDING

__all__ = ["zoo_architectures"]


@dataclass(frozen=True)
class Settings:
    """Settings of the training.

    Arguments:
        images: augmented ones that the regression is fitted to.
    """

    images: int = 20_000


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """A finder by logistic regression, and a regressor by ridge regression, on the same statistics."""
    finder = zoo.Architecture(
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
    regressor = replace(
        finder,
        name="trivial_regression",
        task="regression",
        heads=zoo.Heads(parameters=("theta_E",), units=("arcsec",)),
        summary="ridge regression on peak and total S/N, size, concentration and footprint",
        train=zoo.lazy("zoo_trivial.fit:train_parameters"),
    )
    return [finder, regressor]
