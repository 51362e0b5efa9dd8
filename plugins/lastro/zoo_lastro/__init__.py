"""LASTRO EPFL, the lens finder that won the space set of the first Bologna challenge."""

from typing import TYPE_CHECKING

import zoo_core as zoo

if TYPE_CHECKING:
    from torch import nn

__all__ = ["zoo_architectures"]

PAPER = """@article{Schaefer2018,
  author = {Schaefer, C. and Geiger, M. and Kuntzer, T. and Kneib, J.-P.},
  title = {Deep convolutional neural networks as strong gravitational lens detectors},
  journal = {Astronomy & Astrophysics},
  volume = {611},
  pages = {A2},
  year = {2018},
  eprint = {1705.07132}
}"""

PREPROCESS = (
    {"op": "blank", "values": (100.0,), "repeated": True},
    {"op": "resample", "pixel_scale": 0.1},
    {"op": "frame", "size": 101},
    {"op": "noise_units"},
    {
        "op": "stack",
        "of": (
            {"op": "asinh", "softening": 1.0},
            {"op": "asinh_peak", "contrast": 50.0},
            {"op": "high_pass", "sigma": 3.0, "relative": 0.05},
        ),
    },
)


def build(channels: int, outputs: int) -> "nn.Module":
    """The baseline network with random weights."""
    from .network import Lastro

    return Lastro(channels, outputs)


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """The baseline of Schaefer et al. (2018)."""
    return [
        zoo.Architecture(
            name="lastro",
            task="classification",
            build=build,
            size=101,
            bands=("VIS",),
            heads=zoo.Heads(classes=("nonlens", "lens")),
            preprocess=PREPROCESS,
            summary="LASTRO EPFL baseline CNN, 101 x 101 pixels (Schaefer et al. 2018)",
            paper=PAPER,
        )
    ]
