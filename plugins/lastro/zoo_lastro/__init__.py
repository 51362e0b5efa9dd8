"""LASTRO EPFL, the lens finder that won the space set of the first Bologna challenge, and its three variants."""

from collections.abc import Callable
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
    from .baseline import Lastro

    return Lastro(channels, outputs)


def build_views(channels: int, outputs: int) -> "nn.Module":
    """The network of the whole image and of its centre, with random weights."""
    from .views import Views

    return Views(channels, outputs)


def build_residual(channels: int, outputs: int) -> "nn.Module":
    """The residual network with random weights."""
    from .residual import Residual

    return Residual(channels, outputs)


def build_invariant(channels: int, outputs: int) -> "nn.Module":
    """The network that does not mind turns and mirror images, with random weights."""
    from .invariant import Invariant

    return Invariant(channels, outputs)


def _architecture(name: str, build: Callable[..., "nn.Module"], summary: str) -> zoo.Architecture:
    return zoo.Architecture(
        name=name,
        task="classification",
        build=build,
        size=101,
        bands=("VIS",),
        heads=zoo.Heads(classes=("nonlens", "lens")),
        preprocess=PREPROCESS,
        summary=f"LASTRO EPFL {summary}, 101 x 101 pixels (Schaefer et al. 2018)",
        paper=PAPER,
    )


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """The four networks of Schaefer et al. (2018)."""
    return [
        _architecture("lastro", build, "baseline CNN"),
        _architecture("lastro_views", build_views, "views, the baseline joined with a CNN of the centre"),
        _architecture("lastro_residual", build_residual, "residual CNN"),
        _architecture("lastro_invariant", build_invariant, "CNN invariant under turns and mirror images"),
    ]
