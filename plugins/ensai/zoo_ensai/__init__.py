"""The four networks of Hezaveh et al. (2017) that measure the parameters of lenses, for any parameters and any size."""

from dataclasses import dataclass
from typing import Literal

import zoo_core as zoo

__all__ = ["zoo_architectures"]

PAPER = """@article{Hezaveh2017,
  author = {Hezaveh, Y. D. and Perreault Levasseur, L. and Marshall, P. J.},
  title = {Fast automated analysis of strong gravitational lenses with convolutional neural networks},
  journal = {Nature},
  volume = {548},
  pages = {555},
  year = {2017},
  eprint = {1708.08842}
}"""
HEADS = zoo.Heads(
    parameters=("theta_E", "e1", "e2", "lens_x", "lens_y"),
    units=("arcsec", "", "", "arcsec", "arcsec"),
)
"""Those of the paper. Its ellipticities turn once with the position angle, so that two of them are the same lens; these
turn twice, as lenstronomy has them."""


@dataclass(frozen=True)
class Arguments:
    """Of a network that measures lenses.

    Arguments:
        width: of all layers, in that of the paper; a quarter has a sixteenth of the weights, which fits the catalogue.
        dropout: share of the inputs of every weight layer that is dropped, in training and in prediction, so that the
            answer is a mixture; 0: none.
        passes: sets of masks that predict together, where there is dropout.
    """

    width: float = 0.25
    dropout: float = 0.0
    passes: int = 16


@dataclass(frozen=True)
class AlexNetArguments(Arguments):
    """Of AlexNet, as `Arguments`.

    Arguments:
        begin: with "paper" the first weights of the fully connected layers are as small as in the paper, with "he" all
            are as large as keeps the scale of the signal from layer to layer (He et al. 2015, arXiv:1502.01852).
            A quarter as wide, the former still answered with the mean of all lenses after 600 steps.
    """

    begin: Literal["paper", "he"] = "paper"


@dataclass(frozen=True)
class InceptionArguments(Arguments):
    """Of Inception-v4, as `Arguments`.

    Arguments:
        width: of all layers, in that of the paper, a multiple of 1/32.
        dropout: share of the inputs of every weight layer that is dropped, in training and in prediction, so that the
            answer is a mixture; 0: none.
        passes: sets of masks that predict together, where there is dropout.
    """

    width: float = 1.0


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """Models 9, 5, 8 and 11 of the paper, whose committee `zoo.committee` makes of trained ones."""
    return [
        _architecture("alexnet", "AlexNet", 192, AlexNetArguments),
        _architecture("overfeat", "OverFeat", 192, Arguments),
        _architecture("pairs", "pairs of a wide and a 1 x 1 convolution", 192, Arguments),
        _architecture("inception", "Inception-v4", 96, InceptionArguments),
    ]


def _architecture(name: str, what: str, size: int, arguments: type) -> zoo.Architecture:
    return zoo.Architecture(
        name=f"ensai_{name}",
        task="regression",
        build=zoo.lazy(f"zoo_ensai.{name}:{name}"),
        bands=("F814W",),
        heads=HEADS,
        preprocess=(
            {"op": "frame", "size": size},
            {"op": "noise_units"},
            {"op": "asinh", "softening": 3.0},
        ),
        arguments=arguments,
        summary=f"Parameters of lenses by {what} (Hezaveh et al. 2017)",
        paper=PAPER,
    )
