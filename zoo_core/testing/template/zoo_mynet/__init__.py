"""MyNet: say in one sentence what it is, and cite its paper."""

from dataclasses import dataclass

import zoo_core as zoo

__all__ = ["zoo_architectures"]

PREPROCESS = (
    {"op": "resample", "pixel_scale": 0.1},
    {"op": "frame", "size": 101},
    {"op": "noise_units"},
    {"op": "asinh", "softening": 1.0},
)


@dataclass(frozen=True)
class Arguments:
    """Of the network.

    Arguments:
        width: channels after the first convolution.
    """

    width: int = 16


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """What this plugin provides."""
    return [
        zoo.Architecture(
            name="mynet",
            task="classification",
            build=zoo.any_size(zoo.lazy("zoo_mynet.network:MyNet")),
            bands=("VIS",),
            heads=zoo.Heads(classes=("nonlens", "lens")),
            preprocess=PREPROCESS,
            arguments=Arguments,
            summary="MyNet, a small convolutional network",
        )
    ]
