"""What looks at the images: the small network of this plugin, or any of timm."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from zoo_core.errors import NotInstalledError, SpecError, UnknownNameError

from .resnet import SmallResNet

__all__ = ["SMALL", "backbone"]

SMALL = "small"


def backbone(name: str, channels: int, options: Mapping[str, Any]) -> tuple[nn.Module, int]:
    """A network with random weights that gives pooled features (B, D), and D.

    Arguments:
        name: "small" (`SmallResNet`), or a model of timm without the tag of pretrained weights.
        channels: of the images.
        options: of its constructor.

    Raises:
        NotInstalledError: timm is missing.
        UnknownNameError: neither the small network nor a model of timm.
        SpecError: the options are not the network's.
    """
    build = _small if name == SMALL else _of_timm
    try:
        return build(name, channels, options)
    except (TypeError, ValueError, AssertionError) as error:
        raise SpecError(f"the backbone {name} can't be built with {dict(options)}: {error}") from error


def _small(name: str, channels: int, options: Mapping[str, Any]) -> tuple[nn.Module, int]:
    network = SmallResNet(channels, **options)
    return network, network.dimension


def _of_timm(name: str, channels: int, options: Mapping[str, Any]) -> tuple[nn.Module, int]:
    try:
        import timm  # pyright: ignore[reportMissingImports] - an extra
    except ImportError as error:
        raise NotInstalledError(
            f"the backbone {name!r} is timm's, which can't be imported ({error}); "
            f"pip install 'zoo-scan[timm]', or take the backbone {SMALL!r}"
        ) from error
    if name not in timm.list_models():
        raise UnknownNameError.among("backbone", name, [SMALL, *timm.list_models()])
    network: Any = timm.create_model(name, in_chans=channels, num_classes=0, **options)
    return network, network.num_features
