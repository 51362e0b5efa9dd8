"""The first layer of a trained network in other bands."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ..models.model import Model

__all__ = ["rebanded"]

# of images: too faint to change the sign of what a layer rectifies; too bright for a bias, all negative, to count
FAINT, BRIGHT = 1e-6, 1e6


@dataclass(frozen=True)
class _Weights:
    """Weights of a layer that go with the channels of the input: each band has as many, side by side along `axis`.

    Arguments:
        name: of the tensor in the network.
        axis: of the channels; they are (channels of a band, bands), flattened.
        per_band: channels of a band.
    """

    name: str
    axis: int
    per_band: int

    def apart(self, tensor: Tensor, bands: int) -> Tensor:
        """The tensor with (channels of a band, bands, what else lies along the axis) in the place of the axis."""
        return tensor.unflatten(self.axis, (self.per_band, bands, -1))

    def joined(self, parts: list[Tensor]) -> Tensor:
        """The tensor for bands that have these parts."""
        return torch.stack(parts, self.axis + 1).flatten(self.axis, self.axis + 2)


def rebanded(model: Model, start: Model, inputs: Mapping[str, int]) -> dict[str, Tensor]:
    """The tensors of `start` that depend on the number of channels, for the bands of `model`.

    A band has the weights of the band of the same name, or the mean of all, times a share by which an image that is
    alike in all bands gives what it gave. As many bands, all of other names, take the weights in their order.

    Arguments:
        model: a network of the same architecture.
        start: the one whose weights are taken.
        inputs: the axis of the channels in each tensor that has one.
    """
    old, new = start.preprocess.bands, model.preprocess.bands
    if old == new or (len(old) == len(new) and not set(old) & set(new)):
        return {}
    per_band = start.preprocess.n_channels // len(old)
    taken = [name for name in inputs if name in start.network.state_dict()]
    return {name: _for_bands(model, start, _Weights(name, inputs[name], per_band)) for name in taken}


def _for_bands(model: Model, start: Model, weights: _Weights) -> Tensor:
    old, new = start.preprocess.bands, model.preprocess.bands
    apart = weights.apart(start.network.state_dict()[weights.name], len(old))
    mean = apart.mean(weights.axis + 1)
    parts = [apart.select(weights.axis + 1, old.index(band)) if band in old else mean for band in new]
    summed = weights.axis == 1  # over the bands, by the layer
    return weights.joined(parts) * (_share(model, start, weights, mean) if summed else 1.0)


def _share(model: Model, start: Model, weights: _Weights, mean: Tensor) -> float:
    """What the weights of a band are multiplied with so that the layer answers as it did.

    It is the ratio of the numbers of bands, unless the layer divides its weights by what depends on their number, as
    one of equalised learning rate does (Karras et al. 2018, ICLR). So it is measured, with the mean weights in every
    band.
    """
    old, new = len(start.preprocess.bands), len(model.preprocess.bands)
    if old == new:
        return 1.0
    for brightness in (FAINT, BRIGHT):
        before, after = (_slope(each, start, weights, mean, brightness) for each in (start, model))
        if after > 0:
            return before / after
    return old / new


@torch.enable_grad()
def _slope(model: Model, start: Model, weights: _Weights, mean: Tensor, brightness: float) -> float:
    """How much an image that is alike in all bands changes what the layer gives, whose bias is that of `start`."""
    network, bands, side = model.network, len(model.preprocess.bands), model.preprocess.size
    layer = network.get_submodule(weights.name.rpartition(".")[0])
    image = brightness * torch.randn(1, weights.per_band, side, side, generator=torch.Generator().manual_seed(0))
    image = image.to(mean.device).requires_grad_()
    tensors = {**_common(network, start.network), weights.name: weights.joined([mean] * bands)}
    answer = _answer(network, layer, tensors, image.repeat_interleave(bands, 1))
    if answer is None or not answer.requires_grad:
        return 0.0
    return float(torch.autograd.grad(answer, image)[0].norm())


def _answer(network: nn.Module, layer: nn.Module, tensors: Mapping[str, Tensor], images: Tensor) -> Tensor | None:
    """The sum of what the layer of this network gives; None: it is never called, or gives no tensor."""
    answers: list[object] = []
    training = network.training
    with layer.register_forward_hook(lambda *call: answers.append(call[-1])):
        functional_call(network.eval(), dict(tensors), images)
    network.train(training)
    found = [answer.sum() for answer in answers if isinstance(answer, Tensor)]
    return torch.stack(found).sum() if found else None


def _common(network: nn.Module, start: nn.Module) -> dict[str, Tensor]:
    """The tensors of `start` that fit into the network."""
    own = network.state_dict()
    return {name: t for name, t in start.state_dict().items() if name in own and own[name].shape == t.shape}
