"""Einstein rings in two bands, and a small network that measures them."""

from dataclasses import dataclass

import zoo_core as zoo

__all__ = ["zoo_architectures", "zoo_datasets", "zoo_metrics"]

SIZE = 33
HEADS = zoo.Heads(parameters=("theta_E", "q"), units=("arcsec", ""))
PREPROCESS = ({"op": "frame", "size": SIZE}, {"op": "noise_units"}, {"op": "asinh", "softening": 1.0})


@dataclass(frozen=True)
class Arguments:
    """Of the network.

    Arguments:
        width: channels after the first convolution.
    """

    width: int = 8


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
            build=zoo.one_size(zoo.lazy("zoo_second.network:Rings"), SIZE),
            bands=("g", "i"),
            heads=HEADS,
            preprocess=PREPROCESS,
            arguments=Arguments,
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
