"""The same trunk under a linear layer of classes: what few labels make of features that were learned without any."""

from functools import partial

import torch
from torch import Tensor, nn

import zoo_core as zoo
from zoo_core.interfaces import Batch, Training
from zoo_core.tasks import task_named

from .settings import Settings
from .stem_outputs import StemOutputs, in_parts
from .trunk import Trunk, TrunkArguments

__all__ = ["Classifier", "train"]


class Classifier(Trunk):
    """Logits of classes; stem and backbone have the names that they have in `network.Scan`.

    Arguments:
        trunk: see `trunk.TrunkArguments`.
        outputs: classes, or 1 for two of them.
    """

    def __init__(self, trunk: TrunkArguments, outputs: int):
        super().__init__(trunk)
        self.head = nn.Linear(self.dimension, outputs)

    def logits_of(self, stemmed: Tensor) -> Tensor:
        """Logits (B, outputs) of what the stem gave."""
        return self.head(self.features_of(stemmed))

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, outputs) of images (B, channels, H, W)."""
        return self.logits_of(self.stem(x))


def train(network: Classifier, training: Training) -> None:
    """Set the weights in one stage, `classes`.

    What the stem gives is computed once; it is varied by `settings: views`, and not by the `augmentation` of images.
    """
    settings: Settings = training.settings
    stem_outputs, views = StemOutputs.of(network.stem, training), settings.views
    labels, held_out = (torch.from_numpy(y) for y in (training.targets(), training.validation_targets()))
    cross_entropy = partial(_cross_entropy, training.heads)

    def loss(trained: nn.Module, batch: Batch) -> Tensor:
        logits = network.logits_of(views.draw(stem_outputs.of_rows(batch.rows), batch.generator))
        return cross_entropy(logits, labels[batch.rows])

    @torch.no_grad()
    def metric(trained: nn.Module, training: Training) -> float:
        return float(cross_entropy(in_parts(network.logits_of, stem_outputs.held_out), held_out))

    training.descend("classes", loss, metric)


def _cross_entropy(heads: zoo.Heads, logits: Tensor, labels: Tensor) -> Tensor:
    return task_named("classification").loss(logits.float(), labels.to(logits.device), heads)
