"""Residual networks, any of timm, sized for 64 x 64 pixels by default."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import zoo_core as zoo

if TYPE_CHECKING:
    from torch import nn

__all__ = ["zoo_architectures"]

PAPER = """@inproceedings{He2016,
  author = {He, K. and Zhang, X. and Ren, S. and Sun, J.},
  title = {Deep residual learning for image recognition},
  booktitle = {Computer Vision and Pattern Recognition},
  pages = {770},
  year = {2016},
  eprint = {1512.03385}
}"""

PREPROCESS = (
    {"op": "frame", "size": 64},
    {"op": "noise_units"},
    {
        "op": "stack",
        "of": (
            {"op": "asinh", "softening": 3.0},
            {"op": "asinh_peak", "contrast": 5.0},
            {"op": "high_pass", "sigma": 2.0, "relative": 0.05},
        ),
    },
)
FAMILIES = ("resnet",)  # modules of timm
SMALL = {"model": "resnet18", "pool": False, "options": {"channels": [16, 32, 64, 128]}}  # a quarter as wide


def build(
    channels: int, outputs: int, model: str = "resnet18", pool: bool = True, options: Mapping[str, Any] | None = None
) -> "nn.Module":
    """A residual network of timm with random weights.

    Arguments:
        model: its name in timm.
        pool: keep the max pooling after the stem, which halves the image a second time; without it small images keep
            their detail.
        options: of timm's constructor: channels, layers, stem_type, drop_rate ...
    """
    from torch import nn

    from zoo_core.models.backbones import backbone

    network = backbone(FAMILIES, model, channels, outputs, options or {})
    if not pool:
        network.body.maxpool = nn.Identity()
    return network


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """A classifier and a regressor, the same network."""
    return [
        zoo.Architecture(
            name="resnet",
            task="classification",
            build=build,
            size=64,
            bands=("VIS",),
            heads=zoo.Heads(classes=("no", "sphere", "vort")),
            preprocess=PREPROCESS,
            arguments=SMALL,
            summary="Residual network, any of timm, 64 x 64 pixels (He et al. 2016)",
            paper=PAPER,
        ),
        zoo.Architecture(
            name="resnet_regression",
            task="regression",
            build=build,
            size=64,
            bands=("VIS",),
            heads=zoo.Heads(parameters=("log10_mass",), units=("dex",)),
            preprocess=PREPROCESS,
            arguments=SMALL,
            summary="Residual network, any of timm, for parameters with their variance (He et al. 2016)",
            paper=PAPER,
        ),
    ]
