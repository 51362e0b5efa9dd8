"""The metrics of a benchmark, by name."""

from collections.abc import Iterable

from ..errors import UnknownNameError
from ..interfaces import Metric
from ..tasks import Heads
from .classification import binary_metrics, multiclass_metrics
from .regression import regression_metrics

__all__ = ["core_metrics", "select"]


def core_metrics(task: str, heads: Heads) -> list[Metric]:
    """The core's own metrics of a task; a task that is not here is measured by the metrics of plugins."""
    if task == "classification":
        return binary_metrics() if len(heads.classes) == 2 else multiclass_metrics()
    if task == "regression":
        return regression_metrics(heads.parameters)
    return []


def select(names: Iterable[str], task: str, available: Iterable[Metric]) -> list[Metric]:
    """The metrics of that task by name, in that order; `nmad` is `nmad[...]` of every parameter.

    Raises:
        UnknownNameError: no metric of the task has the name.
    """
    known = [metric for metric in available if metric.task == task]
    return [metric for name in names for metric in _named(name, task, known)]


def _named(name: str, task: str, known: list[Metric]) -> list[Metric]:
    found = [metric for metric in known if name in (metric.name, metric.name.partition("[")[0])]
    if not found:
        raise UnknownNameError.among(f"{task} metric", name, [metric.name for metric in known])
    return found
