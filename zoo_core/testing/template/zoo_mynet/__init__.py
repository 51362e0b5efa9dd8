"""MyNet: say in one sentence what it is, and cite its paper."""

from typing import TYPE_CHECKING

import zoo_core as zoo

if TYPE_CHECKING:
    from torch import nn

__all__ = ["zoo_architectures"]

PREPROCESS = (
    {"op": "resample", "pixel_scale": 0.1},
    {"op": "frame", "size": 101},
    {"op": "noise_units"},
    {"op": "asinh", "softening": 1.0},
)


def build(channels: int, outputs: int, width: int) -> "nn.Module":
    """The network with random weights."""
    from .network import MyNet

    return MyNet(channels, outputs, width)


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """What this plugin provides."""
    return [
        zoo.Architecture(
            name="mynet",
            task="classification",
            build=build,
            size=101,
            bands=("VIS",),
            heads=zoo.Heads(classes=("nonlens", "lens")),
            preprocess=PREPROCESS,
            arguments={"width": 16},
            summary="MyNet, a small convolutional network",
        )
    ]
