"""Einstein rings in two bands, and a small network that measures them."""

from typing import TYPE_CHECKING

import zoo_core as zoo

if TYPE_CHECKING:
    from torch import nn

__all__ = ["zoo_architectures", "zoo_datasets", "zoo_metrics"]

SIZE = 33
HEADS = zoo.Heads(parameters=("theta_E", "q"), units=("arcsec", ""))
PREPROCESS = ({"op": "frame", "size": SIZE}, {"op": "noise_units"}, {"op": "asinh", "softening": 1.0})


def build(channels: int, outputs: int, width: int) -> "nn.Module":
    """The network with random weights."""
    from .network import Rings

    return Rings(channels, outputs, width)


def open_rings(n: int = 200, seed: int = 0) -> zoo.Dataset:
    """The data set."""
    from .rings import Rings

    return Rings(n, seed)


def within_a_tenth(scores, truth) -> tuple[int, int]:
    """Einstein radii that are right to 10 %, and all of them."""
    off = abs(scores.means["theta_E"] - truth["theta_E"])
    return int((off < 0.1 * truth["theta_E"]).sum()), len(off)


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """One network."""
    return [
        zoo.Architecture(
            name="second",
            task="regression",
            build=build,
            size=SIZE,
            bands=("g", "i"),
            heads=HEADS,
            preprocess=PREPROCESS,
            arguments={"width": 8},
        )
    ]


@zoo.hookimpl
def zoo_datasets() -> list[zoo.DatasetFactory]:
    """One data set."""
    return [zoo.DatasetFactory("second_rings", "regression", open_rings, "Einstein rings in g and i")]


@zoo.hookimpl
def zoo_metrics() -> list[zoo.Metric]:
    """One metric."""
    return [zoo.Metric("within_a_tenth", "regression", zoo.Binomial(within_a_tenth))]
