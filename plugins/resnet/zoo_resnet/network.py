"""A residual network of timm, with or without the pooling after its stem, with or without dropout."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from zoo_core.errors import SpecError
from zoo_core.models.backbones import Backbone, backbone
from zoo_core.models.dropout import MonteCarloDropout

__all__ = ["BlockStem", "resnet", "resnet_regressor"]


class BlockStem(nn.Module):
    """A first convolution over blocks of s x s pixels, as over pixels that are s times as large.

        y = (W / s^2 + V) * x,    W the same for all s^2 pixels of a block, V for each of them

    V begins at zero, so that a network which has learned from the means of blocks answers as it did.

    Source: for blocks as channels Shi et al. (2016), "Real-time single image and video super-resolution using an
    efficient sub-pixel convolutional neural network".

    Arguments:
        convolution: over pixels, whose weights W are.
        shuffle: s.
    """

    def __init__(self, convolution: nn.Conv2d, shuffle: int):
        super().__init__()
        self.weight, self.stride, self.padding = convolution.weight, convolution.stride, convolution.padding
        self.within = nn.Parameter(torch.zeros_like(convolution.weight).repeat_interleave(shuffle**2, 1))
        self.shuffle = shuffle

    def forward(self, x: Tensor) -> Tensor:
        """Maps of images (B, channels, H, W), as large as the convolution gives of images (H / s, W / s)."""
        area = self.shuffle**2
        weight = self.weight.repeat_interleave(area, 1) / area + self.within
        blocks = functional.pixel_unshuffle(x, self.shuffle).contiguous(memory_format=torch.channels_last)
        return functional.conv2d(blocks, weight, None, self.stride, self.padding)


def resnet(
    channels: int, outputs: int, size: int, model: str, pool: bool, options: Mapping[str, Any], shuffle: int = 1
) -> Backbone:
    """The network with random weights; it takes images of any size. Arguments as of the architecture.

    Raises:
        SpecError: blocks of `shuffle` pixels do not fill the image, or the stem of the model is no single convolution.
    """
    network = backbone(["resnet"], model, channels, outputs, options)
    if not pool:
        network.body.maxpool = nn.Identity()
    if shuffle > 1:
        network.body.conv1 = _in_blocks(network.body.conv1, shuffle, size)
    return network


def resnet_regressor(dropout: float, passes: int, **given: Any) -> Backbone | MonteCarloDropout:
    """The same, with dropout before every weight layer unless it is 0."""
    network = resnet(**given)
    return MonteCarloDropout(network, dropout, passes) if dropout else network


def _in_blocks(stem: nn.Module, shuffle: int, size: int) -> BlockStem:
    if size % shuffle:
        raise SpecError(f"shuffle: blocks of {shuffle} pixels do not fill images of {size}; give a divisor of {size}")
    if not isinstance(stem, nn.Conv2d):
        raise SpecError(f"shuffle: {shuffle}; the stem of the model is no single convolution, give 1")
    return BlockStem(stem, shuffle)
