"""DANN, domain-adversarial training of neural networks."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .discriminator import Discriminator
from .method import Method, Step, Weighted

__all__ = ["Dann"]

RAMP = 10.0
"""Steepness with which the reversed gradient grows; that of the paper."""


class Dann(Method):
    """A discriminator tells the domains apart by the features, whose gradient is reversed on its way into the network.

    With L_y the loss of the task on the source and L_d the discriminator's cross entropy, the features minimise
    L_y - lambda L_d and the discriminator L_d. lambda = weight (2 / (1 + exp(-10 p)) - 1) grows with the share p of the
    steps that are done.

    Source: Ganin et al. (2016), JMLR 17, 59.
    """

    @dataclass(frozen=True)
    class Settings(Weighted):
        """Settings of DANN.

        Arguments:
            weight: of the reversed gradient at the end.
            width: of the hidden layers of the discriminator.
        """

        width: int = 256

    def __init__(self, settings: Settings, network: nn.Module, features: int):
        super().__init__(settings, network, features)
        self.discriminator = Discriminator(features, settings.width)

    def forward(self, step: Step) -> Tensor:
        """See the class."""
        source, target = step.see_both()
        weight = self.settings.weight * (2 / (1 + math.exp(-RAMP * step.done)) - 1)
        domains = [
            self.discriminator.loss(_Reversed.apply(seen.features, weight), source=kind)
            for seen, kind in ((source, True), (target, False))
        ]
        return step.loss(source.outputs, step.labels) + sum(domains) / 2


class _Reversed(torch.autograd.Function):
    """The identity, whose gradient is multiplied with -weight."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: float) -> Tensor:
        """The features as they are."""
        ctx.weight = weight
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """The gradient, reversed."""
        return -ctx.weight * gradients[0], None
