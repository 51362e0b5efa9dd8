"""Residual networks, any of timm, sized for 64 x 64 pixels by default."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import zoo_core as zoo

__all__ = ["zoo_architectures"]

PAPER = """@inproceedings{He2016,
  author = {He, K. and Zhang, X. and Ren, S. and Sun, J.},
  title = {Deep residual learning for image recognition},
  booktitle = {Computer Vision and Pattern Recognition},
  pages = {770},
  year = {2016},
  eprint = {1512.03385}
}"""


@dataclass(frozen=True)
class Arguments:
    """Arguments of a residual network.

    Arguments:
        model: its name in timm.
        pool: keep the max pooling after the stem, which halves the image a second time; without it small images keep
            their detail.
        options: of timm's constructor: channels, layers, stem_type, drop_rate ...; a quarter as wide by default.
    """

    model: str = "resnet18"
    pool: bool = False
    options: Mapping[str, Any] = field(default_factory=lambda: {"channels": [16, 32, 64, 128]})


@dataclass(frozen=True)
class RegressorArguments(Arguments):
    """Arguments of a residual network for parameters.

    Arguments:
        model: its name in timm.
        pool: keep the max pooling after the stem, which halves the image a second time; without it small images keep
            their detail.
        options: of timm's constructor: channels, layers, stem_type, drop_rate ...; a quarter as wide by default.
        dropout: share of the inputs of every weight layer that is dropped, in training and in prediction, so that the
            answer is a mixture; 0: none.
        passes: sets of masks that predict together, where there is dropout.
        shuffle: pixels along the side of a block that the first layer takes for one pixel, so that finer pixels cost
            little more; 1: none.
    """

    dropout: float = 0.0
    passes: int = 16
    shuffle: int = 1


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """A classifier and a regressor, the same network."""
    classifier = zoo.timm_architecture(
        "resnet",
        families=["resnet"],
        model="resnet18",
        options={},
        heads=zoo.Heads(classes=("no", "sphere", "vort")),
        summary="Residual network, any of timm, 64 x 64 pixels (He et al. 2016)",
        paper=PAPER,
    )
    classifier = replace(classifier, build=zoo.lazy("zoo_resnet.network:resnet"), arguments=Arguments)
    regressor = replace(
        classifier,
        name="resnet_regression",
        task="regression",
        build=zoo.lazy("zoo_resnet.network:resnet_regressor"),
        arguments=RegressorArguments,
        heads=zoo.Heads(parameters=("log10_mass",), units=("dex",)),
        summary="Residual network, any of timm, for parameters with their variance (He et al. 2016)",
    )
    return [classifier, regressor]
