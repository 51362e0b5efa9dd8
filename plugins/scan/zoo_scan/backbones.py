"""What looks at the images: a small network, a spectrum, or any network of timm."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from zoo_core.errors import NotInstalledError, SpecError, UnknownNameError

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
    build = _own if name in OWN else _of_timm
    try:
        return build(name, channels, options)
    except (TypeError, ValueError, AssertionError) as error:
        raise SpecError(f"the backbone {name} can't be built with {dict(options)}: {error}") from error


def _own(name: str, channels: int, options: Mapping[str, Any]) -> tuple[nn.Module, int]:
    network = OWN[name](channels, **options)
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
        raise UnknownNameError.among("backbone", name, [*OWN, *timm.list_models()])
    network: Any = timm.create_model(name, in_chans=channels, num_classes=0, **options)
    return network, network.num_features
