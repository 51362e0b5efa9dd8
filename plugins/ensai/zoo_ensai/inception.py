"""Inception-v4, model 11 of Hezaveh et al. (2017), as wide as there or narrower."""

import torch
from torch import nn

from zoo_core.errors import SpecError
from zoo_core.models.backbones import Backbone, backbone

from .layers import thinned, widened

__all__ = ["inception"]

GRAIN = 32  # divides the number of channels of every layer and branch


def inception(channels: int, outputs: int, size: int, width: float, dropout: float, passes: int) -> nn.Module:
    """Inception-v4 of timm with random weights (Szegedy et al. 2016, arXiv:1602.07261), from 75 pixels on.

    The paper repeats its one band three times; here the first layer has as many channels as there are. Arguments as of
    the architecture.

    Raises:
        SpecError: the width is none at which the branches of a block still add up to what the next one takes.
    """
    if width <= 0 or GRAIN * width % 1:
        raise SpecError(f"width is {width}; that of Inception-v4 is a multiple of 1/{GRAIN}, such as 0.25")
    network = backbone(["inception_v4"], "inception_v4", channels, outputs, {})
    if width != 1:
        _narrow(network, channels, outputs, width)
    return thinned(network, dropout, passes)


def _narrow(network: Backbone, channels: int, outputs: int, width: float) -> None:
    """Give the layers so much of their channels, and new random weights."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.BatchNorm2d)]
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d):
            _narrow_norm(layer, widened(layer.num_features, width))
        else:
            before = channels if layer is layers[0] else widened(layer.in_channels, width)
            _narrow_convolution(layer, before, widened(layer.out_channels, width))
    network.body.last_linear = nn.Linear(widened(network.body.num_features, width), outputs)


def _narrow_convolution(layer: nn.Conv2d, before: int, after: int) -> None:
    layer.in_channels, layer.out_channels = before, after
    layer.weight = nn.Parameter(torch.empty(after, before, *layer.kernel_size))
    layer.reset_parameters()


def _narrow_norm(layer: nn.BatchNorm2d, channels: int) -> None:
    layer.num_features = channels
    layer.weight, layer.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
    layer.running_mean, layer.running_var = torch.zeros(channels), torch.ones(channels)
