"""The three stages: contrast, clusters that neighbours share, labels that the clusters give themselves."""

import logging
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from zoo_core.interfaces import Batch, Training

from .confident import self_label_loss, surest
from .losses import scan_loss
from .mining import mine, neighbour_accuracy
from .network import Scan
from .pretext import contrast
from .settings import Settings
from .stem_outputs import StemOutputs, in_parts

__all__ = ["train"]

log = logging.getLogger("zoo")

Loss = Callable[[nn.Module, Batch], Tensor]
Metric = Callable[[nn.Module, Training], float]


def train(network: Scan, training: Training) -> None:
    """Set the weights by the stages `simclr`, `scan` and `selflabel`, each of which resumes by itself.

    Labels are read only to log how often neighbours share one.

    Source: Van Gansbeke et al. (2020), arXiv 2005.12320.
    """
    settings: Settings = training.settings
    stem_outputs = StemOutputs.of(network.stem, training)
    contrast(network, training, stem_outputs, settings)
    stages = _Stages(network, training, stem_outputs, settings)
    stages.cluster()
    stages.self_label()


class _Stages:
    """What the two stages that follow the pretext task share."""

    def __init__(self, network: Scan, training: Training, stem_outputs: StemOutputs, settings: Settings):
        self.network, self.training, self.stem_outputs, self.settings = network, training, stem_outputs, settings

    def cluster(self) -> None:
        """Mine the neighbours, teach the heads that they agree, and keep the best head."""
        neighbours = self._mined("training", self.stem_outputs.training, self.training.targets())
        self.fellows = self._mined("validation", self.stem_outputs.held_out, self.training.validation_targets())

        def loss(network: nn.Module, batch: Batch) -> Tensor:
            rows, generator = batch.rows, batch.generator
            choice = torch.randint(neighbours.shape[1], (len(rows),), generator=generator)
            near = neighbours[rows, choice]
            views = [self.settings.views.draw(self.stem_outputs.of_rows(which), generator) for which in (rows, near)]
            anchors, others = self.network.heads.all(self.network.features_of(torch.cat(views))).chunk(2, dim=1)
            return scan_loss(anchors, others, self.settings.entropy_weight).mean()

        self._descend("scan", loss, lambda network, training: float(self._disagreement().min()))
        self.network.heads.chosen.fill_(int(self._disagreement().argmin()))
        self._report("scan")

    def self_label(self) -> None:
        """Strong views get the label of the weak view where that one is sure.

        What is kept is the network whose neighbours agree best on clusters that are all used: one that has collapsed
        is never the best.
        """
        chosen = int(self.network.heads.chosen)
        metric = lambda network, training: float(self._disagreement()[chosen])  # noqa: E731
        self._descend("selflabel", self._self_label_of_rows, metric)
        self._report("selflabel")

    def _descend(self, stage: str, loss: Loss, metric: Metric) -> None:
        self.network.train()  # mining and measuring have left it in eval mode
        self.training.descend(stage, loss, metric)

    def _self_label_of_rows(self, network: nn.Module, batch: Batch) -> Tensor:
        settings, stemmed, generator = self.settings, self.stem_outputs.of_rows(batch.rows), batch.generator
        with torch.no_grad():
            weak = self.network.logits_of(settings.views.draw(stemmed, generator)).softmax(1)
        strong = self.network.logits_of((settings.strong or settings.views).draw(stemmed, generator))
        return self_label_loss(strong, surest(weak, settings.threshold, settings.least))

    @torch.no_grad()
    def _mined(self, which: str, stemmed: Tensor, labels: np.ndarray) -> Tensor:
        self.network.eval()
        projections = in_parts(self.network.projections_of, stemmed)
        neighbours = mine(projections.float().cpu().numpy(), self.settings.neighbours)
        share = neighbour_accuracy(neighbours, labels)
        log.info("scan: %.1f %% of %d %s neighbours have the same label", 100 * share, neighbours.shape[1], which)
        return torch.from_numpy(neighbours)

    @torch.no_grad()
    def _disagreement(self) -> Tensor:
        """The SCAN loss of each head on the validation images and all their neighbours, entropy weight 1."""
        self.network.eval()
        logits = self.network.heads.all(in_parts(self.network.features_of, self.stem_outputs.held_out))
        near = self.fellows.to(logits.device).T
        return torch.stack([scan_loss(logits, logits[:, others], 1.0) for others in near]).mean(0)

    @torch.no_grad()
    def _report(self, stage: str) -> None:
        """How the training images are shared among the clusters."""
        self.network.eval()
        clusters = in_parts(self.network.logits_of, self.stem_outputs.training).argmax(1)
        share = torch.bincount(clusters, minlength=len(self.training.heads.classes)) / len(clusters)
        log.info("%s: clusters hold %s of the images", stage, ", ".join(f"{100 * s:.1f} %" for s in share.tolist()))
        if (share == 0).any():
            log.warning("%s: %d of %d clusters are empty", stage, int((share == 0).sum()), len(share))
