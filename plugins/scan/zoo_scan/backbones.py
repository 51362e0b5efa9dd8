"""Backbones: a small network, a spectrum, or any network of timm."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from zoo_core.errors import SpecError
from zoo_core.models.backbones import backbone as timm_backbone

from .resnet import SmallResNet
from .spectrum import Spectrum

__all__ = ["SMALL", "backbone"]

SMALL = "small"
OWN: Mapping[str, Callable[..., SmallResNet | Spectrum]] = {SMALL: SmallResNet, "spectrum": Spectrum}


def backbone(name: str, channels: int, options: Mapping[str, Any]) -> tuple[nn.Module, int]:
    """A network with random weights that gives pooled features (B, D), and D.

    Arguments:
        name: "small" (`SmallResNet`), "spectrum" (`Spectrum`), or a model of timm without the tag of its weights.
        channels: of the images.
        options: of its constructor.

    Raises:
        NotInstalledError: timm is missing.
        UnknownNameError: neither a network of this plugin nor a model of timm.
        SpecError: the options are not the network's.
    """
    if name not in OWN:
        network = timm_backbone(None, name, channels, 0, options)
        return network, network.body.num_features
    try:
        own = OWN[name](channels, **options)
    except TypeError as error:
        raise SpecError(f"the backbone {name} can't be built with {dict(options)}: {error}") from error
    return own, own.dimension
