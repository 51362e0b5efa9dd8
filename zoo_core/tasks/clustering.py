"""Clustering: classes that are found without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import SpecError
from ..predictions import UNCALIBRATED, Calibration, Columns, Heads, Prediction, RankingColumn
from ..references import lazy
from ..scores import ClusterScores, KnownAnswers
from ..symmetries import Symmetry
from .task import Task

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ..metric import Metric

__all__ = ["TASK", "Clustering", "ClusteringTask"]


@dataclass(frozen=True)
class Clustering(Prediction):
    """Probabilities (B, K) of the clusters and the embedding (B, D)."""

    probabilities: Tensor
    embedding: Tensor

    def to_table(self) -> Columns:
        """`cluster`, the most probable one, and `p_0`, `p_1` ..."""
        table: Columns = {"cluster": self.probabilities.argmax(1).tolist()}
        return table | {f"p_{k}": column.tolist() for k, column in enumerate(self.probabilities.T)}


class ClusteringTask(Task):
    """Classes without labels: a tuple (logits (B, K), embedding (B, D))."""

    name = "clustering"
    trains_on = ("clustering", "classification")
    names_outputs = False
    gives_probabilities = True
    trains_itself = True
    pictures = lazy("zoo_core.board.pictures:draw_clusters")
    example_heads = Heads(classes=("0", "1"))

    def outputs(self, heads: Heads) -> int:
        """One logit a cluster."""
        if len(heads.classes) < 2:
            raise SpecError(f"clustering needs at least two clusters, got {list(heads.classes)}")
        return len(heads.classes)

    def prediction(
        self, output: tuple[Tensor, Tensor], heads: Heads, calibration: Calibration = UNCALIBRATED
    ) -> Clustering:
        """Softmax of the logits over the temperature."""
        logits, embedding = output
        return Clustering((logits.float() / calibration.temperature).softmax(1), embedding.float())

    def loss(self, output: tuple[Tensor, Tensor], target: Tensor, heads: Heads) -> Tensor:
        """Cross entropy to given clusters."""
        from torch.nn import functional as F

        return F.cross_entropy(output[0], target.long())

    def metrics(self, heads: Heads) -> list[Metric]:
        """Metrics of clusters that classes are matched to."""
        from ..bench.metrics.clustering import clustering_metrics

        return clustering_metrics()

    def known_answers(self, heads: Heads, rng: np.random.Generator) -> KnownAnswers:
        """Clusters that are the classes, by chance, or each with images of all classes."""
        import numpy as np

        k = len(heads.classes)
        return KnownAnswers.of_classes(
            k,
            rng,
            scores=lambda probabilities: ClusterScores(probabilities.argmax(1), probabilities),
            opposite=lambda right: right[np.arange(len(right)) // k],
        )

    def example(self, output: tuple[Tensor, ...], heads: Heads) -> Tensor:
        """Every cluster in turn."""
        import torch

        return torch.arange(len(output[0])) % output[0].shape[1]

    def empty_columns(self, heads: Heads) -> Columns:
        """`cluster`, `p_0` ..."""
        return {"cluster": []} | {f"p_{k}": [] for k in range(len(heads.classes))}

    def scores(self, columns: Mapping[str, np.ndarray], heads: Heads, prior: Sequence[float] = ()) -> ClusterScores:
        """Number and probabilities of the clusters."""
        import numpy as np

        probabilities = [columns[f"p_{k}"] for k in range(len(heads.classes))]
        return ClusterScores(columns["cluster"], np.stack(probabilities, axis=1))

    def describe(self, heads: Heads) -> str:
        """The clusters, and that they were found without labels."""
        return f"clusters {super().describe(heads)}, found without labels, and an embedding"

    def ranking(self, heads: Heads) -> RankingColumn:
        """The probability of the last cluster."""
        return RankingColumn(f"p_{len(heads.classes) - 1}", is_probability=True)

    def average(
        self, outputs: Sequence[tuple[Tensor, Tensor]], heads: Heads, symmetries: Sequence[Symmetry]
    ) -> tuple[Tensor, Tensor]:
        """The mean logits; the embedding of the first view."""
        return super().average([output[0] for output in outputs], heads, symmetries), outputs[0][1]


TASK = ClusteringTask()
