"""Figures of the validation set, of which one decides what is kept."""

import numpy as np
from sklearn.metrics import roc_auc_score
from torch import Tensor

from ..errors import RecipeError
from ..tasks import Heads, Task

__all__ = ["MONITORS", "check_monitor", "figures"]

MONITORS = {"auroc": True, "loss": False, "mae": False}  # higher is better
TASKS = {"auroc": "classification", "mae": "regression"}


def figures(outputs: Tensor, targets: Tensor, task: Task, heads: Heads) -> dict[str, float]:
    """The loss and what else is usual for the task, as `val_<name>`; NaN if an output is not finite."""
    if not outputs.isfinite().all():
        return {f"val_{name}": float("nan") for name, of in {"loss": task.name, **TASKS}.items() if of == task.name}
    found = {"val_loss": float(task.loss(outputs, targets, heads))}
    if task.name == "classification":
        return found | _classification(outputs.float().cpu().numpy(), targets.cpu().numpy())
    if task.name == "regression":
        return found | _regression(outputs, targets, heads)
    return found


def check_monitor(monitor: str, task: Task, targets: np.ndarray, heads: Heads) -> None:
    """Raise RecipeError unless the figure is defined for the task and these validation images."""
    wanted = TASKS.get(monitor, task.name)
    if wanted != task.name:
        raise RecipeError(f"monitor: {monitor} is a figure of {wanted}, this network is for {task.name}; choose loss")
    if monitor == "auroc":
        missing = [name for label, name in enumerate(heads.classes) if not (targets.round() == label).any()]
        if missing:
            raise RecipeError(
                f"monitor: auroc needs validation images of each class, there is none of {', '.join(missing)}; "
                "add some, or choose monitor: loss"
            )


def _classification(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    return _binary(logits[:, 0], labels > 0.5) if logits.shape[1] == 1 else _multiclass(logits, labels.astype(int))


def _binary(scores: np.ndarray, positive: np.ndarray) -> dict[str, float]:
    """Area under the ROC curve, recall at 1 % false positives, accuracy at one half."""
    accuracy = {"val_accuracy": float(((scores > 0) == positive).mean())}
    if positive.all() or not positive.any():
        return accuracy
    threshold = np.quantile(scores[~positive], 0.99)
    return accuracy | {
        "val_auroc": float(roc_auc_score(positive, scores)),
        "val_tpr_at_1e-2": float((scores[positive] > threshold).mean()),
    }


def _multiclass(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Mean over the classes of the area under the ROC curve of each against the rest, and the accuracy."""
    accuracy = {"val_accuracy": float((logits.argmax(1) == labels).mean())}
    classes = range(logits.shape[1])
    if set(np.unique(labels)) != set(classes):
        return accuracy
    odds = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)  # probabilities would tie where they round to 1
    areas = [roc_auc_score(labels == k, odds[:, k] - _rest(odds, k)) for k in classes]
    return accuracy | {"val_auroc": float(np.mean(areas))}


def _rest(odds: np.ndarray, k: int) -> np.ndarray:
    """Logarithm of the probability of all other classes."""
    return np.logaddexp.reduce(np.delete(odds, k, axis=1), axis=1)


def _regression(outputs: Tensor, targets: Tensor, heads: Heads) -> dict[str, float]:
    """Mean absolute error, averaged over the parameters, and of each."""
    error = (outputs[:, : len(heads.parameters)] - targets).abs().mean(0)
    each = dict(zip((f"val_mae_{name}" for name in heads.parameters), error.tolist(), strict=True))
    return {"val_mae": float(error.mean()), **each}
