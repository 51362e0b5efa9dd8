"""A residual network of timm, with or without the pooling after its stem, with or without dropout."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from zoo_core.models.backbones import Backbone, backbone
from zoo_core.models.dropout import MonteCarloDropout

__all__ = ["resnet", "resnet_regressor"]


def resnet(channels: int, outputs: int, size: int, model: str, pool: bool, options: Mapping[str, Any]) -> Backbone:
    """The network with random weights; it takes images of any size. Arguments as of the architecture."""
    network = backbone(["resnet"], model, channels, outputs, options)
    if not pool:
        network.body.maxpool = nn.Identity()
    return network


def resnet_regressor(dropout: float, passes: int, **given: Any) -> Backbone | MonteCarloDropout:
    """The same, with dropout before every weight layer unless it is 0."""
    network = resnet(**given)
    return MonteCarloDropout(network, dropout, passes) if dropout else network
