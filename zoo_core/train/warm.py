"""A new network that begins with the weights of a trained one, whatever differs: classes, bands, architecture."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..catalog.specs import TrainedOn
from ..errors import SpecError, WeightsError
from ..interfaces import Architecture
from ..models.load import load
from ..models.model import Model
from ..models.network import Dimensions, shapes
from ..tasks import Heads
from .hub_start import HubStart, begin_with, on_the_hub
from .rebanding import rebanded

__all__ = ["begin_as", "centre", "head_of", "preprocess_for", "warm"]

log = logging.getLogger("zoo")


@dataclass(frozen=True)
class _Place:
    """Tensors whose shape depends on the number of channels, each with the axis, and on the number of outputs."""

    inputs: Mapping[str, int]
    head: frozenset[str]


def begin_as(model: Model, arguments: Mapping[str, Any], name: str) -> tuple[TrainedOn, ...]:
    """Give the network the weights that a recipe names, see `warm` and `hub_start`.

    Returns:
        What these were trained on; nothing of weights of the Hub, which are of no data set of the catalogue.
    """
    if on_the_hub(name):
        begin_with(model.network, HubStart.of(name).weights(), head_of(model, arguments))
        return ()
    start = load(name, device="cpu")
    warm(model, arguments, start)
    assert start.spec is not None
    return start.spec.trained_on


def warm(model: Model, arguments: Mapping[str, Any], start: Model) -> None:
    """Give the network of `model`, which is built with these arguments, the weights of `start`.

    Other classes or parameters: the head stays as it is, with random weights. Other bands: each takes the weights of
    the band of the same name, or the mean of all, times a share (see `rebanding`), so that what an image that is
    alike in all bands gives does not change. Another architecture: tensors of the same name and shape are taken, all
    but the head; where no name is the same, those that are the same after the first dot, as of one backbone in two
    networks.

    Raises:
        WeightsError: nothing fits.
    """
    own, given = model.network.state_dict(), dict(start.network.state_dict())
    place, architecture, heads = _place(model, arguments), model.architecture, model.heads
    alike = architecture.name == start.architecture.name
    if alike:
        given |= rebanded(model, start, place.inputs)
    elif not own.keys() & given.keys():
        given = _renamed(given, own)
    if not alike or _names(heads) != _names(start.heads):
        log.info("the head begins anew, for %s", ", ".join(_names(heads)) or architecture.name)
        given = {name: tensor for name, tensor in given.items() if name not in place.head}
    taken = {name: tensor for name, tensor in given.items() if name in own and tensor.shape == own[name].shape}
    if not taken:
        raise WeightsError(f"{start.id} has no tensor of the name and shape of one of {architecture.name!r}")
    log.info("%d of %d tensors begin as in %s", len(taken), len(own), start.id)
    model.network.load_state_dict({**own, **taken}, strict=True)


def head_of(model: Model, arguments: Mapping[str, Any]) -> list[str]:
    """Names of the tensors whose shape depends on the number of outputs, of a model built with these arguments."""
    return sorted(_place(model, arguments).head)


def preprocess_for(declared: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A preprocessing that takes any number of bands: each is standardised by the mean of what there was."""

    def changed(operation: Mapping[str, Any]) -> dict[str, Any]:
        if operation["op"] == "stack":
            return {**operation, "of": [changed(part) for part in operation["of"]]}
        if operation["op"] == "standardise":
            return {"op": "standardise"} | {key: [float(np.mean(operation[key]))] for key in ("mean", "std")}
        return dict(operation)

    return [changed(operation) for operation in declared]


@torch.no_grad()
def centre(network: nn.Module, head: Sequence[str], begin: np.ndarray) -> None:
    """Let a new head begin at this output, where it has a bias for each."""
    parameters = dict(network.named_parameters())
    for name in head:
        if name in parameters and parameters[name].shape == begin.shape:
            parameters[name].copy_(torch.from_numpy(begin))


def _place(model: Model, arguments: Mapping[str, Any]) -> _Place:
    architecture = model.architecture
    dimensions = Dimensions.of(architecture, model.preprocess, model.heads)
    own = shapes(architecture, dimensions, arguments)
    wider = _wider(architecture, dimensions, arguments) or own
    more = shapes(architecture, replace(dimensions, outputs=2 * dimensions.outputs), arguments)
    axes = {
        name: [axis for axis, (a, b) in enumerate(zip(own[name], wider[name], strict=True)) if a != b] for name in own
    }
    return _Place(
        {name: found[0] for name, found in axes.items() if len(found) == 1},
        frozenset(name for name in own if own[name] != more[name]),
    )


def _wider(
    architecture: Architecture, dimensions: Dimensions, arguments: Mapping[str, Any]
) -> dict[str, tuple[int, ...]] | None:
    """Shapes for twice as many channels; None: the network takes so many and no others."""
    try:
        return shapes(architecture, replace(dimensions, channels=2 * dimensions.channels), arguments)
    except SpecError:
        return None


def _renamed(given: Mapping[str, Tensor], own: Iterable[str]) -> dict[str, Tensor]:
    """Tensors under the name of ours that is the same after the first dot, where there is but one."""
    tails: dict[str, list[str]] = {}
    for name in own:
        tails.setdefault(name.partition(".")[2], []).append(name)
    found = {name: tails.get(name.partition(".")[2], []) for name in given if "." in name}
    return {names[0]: given[name] for name, names in found.items() if len(names) == 1}


def _names(heads: Heads) -> tuple[str, ...]:
    return heads.classes or heads.parameters
