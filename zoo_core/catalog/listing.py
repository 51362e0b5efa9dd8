"""What is published, as the front page lists it. Imports no plugin and no torch."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TypeVar

from .registry import catalog
from .specs import BenchmarkSpec, DatasetSpec, ModelSpec

__all__ = ["known_task", "list_benchmarks", "list_datasets", "list_models"]

Spec = TypeVar("Spec", ModelSpec, DatasetSpec, BenchmarkSpec)


def list_models(pattern: str = "*", task: str | None = None) -> list[ModelSpec]:
    """Published models, sorted by id.

    Arguments:
        pattern: of ids, as in a shell.
        task: of one task only.

    Example:
        >>> import zoo_core as zoo
        >>> zoo.list_models("resnet.*", task="classification")
        [<model resnet.substructure: classification>, <model resnet.substructure_real: classification>]
    """
    return _chosen(catalog().models, pattern, task)


def list_datasets(pattern: str = "*", task: str | None = None) -> list[DatasetSpec]:
    """Data sets that the installed plugins can open, sorted by name; arguments as those of `list_models`.

    Example:
        >>> import zoo_core as zoo
        >>> zoo.list_datasets("finding_space_*")
        [<data set finding_space_shifted: classification, simulated>]
    """
    return _chosen(catalog().datasets, pattern, task)


def list_benchmarks(pattern: str = "*", task: str | None = None) -> list[BenchmarkSpec]:
    """Published benchmarks, sorted by id; arguments as those of `list_models`.

    Example:
        >>> import zoo_core as zoo
        >>> zoo.list_benchmarks("finding_space*")
        [<benchmark finding_space: classification>, <benchmark finding_space_shifted: classification>]
    """
    return _chosen(catalog().benchmarks, pattern, task)


def known_task(name: str) -> str:
    """The name of a task; UnknownNameError if there is no such task."""
    from ..tasks import task_named  # which loads all that tasks do, and a listing of all needs none of it

    return task_named(name).name


def _chosen(specs: Mapping[str, Spec], pattern: str, task: str | None) -> list[Spec]:
    wanted = None if task is None else known_task(task)
    matching = [specs[name] for name in sorted(specs) if fnmatchcase(name, pattern)]
    return [spec for spec in matching if wanted in (None, spec.task)]
