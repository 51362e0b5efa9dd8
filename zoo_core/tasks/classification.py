"""Classification: lens finding, the class of a substructure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ..errors import SpecError
from ..predictions import UNCALIBRATED, Calibration, Columns, Heads, Prediction, RankingColumn
from ..references import lazy
from ..scores import ClassScores, KnownAnswers
from .task import Task

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ..metric import Metric

__all__ = ["TASK", "Classification", "ClassificationTask"]


@dataclass(frozen=True)
class Classification(Prediction):
    """Probabilities (B, K) that sum to one, and the logits (B, K) or (B, 1) that they come from."""

    probabilities: Tensor
    logits: Tensor
    classes: tuple[str, ...]

    def to_table(self) -> Columns:
        """`p_<class>` of each class; of two classes only the positive one.

        A probability above one half is one minus the others, which float32 resolves far better: images whose
        probability rounds to 1 keep their order.
        """
        p = self.probabilities.cpu().double()
        p = p.where(p <= 0.5, 1 - (p.sum(1, keepdim=True) - p))
        shown = list(enumerate(self.classes))[1:] if len(self.classes) == 2 else enumerate(self.classes)
        return {f"p_{name}": p[:, k].tolist() for k, name in shown}


class ClassificationTask(Task):
    """Lens finding, substructure class: logits (B, K), or (B, 1) for two classes."""

    name = "classification"
    trains_on = ("classification",)
    gives_probabilities = True
    balances_classes = True
    reported: Mapping[str, bool] = {"auroc": True}
    pipeline = "image-classification"
    pictures = lazy("zoo_core.board.uncertainty:draw_classified")
    example_heads = Heads(classes=("nonlens", "lens"))

    def outputs(self, heads: Heads) -> int:
        """One logit for two classes, else one a class."""
        if len(heads.classes) < 2:
            raise SpecError(f"classification needs at least two classes, got {list(heads.classes)}")
        return 1 if len(heads.classes) == 2 else len(heads.classes)

    def prediction(self, output: Tensor, heads: Heads, calibration: Calibration = UNCALIBRATED) -> Classification:
        """Softmax (two classes: sigmoid) of the calibrated logits."""
        import torch

        shifts = output.new_tensor(calibration.shifts(output.shape[1]), dtype=torch.float32)
        logits = output.float() / calibration.temperature + shifts
        if logits.shape[1] == 1:
            probabilities = torch.cat([torch.sigmoid(-logits), torch.sigmoid(logits)], dim=1)
        else:
            probabilities = torch.softmax(logits, dim=1)
        return Classification(probabilities, output, heads.classes)

    def output_of(self, prediction: Prediction, heads: Heads, calibration: Calibration) -> Tensor:
        """The logits over the temperature."""
        return cast(Classification, prediction).logits.float() / calibration.temperature

    def marginal(self, outputs: Sequence[Tensor], calibration: Calibration) -> Tensor:
        """Logits of the mean of the calibrated probabilities, p(y) = 1/S sum_s p(y | z_s), in double precision."""
        import torch
        from torch.nn import functional as F

        shifts = outputs[0].new_tensor(calibration.shifts(outputs[0].shape[1]), dtype=torch.float64)
        z = torch.stack(list(outputs)).double() / calibration.temperature + shifts
        if z.shape[2] == 1:
            mean = F.logsigmoid(z).logsumexp(0) - F.logsigmoid(-z).logsumexp(0)
        else:
            mean = z.log_softmax(2).logsumexp(0) - math.log(len(z))
        return (calibration.temperature * (mean - shifts)).float()

    def loss(self, output: Tensor, target: Tensor, heads: Heads) -> Tensor:
        """Cross entropy; `target` (B,) is the index of the class, or a probability of the positive one."""
        from torch.nn import functional as F

        if output.shape[1] == 1:
            return F.binary_cross_entropy_with_logits(output[:, 0], target.to(output.dtype))
        return F.cross_entropy(output, target.long())

    def report(self, output: Tensor, target: Tensor, heads: Heads) -> dict[str, float]:
        """Area under the ROC curve, accuracy; of two classes also the recall at 1 % false positives.

        The area of several classes is the mean over them of that of each against the rest.
        """
        logits, labels = output.float().cpu().numpy(), target.cpu().numpy()
        return _binary(logits[:, 0], labels > 0.5) if logits.shape[1] == 1 else _multiclass(logits, labels.astype(int))

    def metrics(self, heads: Heads) -> list[Metric]:
        """Metrics of two classes, or of more."""
        from ..bench.metrics.classification import binary_metrics
        from ..bench.metrics.multiclass import multiclass_metrics

        return binary_metrics() if len(heads.classes) == 2 else multiclass_metrics(heads.classes)

    def known_answers(self, heads: Heads, rng: np.random.Generator) -> KnownAnswers:
        """Probabilities of the classes."""
        return KnownAnswers.of_classes(len(heads.classes), rng, ClassScores)

    def example(self, output: Tensor, heads: Heads) -> Tensor:
        """Every class in turn."""
        import torch

        return torch.arange(len(output)) % len(heads.classes)

    def empty_columns(self, heads: Heads) -> Columns:
        """`p_<class>`."""
        shown = heads.classes[1:] if len(heads.classes) == 2 else heads.classes
        return {f"p_{name}": [] for name in shown}

    def scores(self, columns: Mapping[str, np.ndarray], heads: Heads, prior: Sequence[float] = ()) -> ClassScores:
        """Probabilities of all classes; of two only that of the positive one is stored."""
        import numpy as np

        stored = [columns[name] for name in self.empty_columns(heads)]
        probabilities = np.stack([1 - stored[0], *stored] if len(stored) == 1 else stored, axis=1)
        return ClassScores(probabilities, (1 - prior[0], prior[0]) if len(prior) == 1 else tuple(prior))

    def ranking(self, heads: Heads) -> RankingColumn:
        """The probability of the last class."""
        return RankingColumn(f"p_{heads.classes[-1]}", is_probability=True)


def _binary(scores: np.ndarray, positive: np.ndarray) -> dict[str, float]:
    """Area under the ROC curve, recall at 1 % false positives, accuracy at one half."""
    import numpy as np
    from sklearn.metrics import roc_auc_score

    accuracy = {"accuracy": float(((scores > 0) == positive).mean())}
    if positive.all() or not positive.any():
        return accuracy
    threshold = np.quantile(scores[~positive], 0.99)
    return accuracy | {
        "auroc": float(roc_auc_score(positive, scores)),
        "tpr_at_1e-2": float((scores[positive] > threshold).mean()),
    }


def _multiclass(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Mean over the classes of the area under the ROC curve of each against the rest, and the accuracy."""
    import numpy as np
    from sklearn.metrics import roc_auc_score

    accuracy = {"accuracy": float((logits.argmax(1) == labels).mean())}
    classes = range(logits.shape[1])
    if set(np.unique(labels)) != set(classes):
        return accuracy
    odds = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)  # probabilities would tie where they round to 1
    rest = [np.logaddexp.reduce(np.delete(odds, k, axis=1), axis=1) for k in classes]  # that it is any other class
    areas = [roc_auc_score(labels == k, odds[:, k] - rest[k]) for k in classes]
    return accuracy | {"auroc": float(np.mean(areas))}


TASK = ClassificationTask()
