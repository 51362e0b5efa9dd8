"""A network in training under a method of domain adaptation."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ...models.model import Model
from ...scores import Truth
from ..metrics import INFORMATION, Monitor
from ..module import TrainedNetwork
from ..prepared import PreparedImages
from ..recipe import Recipe
from .batches import Domains
from .method import Method, Step, class_logits

__all__ = ["AdaptedNetwork", "information"]

AT_ONCE, MOST = 128, 2000
"""Target images that are looked at together and in all, to choose among checkpoints."""


class AdaptedNetwork(TrainedNetwork):
    """The network of a model, the loss of its task on the source, and what a method adds.

    Arguments:
        model, recipe, rates, monitor, truth: as of `TrainedNetwork`; its validation images are of the source.
        method: of domain adaptation.
        head: name of the last layer of the network.
        target: images of the target, as they are.
    """

    def __init__(
        self,
        model: Model,
        recipe: Recipe,
        rates: Mapping[str, float],
        monitor: Monitor,
        truth: Truth,
        *,
        method: Method,
        head: str,
        target: PreparedImages,
    ):
        super().__init__(model, recipe, rates, monitor, truth)
        self.method, self.head, self.target_images = method, head, target

    def training_step(self, batch: Domains, step: int) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Loss of one step."""
        loss = self.method(
            Step(
                source=_last(batch.source),
                labels=batch.labels,
                target=_last(batch.target),
                altered_source=_last(batch.altered_source),
                altered_target=_last(batch.altered_target),
                done=self.global_step / max(self.recipe.steps, 1),
                network=self.network,
                head=self.head,
                loss=self._loss,
            )
        )
        self.log("train_loss", loss.detach(), prog_bar=True)
        return loss

    def on_train_batch_end(self, *given: Any) -> None:
        """The method may keep or move what it has of the network."""
        self.method.stepped(self.network)

    def metrics(self) -> dict[str, float]:
        """Metrics of the source, and the information in the predictions for the target."""
        rows = slice(min(MOST, len(self.target_images)))
        parts = self.target_images.channels(rows).split(AT_ONCE)
        logits = class_logits(torch.cat([self.network(_last(part)) for part in parts]).float())
        return super().metrics() | {f"val_{INFORMATION}": information(logits.softmax(1))}

    def _loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        return self.task.loss(outputs, labels, self.heads)

    def _groups(self) -> dict[tuple[float, bool], list[nn.Parameter]]:
        """Parameter groups of the network, and the parameters of the method at the full rate."""
        groups = super()._groups()
        for parameter in self.method.parameters():
            if parameter.requires_grad:
                groups.setdefault((1.0, parameter.ndim > 1), []).append(parameter)
        return groups

    def _rate(self, step: int) -> float:
        return super()._rate(step) * self.method.rate(step / max(self.recipe.steps, 1))


def information(probabilities: Tensor) -> float:
    """Mutual information of an image and its class, nats: H(mean p) - mean H(p) of probabilities (N, K).

    It needs no labels. It is large where the predictions are certain and all classes are predicted.

    Source: Bridle, Heading & MacKay (1991), NIPS 4, "Unsupervised classifiers, mutual information and phantom targets".

    >>> certain, alike = torch.eye(2), torch.tensor([[0.9, 0.1], [0.9, 0.1]])
    >>> round(information(certain), 3), abs(round(information(alike), 3))
    (0.693, 0.0)
    """
    return float(_entropy(probabilities.mean(0)) - _entropy(probabilities).mean())


def _last(images: Tensor) -> Tensor:
    return images.contiguous(memory_format=torch.channels_last)


def _entropy(p: Tensor) -> Tensor:
    return -torch.xlogy(p, p).sum(-1)
