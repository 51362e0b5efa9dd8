"""What is published, as the front page lists it. Imports no plugin and no torch."""

from ..catalog.registry import catalog
from ..catalog.specs import BenchmarkSpec, ModelSpec
from ..tasks import task_named

__all__ = ["benchmarks", "models"]


def models(task: str | None = None) -> list[ModelSpec]:
    """Published models, of one task or of all, sorted by id."""
    return _of_task(catalog().models.values(), task)


def benchmarks(task: str | None = None) -> list[BenchmarkSpec]:
    """Published benchmarks, of one task or of all, sorted by id."""
    return _of_task(catalog().benchmarks.values(), task)


def _of_task(specs, task: str | None) -> list:
    wanted = None if task is None else task_named(task).name
    return sorted((spec for spec in specs if wanted in (None, spec.task)), key=lambda spec: spec.id)
