"""AdaMatch."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from .method import Method, Step, Weighted, class_logits

__all__ = ["AdaMatch"]


class AdaMatch(Method):
    """Confident guesses for the target, brought to the frequencies of the source, teach it its altered images.

    Logits of the source are a mixture lambda z' + (1 - lambda) z'', with lambda uniform for each, of those of a batch
    that also holds the target (z') and those of the source alone (z''). With p the probabilities of source images and q
    those of a target image, the guess for it is q (mean p) / (mean q), normalised. It counts where its largest entry is
    at least tau times the mean of the largest p. The loss is

        H(y, z) + H(y, z_altered) of the source + mu H(guess, z_altered) of the target,

    with mu = 1/2 - cos(min(pi, 2 pi t)) / 2 at the share t of the steps.

    Source: Berthelot et al. (2022), ICLR, arXiv:2106.04732.
    """

    @dataclass(frozen=True)
    class Settings(Weighted):
        """Settings of AdaMatch.

        Arguments:
            weight: of the loss of the target when it has grown.
            confidence: tau.
        """

        confidence: float = 0.9

    def forward(self, step: Step) -> Tensor:
        """See the class."""
        own = torch.cat([step.source, step.altered_source])
        joint = step.see(torch.cat([own, step.target, step.altered_target])).outputs
        with unmoved(step.network):
            alone = step.see(own).outputs
        together, target, altered_target = joint.split([len(own), len(step.target), len(step.target)])
        share = torch.rand_like(together)
        source, altered_source = (share * together + (1 - share) * alone).chunk(2)
        guess, counts = self._guesses(source.detach(), target.detach())
        of_target = functional.cross_entropy(class_logits(altered_target).float(), guess, reduction="none")
        of_source = step.loss(source, step.labels) + step.loss(altered_source, step.labels)
        growing = 0.5 - 0.5 * math.cos(min(math.pi, 2 * math.pi * step.done))
        return of_source + self.settings.weight * growing * (of_target * counts).mean()

    def _guesses(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities (B, K) of the target images, and 1 for those that count, (B,)."""
        p, q = (class_logits(outputs).float().softmax(1) for outputs in (source, target))
        guess = q * p.mean(0) / q.mean(0).clamp(min=1e-6)
        guess = guess / guess.sum(1, keepdim=True)
        confident = guess.amax(1) >= self.settings.confidence * p.amax(1).mean()
        return guess, confident.float()


@contextmanager
def unmoved(network: nn.Module) -> Iterator[None]:
    """While it lasts, no image moves the running moments of batch normalisation."""
    norms = {module: module.momentum for module in network.modules() if isinstance(module, _BatchNorm)}
    for module in norms:
        module.momentum = 0.0
    try:
        yield
    finally:
        for module, momentum in norms.items():
            module.momentum = momentum
