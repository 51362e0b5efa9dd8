"""Anomaly detection: substructure, or anything strange, without labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..predictions import UNCALIBRATED, Calibration, Columns, Heads, Prediction, RankingColumn
from ..references import lazy
from ..scores import AnomalyScores, KnownAnswers
from ..symmetries import Symmetry
from .task import Task, unlike

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ..metric import Metric

__all__ = ["TASK", "Anomaly", "AnomalyTask"]


@dataclass(frozen=True)
class Anomaly(Prediction):
    """What is strange in images.

    Arguments:
        score: (B,), higher is stranger.
        reconstruction: of the network's input, (B, C, H, W).
        latent: (B, D).
        residual: the network's input minus the reconstruction, (B, C, H, W); None where only outputs are at hand.
    """

    score: Tensor
    reconstruction: Tensor
    latent: Tensor
    residual: Tensor | None = None

    def beside(self, channels: Tensor, noise: Tensor | None = None) -> Anomaly:
        """The prediction with the residual."""
        return replace(self, residual=channels.to(self.reconstruction) - self.reconstruction)

    def to_table(self) -> Columns:
        """`anomaly_score`."""
        return {"anomaly_score": self.score.tolist()}


class AnomalyTask(Task):
    """Strangeness without labels: a tuple (score (B,), reconstruction, latent)."""

    name = "anomaly"
    trains_on = ("anomaly", "classification")
    normal_only = True
    names_outputs = False
    pictures = lazy("zoo_core.board.pictures:draw_anomalies")

    def outputs(self, heads: Heads) -> int:
        """One score."""
        return 1

    def prediction(
        self, output: tuple[Tensor, Tensor, Tensor], heads: Heads, calibration: Calibration = UNCALIBRATED
    ) -> Anomaly:
        """The three as they are."""
        score, reconstruction, latent = output
        return Anomaly(score.float(), reconstruction.float(), latent.float())

    def loss(self, output: tuple[Tensor, Tensor, Tensor], target: Tensor, heads: Heads) -> Tensor:
        """Mean squared error of the reconstruction; `target` is the network's input."""
        return ((output[1] - target) ** 2).mean()

    def target(self, images: Tensor, truth: Tensor) -> Tensor:
        """The network's input."""
        return images

    def metrics(self, heads: Heads) -> list[Metric]:
        """Metrics of the score; of several kinds of anomalies also of each."""
        from ..bench.metrics.anomaly import anomaly_metrics

        return anomaly_metrics(heads.classes)

    def known_answers(self, heads: Heads, rng: np.random.Generator) -> KnownAnswers:
        """Scores that are the probability that an image is not of the normal class."""
        return KnownAnswers.of_classes(
            len(heads.classes) or 2, rng, lambda probabilities: AnomalyScores(1 - probabilities[:, 0])
        )

    def faults(self, output: tuple[Tensor, ...], channels: Tensor, heads: Heads) -> Iterator[str]:
        """A score an image, and a reconstruction like the input."""
        yield from unlike(output[0], (len(channels),), self.name)
        if output[1].shape != channels.shape:
            yield f"the reconstruction has shape {tuple(output[1].shape)}, what it is of {tuple(channels.shape)}"

    def empty_columns(self, heads: Heads) -> Columns:
        """`anomaly_score`."""
        return {"anomaly_score": []}

    def scores(self, columns: Mapping[str, np.ndarray], heads: Heads, prior: Sequence[float] = ()) -> AnomalyScores:
        """The one column."""
        return AnomalyScores(columns["anomaly_score"])

    def describe(self, heads: Heads) -> str:
        """The three outputs."""
        return "score (higher is stranger), reconstruction, latent"

    def ranking(self, heads: Heads) -> RankingColumn:
        """`anomaly_score`."""
        return RankingColumn("anomaly_score")

    def average(
        self, outputs: Sequence[tuple[Tensor, Tensor, Tensor]], heads: Heads, symmetries: Sequence[Symmetry]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The mean score; reconstruction and latent of the first view."""
        mean = sum((output[0] for output in outputs[1:]), outputs[0][0]) / len(outputs)
        return mean, outputs[0][1], outputs[0][2]


TASK = AnomalyTask()
