"""The metrics of a benchmark, by name."""

from collections.abc import Iterable

from ...errors import UnknownNameError
from ...metric import Metric

__all__ = ["select"]


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
