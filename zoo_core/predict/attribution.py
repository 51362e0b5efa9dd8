"""Which pixels decided what a network answers: integrated gradients, Grad-CAM and occlusion, computed by Captum."""

import logging
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..errors import ArgumentError, NotInstalledError, UnknownNameError
from ..models.model import Model

__all__ = ["METHODS", "attributed", "chosen_quantity", "quantities"]

log = logging.getLogger("zoo")

STEPS = 32  # of the path from an empty image
WINDOWS = 11  # along a side, that are covered one after the other
OVERLAP = 2  # of neighbouring windows
AT_ONCE = 16  # images through the network

Value = Callable[[Tensor], Tensor]


def quantities(model: Model) -> tuple[str, ...]:
    """What the model answers in numbers: its classes, its parameters, its clusters, or its score.

    Raises:
        ArgumentError: it answers with an image.
    """
    if model.task.maps_images:
        raise ArgumentError(f"{model.id} answers with an image and not with a number, so no pixels explain it")
    return model.heads.classes or model.heads.parameters or ("score",)


def chosen_quantity(model: Model, of: str | None = None) -> str:
    """The quantity of this name; None: the last class, which ranks images, or the first parameter.

    Raises:
        ArgumentError: it answers with an image.
        UnknownNameError: there is no such quantity.
    """
    names = quantities(model)
    if of is None:
        return names[0] if model.heads.parameters else names[-1]
    if of not in names:
        raise UnknownNameError.among(f"{_kind(model)} of {model.id}", of, names)
    return of


def _kind(model: Model) -> str:
    return "class" if model.heads.classes else "parameter" if model.heads.parameters else "quantity"


def attributed(model: Model, channels: Tensor, method: str, of: str | None = None) -> Tensor:
    """How much each pixel speaks for the quantity, (B, size, size), on the CPU; negative: against it.

    One view of the network is explained; the channels that are made of one pixel are added up.

    Arguments:
        model: of any task whose prediction is a number.
        channels: (B, channels, size, size), as `preprocess.channels` gives them.
        method: one of `METHODS`.
        of: see `chosen_quantity`.

    Raises:
        ArgumentError: it answers with an image, or there is no such method.
        UnknownNameError: there is no such quantity.
        NotInstalledError: Captum is missing.
    """
    explained = chosen_quantity(model, of)
    if method not in METHODS:
        raise ArgumentError(f"method= (--method) is {method!r}; choose {', '.join(METHODS)}")
    _require_captum()
    value = _value(model, quantities(model).index(explained))
    device = model.device
    parts = [METHODS[method](model.network, value, part.to(device)) for part in channels.split(AT_ONCE)]
    return torch.cat(parts).detach().float().cpu()


def _integrated_gradients(network: nn.Module, value: Value, channels: Tensor) -> Tensor:
    """Gradients along the straight path from an empty image (Sundararajan, Taly & Yan 2017, ICML 70, 3319)."""
    from captum.attr import IntegratedGradients

    found = IntegratedGradients(value).attribute(channels, n_steps=STEPS, internal_batch_size=4 * AT_ONCE)
    return found.sum(1)


def _grad_cam(network: nn.Module, value: Value, channels: Tensor) -> Tensor:
    """The last convolution's maps, weighted by their mean gradient (Selvaraju et al. 2017, ICCV, 618)."""
    from captum.attr import LayerAttribution, LayerGradCam

    layer = _last_map(network, channels[:1])
    if layer is None:
        log.warning("the network has no convolution for Grad-CAM to look at; integrated gradients are shown instead")
        return _integrated_gradients(network, value, channels)
    cam = LayerGradCam(value, layer).attribute(channels, relu_attributions=True)
    assert isinstance(cam, Tensor)
    return LayerAttribution.interpolate(cam, channels.shape[-2:], "bilinear")[:, 0]


def _occlusion(network: nn.Module, value: Value, channels: Tensor) -> Tensor:
    """What is lost where a window of the image is empty (Zeiler & Fergus 2014, ECCV, 818)."""
    from captum.attr import Occlusion

    stride = max(1, channels.shape[-1] // WINDOWS)
    window = (channels.shape[1], OVERLAP * stride, OVERLAP * stride)
    steps = (channels.shape[1], stride, stride)
    with torch.no_grad():
        found = Occlusion(value).attribute(channels, window, strides=steps, perturbations_per_eval=4)
    return found.sum(1)


METHODS: dict[str, Callable[[nn.Module, Value, Tensor], Tensor]] = {
    "integrated-gradients": _integrated_gradients,
    "grad-cam": _grad_cam,
    "occlusion": _occlusion,
}


def _value(model: Model, index: int) -> Value:
    """The number that is explained, (B,): a logit, a mean, a score; of a flow the mean of the Gaussian it begins as."""

    def value(channels: Tensor) -> Tensor:
        output = model.network(channels)
        first = output[0] if isinstance(output, tuple) else output
        if first.ndim == 1:
            return first
        if first.ndim == 3:  # of a mixture, whose members each begin with their means
            first = first.mean(1)
        if len(model.heads.classes) == 2 and first.shape[1] == 1:
            return first[:, 0] if index else -first[:, 0]
        return first[:, index]

    return value


def _last_map(network: nn.Module, channels: Tensor) -> nn.Module | None:
    """The last convolution that makes a map, of more than one pixel, from neighbouring pixels; None: there is none."""
    found: list[nn.Module] = []

    def keep(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(output, Tensor) and output.ndim == 4 and min(output.shape[-2:]) > 1:
            found.append(layer)

    handles = [layer.register_forward_hook(keep) for layer in network.modules() if _is_convolution(layer)]
    try:
        with torch.no_grad():
            network(channels)
    finally:
        for handle in handles:
            handle.remove()
    return found[-1] if found else None


def _is_convolution(layer: nn.Module) -> bool:
    """Whether its own weights are kernels; one that is as wide as its stride only cuts the image into patches."""
    kernels = layer._parameters.get("weight")
    if kernels is None or kernels.ndim != 4:
        return False
    return kernels.shape[-1] == 1 or getattr(layer, "stride", (1, 1)) != tuple(kernels.shape[-2:])


def _require_captum() -> None:
    try:
        import captum.attr  # noqa: F401
    except ImportError as error:
        raise NotInstalledError(f"Captum can't be imported ({error}); pip install 'zoo-core[explain]'") from error
