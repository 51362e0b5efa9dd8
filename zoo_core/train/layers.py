"""Layers by their depth: learning rates that fall towards the input, and what does not learn at all."""

from collections.abc import Callable, Iterable
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor, nn

__all__ = ["Frozen", "depths", "freeze", "rates"]


def rates(network: nn.Module, images: Tensor, decay: float) -> dict[str, float]:
    """Factor of the rate of each parameter: 1 in the last layer, `decay` in the first, geometric in between."""
    if decay == 1:
        return {name: 1.0 for name, _ in network.named_parameters()}
    return {name: decay ** (1 - depth) for name, depth in depths(network, images).items()}


def depths(network: nn.Module, images: Tensor) -> dict[str, float]:
    """Depth of each parameter, 0 in the first layer and 1 in the last.

    Layers are modules with parameters of their own, in the order in which they are first called for `images`
    (1, channels, size, size); one that is not called comes after the one that is registered before it.
    """
    owners = {name: module for name, module in network.named_modules() if list(module.parameters(recurse=False))}
    place = {name: float(order) for order, name in enumerate(_called(network, owners, images))}
    last = -1.0
    for name in owners:
        last = place.setdefault(name, last)
    ranks = {order: rank for rank, order in enumerate(sorted(set(place.values())))}
    deepest = max(len(ranks) - 1, 1)
    return {
        f"{owner}.{name}".lstrip("."): ranks[place[owner]] / deepest
        for owner, module in owners.items()
        for name, _ in module.named_parameters(recurse=False)
    }


def freeze(network: nn.Module, but: Iterable[str]) -> None:
    """Let nothing be trained but these parameters."""
    trained = set(but)
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in trained)


class Frozen(pl.Callback):
    """Modules whose parameters are all frozen stay in eval mode: their moments do not move."""

    def __init__(self) -> None:
        self.modules: list[nn.Module] = []

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Finds the layers."""
        for module in pl_module.modules():
            parameters = list(module.parameters())
            if parameters and not any(parameter.requires_grad for parameter in parameters):
                self.modules.append(module)

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *batch: Any) -> None:
        """Lightning sets all of the network to training after each validation."""
        for module in self.modules:
            module.eval()


@torch.no_grad()
def _called(network: nn.Module, owners: dict[str, nn.Module], images: Tensor) -> list[str]:
    order: dict[str, None] = {}

    def noting(name: str) -> Callable[[nn.Module, Any], None]:
        return lambda module, inputs: order.setdefault(name)

    hooks = [module.register_forward_pre_hook(noting(name)) for name, module in owners.items()]
    training = network.training
    network.eval()(images)
    network.train(training)
    for hook in hooks:
        hook.remove()
    return list(order)
