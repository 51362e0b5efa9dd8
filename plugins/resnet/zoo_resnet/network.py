"""A residual network of timm, with or without the pooling after its stem."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from zoo_core.models.backbones import Backbone, backbone

__all__ = ["resnet"]


def resnet(channels: int, outputs: int, size: int, model: str, pool: bool, options: Mapping[str, Any]) -> Backbone:
    """The network with random weights; it takes images of any size. Arguments as of the architecture."""
    network = backbone(["resnet"], model, channels, outputs, options)
    if not pool:
        network.body.maxpool = nn.Identity()
    return network
