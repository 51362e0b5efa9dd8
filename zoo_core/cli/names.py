"""What the shell completes: names of models, data sets, benchmarks, tasks. Imports no plugin and no torch."""

from collections.abc import Callable, Iterable

import click

__all__ = ["benchmark_names", "dataset_names", "domain_names", "model_names", "task_names"]

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def _beginning(names: Callable[[], Iterable[str]]) -> Complete:
    """A function that click calls for the names that begin with what was typed."""
    return lambda context, parameter, typed: sorted(name for name in names() if name.startswith(typed))


def _models() -> Iterable[str]:
    from ..catalog.registry import catalog

    return catalog().models


def _datasets() -> Iterable[str]:
    from ..catalog.registry import catalog

    return catalog().datasets


def _benchmarks() -> Iterable[str]:
    from ..catalog.registry import catalog

    return catalog().benchmarks


def _tasks() -> Iterable[str]:
    from ..tasks import TASKS

    return TASKS


def _domains() -> Iterable[str]:
    from ..interfaces import DOMAINS

    return DOMAINS


model_names = _beginning(_models)
dataset_names = _beginning(_datasets)
benchmark_names = _beginning(_benchmarks)
task_names = _beginning(_tasks)
domain_names = _beginning(_domains)
