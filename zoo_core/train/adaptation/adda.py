"""ADDA, adversarial discriminative domain adaptation."""

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .discriminator import Discriminator
from .method import Method, Step, Weighted

__all__ = ["Adda"]


class Adda(Method):
    """First a network learns from the source; then its copy learns to give the target features that look alike.

    With M_s the network after the first stage, which does not change any more, M_t its copy, and D a discriminator that
    gives the probability of being of the source:

        min over D:   -E_s log D(M_s(x)) - E_t log(1 - D(M_t(x))),
        min over M_t: -E_t log D(M_t(x)),

    both in every step. The last layer stays that of the first stage. The result is M_t: it is for target images, and
    may be worse on the source.

    Source: Tzeng et al. (2017), CVPR, "Adversarial discriminative domain adaptation".
    """

    @dataclass(frozen=True)
    class Settings(Weighted):
        """Settings of ADDA.

        Arguments:
            weight: of the loss of M_t.
            first: share of the steps in which the network learns from the source.
            rate: factor of the learning rate after that.
            width: of the hidden layers of the discriminator.
        """

        first: float = 0.5
        rate: float = 0.1
        width: int = 256

        def __post_init__(self) -> None:
            super().__post_init__()
            if not 0 <= self.first < 1:
                raise ValueError(f"first is {self.first}; it must be a share of the steps, from 0 and below 1")

    def __init__(self, settings: Settings, network: nn.Module, features: int):
        super().__init__(settings, network, features)
        self.discriminator = Discriminator(features, settings.width)
        self.source = deepcopy(network).requires_grad_(False)
        self.done = 0.0

    def forward(self, step: Step) -> Tensor:
        """See the class."""
        self.done = step.done
        if step.done < self.settings.first:
            return step.loss(step.see(step.source).outputs, step.labels)
        with torch.no_grad():
            real = step.see_with(self.source.eval(), step.source).features
        fake = step.see(step.target).features
        of_discriminator = self.discriminator.loss(real, source=True) + self.discriminator.loss(
            fake.detach(), source=False
        )
        self.discriminator.requires_grad_(False)  # it is not to help the network
        of_network = self.discriminator.loss(fake, source=True)
        self.discriminator.requires_grad_(True)
        return of_discriminator + self.settings.weight * of_network

    def rate(self, done: float) -> float:
        """Slower in the second stage."""
        return 1.0 if done < self.settings.first else self.settings.rate

    def stepped(self, network: nn.Module) -> None:
        """Keep what the first stage has learned."""
        if self.done < self.settings.first:
            self.source.load_state_dict(network.state_dict())
