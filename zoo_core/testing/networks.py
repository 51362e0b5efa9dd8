"""Networks with random weights for the tests of plugins."""

from typing import Any

from torch import nn

from ..models.network import Dimensions, initialised
from ..plugins import architecture as architecture_named

__all__ = ["network_of"]


def network_of(architecture: str, channels: int = 1, outputs: int = 1, size: int = 64, **arguments: Any) -> nn.Module:
    """The network of an installed architecture, its arguments checked as those of a recipe are.

    Arguments:
        architecture: its name.
        channels, outputs, size: see `Architecture.build`.
        arguments: of the architecture.
    """
    return initialised(architecture_named(architecture), Dimensions(channels, outputs, size), arguments)
