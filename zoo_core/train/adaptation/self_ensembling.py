"""Self-ensembling: a mean teacher for the target."""

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .method import Method, Step, Weighted, class_logits

__all__ = ["SelfEnsembling"]


class SelfEnsembling(Method):
    """The running mean of the network's weights, its teacher, says what altered target images show.

    To the loss of the task on the source is added, with a weight, the mean over target images of (p - p')^2, p the
    probabilities of the network on the altered image and p' those of the teacher on the image, where the largest p' is
    above the confidence. Source and target are normalised apart.

    Source: French, Mackiewicz & Fisher (2018), ICLR, arXiv:1706.05208, without its class balance.
    """

    @dataclass(frozen=True)
    class Settings(Weighted):
        """Settings of self-ensembling.

        Arguments:
            weight: of the difference from the teacher.
            decay: of the mean of the weights, per step.
            confidence: probability that the teacher must reach.
        """

        weight: float = 3.0
        decay: float = 0.99
        confidence: float = 0.968

    def __init__(self, settings: Settings, network: nn.Module, features: int):
        super().__init__(settings, network, features)
        self.teacher = deepcopy(network).requires_grad_(False)

    def forward(self, step: Step) -> Tensor:
        """See the class."""
        loss = step.loss(step.see(step.source).outputs, step.labels)
        with torch.no_grad():
            taught = class_logits(self.teacher.train()(step.target)).float().softmax(1)
        own = class_logits(step.see(step.altered_target).outputs).float().softmax(1)
        counts = (taught.amax(1) > self.settings.confidence).float()
        return loss + self.settings.weight * ((own - taught).square().mean(1) * counts).mean()

    @torch.no_grad()
    def stepped(self, network: nn.Module) -> None:
        """Move the teacher."""
        for mean, new in zip(self.teacher.parameters(), network.parameters(), strict=True):
            mean.lerp_(new, 1 - self.settings.decay)
