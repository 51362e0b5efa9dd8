"""Dropout that stays on when a network predicts: several thinned networks instead of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import SpecError

__all__ = ["MonteCarloDropout"]

SEED = 1_000_000  # of the first layer; those that follow count on


class MonteCarloDropout(nn.Module):
    """A network with dropout before every layer that has weights, in training and in prediction.

    In training every image has masks of its own. In eval mode an image goes through the network with each of `passes`
    sets of masks: these are M fixed networks, drawn from the posterior of the weights once and for all, so that an
    answer depends neither on the batch nor on the order of the images, and two runs agree. The outputs are those of a
    mixture, see `tasks.Regression`: the spread of the M means is the epistemic part of the covariance.

    Arguments:
        network: (B, channels, H, W) to (B, outputs); its weight layers are `nn.Conv2d` and `nn.Linear`.
        rate: share of the inputs of each weight layer that is dropped, above 0 and below 1.
        passes: M.

    Raises:
        SpecError: the rate is no share, or there is no pass.

    Source: Gal & Ghahramani (2016), "Dropout as a Bayesian approximation"; Perreault Levasseur, Hezaveh & Wechsler
    (2017), ApJL 850, L7, who have it before every weight layer and choose the rate by the coverage.
    """

    def __init__(self, network: nn.Module, rate: float, passes: int):
        super().__init__()
        if not 0 < rate < 1 or passes < 1:
            raise SpecError(f"dropout {rate}, passes {passes}: dropout is a share between 0 and 1, of one pass or more")
        self.network, self.passes = network, passes
        layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
        for number, layer in enumerate(layers):
            layer.register_forward_pre_hook(_Masks(rate, passes, number))

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (B, outputs) in training, else (B, M, outputs)."""
        if self.training:
            return self.network(x)
        return self._through_all(self.network, x)

    def features(self, x: Tensor) -> Tensor:
        """Features (B, D) of the network inside, averaged over the passes."""
        function = cast(Callable[[Tensor], Tensor], self.network.features)
        return self._through_all(function, x).mean(1)

    def _through_all(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """(B, M, ...): the images are repeated M times, those of one pass behind one another."""
        return function(x.repeat(self.passes, 1, 1, 1)).unflatten(0, (self.passes, -1)).transpose(0, 1)


class _Masks:
    """Drops inputs of one layer: of each image in training, else of each pass.

    Arguments:
        rate, passes: as of `MonteCarloDropout`.
        number: of the layer.
    """

    def __init__(self, rate: float, passes: int, number: int):
        self.rate, self.passes, self.number = rate, passes, number

    def __call__(self, layer: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        x = inputs[0]
        if layer.training:
            return (F.dropout(x, self.rate, training=True), *inputs[1:])
        generator = torch.Generator().manual_seed(SEED + self.number)
        kept = torch.rand(self.passes, 1, *x.shape[1:], generator=generator) >= self.rate
        scaled = x.unflatten(0, (self.passes, -1)) * (kept.to(x) / (1 - self.rate))
        return (scaled.flatten(0, 1), *inputs[1:])
