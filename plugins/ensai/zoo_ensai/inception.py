"""Inception-v4, model 11 of Hezaveh et al. (2017)."""

from torch import nn

from zoo_core.models.backbones import backbone

from .layers import thinned

__all__ = ["inception"]


def inception(channels: int, outputs: int, size: int, dropout: float, passes: int) -> nn.Module:
    """Inception-v4 of timm with random weights (Szegedy et al. 2016, arXiv:1602.07261), from 75 pixels on.

    The paper repeats its one band three times; here the first layer has as many channels as there are. Arguments as of
    the architecture.
    """
    return thinned(backbone(["inception_v4"], "inception_v4", channels, outputs, {}), dropout, passes)
