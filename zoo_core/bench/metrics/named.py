"""The metrics of a benchmark, by name."""

from collections.abc import Callable, Iterable, Mapping

from ...errors import UnknownNameError
from ...metric import Metric
from ...tasks import Heads
from .anomaly import anomaly_metrics
from .classification import binary_metrics
from .clustering import clustering_metrics
from .multiclass import multiclass_metrics
from .regression import regression_metrics

__all__ = ["core_metrics", "select"]


def core_metrics(task: str, heads: Heads) -> list[Metric]:
    """The core's own metrics of a task on data of these heads; other tasks are measured by the metrics of plugins.

    Example:
        >>> import zoo_core as zoo
        >>> from zoo_core.bench.metrics.named import core_metrics
        >>> [metric.name for metric in core_metrics("regression", zoo.Heads(parameters=("q",)))][:2]
        ['nmad[q]', 'bias[q]']
        >>> core_metrics("restoration", zoo.Heads())
        []
    """
    return _CORE[task](heads) if task in _CORE else []


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


def _classification(heads: Heads) -> list[Metric]:
    return binary_metrics() if len(heads.classes) == 2 else multiclass_metrics(heads.classes)


_CORE: Mapping[str, Callable[[Heads], list[Metric]]] = {
    "classification": _classification,
    "regression": lambda heads: regression_metrics(heads.parameters),
    "anomaly": lambda heads: anomaly_metrics(heads.classes),
    "clustering": lambda heads: clustering_metrics(),
}
