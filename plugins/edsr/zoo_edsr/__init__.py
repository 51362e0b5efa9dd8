"""Residual networks without normalisation that take the noise out of images, or leave nothing but their arcs."""

from dataclasses import dataclass
from typing import Literal

import zoo_core as zoo
from zoo_core.images.declared import FINDING

__all__ = ["zoo_architectures"]

PAPER = """@inproceedings{Lim2017,
  author = {Lim, Bee and Son, Sanghyun and Kim, Heewon and Nah, Seungjun and Lee, Kyoung Mu},
  title = {Enhanced Deep Residual Networks for Single Image Super-Resolution},
  booktitle = {Computer Vision and Pattern Recognition Workshops},
  year = {2017},
  eprint = {1707.02921}
}"""


@dataclass(frozen=True)
class Arguments:
    """Of the network, which by default trains on one core.

    Arguments:
        target: "denoise" for the light without its noise, which is the image less what the network finds; "deblend"
            for the arcs alone, which are what it finds.
        width: channels of each convolution.
        blocks: residual blocks.
        scaling: factor of what a block adds; 0.1 keeps very wide networks stable (Lim et al. 2017).
        shuffle: pixels along the side of a block that becomes one pixel with as many channels; 1: none.
        uncertain: whether it also gives the standard deviation of each pixel.
    """

    target: Literal["denoise", "deblend"] = "denoise"
    width: int = 24
    blocks: int = 6
    scaling: float = 1.0
    shuffle: int = 2
    uncertain: bool = True


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """One network for both."""
    return [
        zoo.Architecture(
            name="edsr",
            task="restoration",
            build=zoo.any_size(zoo.lazy("zoo_edsr.restorer:Restorer")),
            bands=("VIS",),
            heads=zoo.Heads(),
            preprocess=FINDING[:-1],  # in the unit of the image
            arguments=Arguments,
            summary="EDSR (Lim et al. 2017) that denoises or deblends, with the error of each pixel",
            paper=PAPER,
            train=zoo.lazy("zoo_edsr.learning:learn"),
            measures_noise=True,
        )
    ]
