"""Published models by what was measured of them. Imports no plugin, no torch and no numpy, but to order by a metric."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, UnknownNameError
from ..tasks import task_named
from .listing import known_task, list_models
from .measured import metrics_in, published_results
from .registry import catalog
from .specs import ModelSpec

__all__ = ["selected_models", "selected_results"]

Metrics = Mapping[str, Mapping[str, Any]]
KEYS = ("id", "size")


def selected_models(
    pattern: str = "*",
    task: str | None = None,
    on: str | None = None,
    domain: str | None = None,
    sort: str | None = None,
    results: Path | None = None,
) -> list[tuple[ModelSpec, tuple[str, float | None]]]:
    """Published models, each with the name and value of a metric; both are empty without `on`.

    Arguments:
        pattern, task: as in `list_models`.
        on: id of a benchmark, only of models that were measured on it.
        domain: "simulated" or "real": of the training images.
        sort: "id", "size", or with `on` a metric, the best value first.
        results: folder of the results; by default as the leaderboard.

    Raises:
        UnknownNameError: no such task, benchmark, domain or metric.
        ArgumentError: a metric without `on`.
    """
    wanted = None if domain is None else _known_domain(domain)
    specs = [spec for spec in list_models(pattern, task) if wanted is None or wanted in spec.domain.split(", ")]
    if on is None:
        return [(spec, ("", None)) for spec in _ordered(specs, sort)]
    measured = _measured_on(on, published_results(results))
    specs = [spec for spec in specs if measured.get(spec.id)]
    metric = _metric(sort, [measured[spec.id] for spec in specs])
    valued = [(spec, (metric, _value(measured[spec.id], metric))) for spec in _ordered(specs, None)]
    if sort == "size":
        return sorted(valued, key=lambda pair: pair[0].weights.size)
    if sort in (None, "id"):
        return valued
    return sorted(valued, key=lambda pair: _best_first(sort, pair[0])(pair[1][1]))


def selected_results(
    model: ModelSpec,
    results: Mapping[str, Metrics],
    on: str | None,
    task: str | None,
    domain: str | None,
    sort: str | None,
) -> dict[str, Metrics]:
    """The results of a model, by benchmark, that are of one benchmark, task or domain of images; see `selected_models`.

    Arguments:
        model: whose results they are.
        results: by benchmark.
        on, task, domain, sort: as of `selected_models`, the domain being that of the benchmark's images.

    Raises:
        UnknownNameError: no such benchmark, task, domain or metric.
    """
    listed = catalog()
    if on is not None and on not in results:
        listed.benchmark(on)
    of_task = None if task is None else known_task(task)
    of_domain = None if domain is None else _known_domain(domain)
    chosen = {}
    for name, metrics in results.items():
        spec = listed.benchmarks.get(name)
        images = listed.datasets.get(spec.dataset) if spec else None
        facts = ((on, name), (of_task, spec and spec.task), (of_domain, images and images.domain))
        if all(asked in (None, found) for asked, found in facts):
            chosen[name] = metrics
    if sort is None:
        return chosen
    _metric(sort, list(chosen.values()))
    having = [name for name in chosen if sort in chosen[name]]
    key = _best_first(sort, model)
    return {name: chosen[name] for name in sorted(having, key=lambda name: key(_value(chosen[name], sort)))}


def _known_domain(name: str) -> str:
    from ..interfaces import domain_named  # which loads all that a plugin may provide

    return domain_named(name)


def _ordered(specs: list[ModelSpec], sort: str | None) -> list[ModelSpec]:
    if sort not in (None, *KEYS):
        raise ArgumentError(
            f"sort= (--sort) is {sort!r}; choose {' or '.join(KEYS)}, or a metric together with on= (--on)"
        )
    return sorted(specs, key=lambda spec: spec.weights.size) if sort == "size" else specs


def _measured_on(benchmark: str, folder: Path) -> dict[str, Metrics]:
    catalog().benchmark(benchmark)
    return {path.stem: metrics_in(path) for path in sorted(folder.glob(f"{benchmark}/*.json"))}


def _metric(sort: str | None, measured: list[Metrics]) -> str:
    """The metric that is shown: that of `sort`, or the one that ranks."""
    names = list(dict.fromkeys(name for metrics in measured for name in metrics))
    if sort in (None, *KEYS):
        return names[0] if names else ""
    if sort not in names:
        raise UnknownNameError.among("metric of these results", str(sort), names)
    return str(sort)


def _value(metrics: Metrics, name: str) -> float | None:
    return metrics.get(name, {}).get("value")


def _best_first(metric: str, model: ModelSpec) -> Callable[[float | None], tuple[bool, float]]:
    """The key that orders values of this metric, of a model like this one; what is not defined comes last.

    Metrics of plugins, none of which is imported here, are ordered as if more of them were better.
    """
    known = {one.name: one for one in task_named(model.task).metrics(model.heads)}
    merit = known[metric].merit if metric in known else float
    return lambda value: (True, 0.0) if value is None else (False, -merit(value))
