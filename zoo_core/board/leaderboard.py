"""The leaderboard: a function of the result files and the catalogue, and of nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..bench.metrics.intervals import bootstrap
from ..bench.metrics.named import core_metrics, select
from ..bench.metrics.ranks import ranks
from ..bench.results import RESULTS, Result, read_result, result_path, scores_of
from ..catalog.registry import Catalog, catalog
from ..catalog.specs import BenchmarkSpec, ModelSpec
from ..errors import NotInstalledError, PluginError, UnknownNameError
from ..metric import Metric
from ..plugins import metrics as plugin_metrics
from ..tasks import task_named
from .markdown import markdown
from .tables import Row, Table

__all__ = ["Board", "board_of", "leaderboard"]


@dataclass(frozen=True)
class Board:
    """All benchmarks.

    Arguments:
        tables: one a benchmark; figures of different benchmarks are never averaged.
        results: the folder that they were read from.
    """

    tables: tuple[Table, ...]
    results: Path

    def markdown(self) -> str:
        """The tables as text."""
        return markdown(self.tables)

    def records(self) -> list[dict[str, Any]]:
        """One mapping of plain values for each model on each benchmark."""
        return [_record(table, row) for table in self.tables for row in table.rows]


def leaderboard(results: str | Path = RESULTS) -> Board:
    """The board of a folder of results.

    Raises:
        ResultError: a file that is no result, or whose predictions are missing or not its own.
    """
    return board_of(Path(results), catalog())


def board_of(results: Path, listed: Catalog) -> Board:
    """The board of a folder of results under any catalogue."""
    found = [read_result(path) for path in sorted(results.glob("*/*.json"))]
    names = sorted({*listed.benchmarks, *(result.benchmark for result in found)})
    return Board(
        tuple(_table(name, [r for r in found if r.benchmark == name], listed, results) for name in names), results
    )


def _table(name: str, found: Sequence[Result], listed: Catalog, results: Path) -> Table:
    spec = listed.benchmarks.get(name)
    images = _current_images(spec, found)
    rows = [_row(result, images, listed.models.get(result.model)) for result in found]
    rows += [Row(model, "missing", "not measured") for model in _missing(spec, found, listed)]
    rows = _ranked(rows, spec, results)
    metrics = next((tuple(row.result.metrics) for row in rows if row.result and row.measured), ())
    return Table(name, spec.summary if spec else "", metrics, tuple(sorted(rows, key=_order)))


def _current_images(spec: BenchmarkSpec | None, found: Sequence[Result]) -> str | None:
    """Fingerprint of the benchmark's images: as published, or else as measured last."""
    if spec is not None and spec.sha256 is not None:
        return spec.sha256
    return max(found, key=lambda result: result.measured).hashes["dataset"] if found else None


def _row(result: Result, images: str | None, model: ModelSpec | None) -> Row:
    if result.status == "failed":
        return Row(result.model, "failed", result.message, result=result)
    if result.hashes["dataset"] != images:
        return Row(result.model, "outdated", "the benchmark has other images now", result=result)
    if model is None:
        return Row(result.model, "unlisted", "in no registry", result=result)
    if model.weights.sha256 != result.hashes["weights"]:
        return Row(result.model, "outdated", "the published weights are others now", result=result)
    return Row(result.model, "ok", result=result)


def _missing(spec: BenchmarkSpec | None, found: Sequence[Result], listed: Catalog) -> list[str]:
    """Published models that could be measured and were not."""
    if spec is None:
        return []
    measured = {result.model for result in found}
    models = (model for model in listed.models.values() if model.task == spec.task and model.id not in measured)
    unknown = not found and task_named(spec.task).names_outputs
    return [
        model.id
        for model in models
        if unknown or _learned(model, spec) or any(_alike(model, result) for result in found)
    ]


def _learned(model: ModelSpec, spec: BenchmarkSpec) -> bool:
    """Without classes or parameters, only the data say which question a model answers."""
    return not task_named(spec.task).names_outputs and spec.dataset in model.seen


def _alike(model: ModelSpec, result: Result) -> bool:
    """A model of as many bands that answers the same question, which anomalies and clusters of other data do not."""
    heads = list(model.heads.classes), list(model.heads.parameters)
    asked = result.settings["classes"], result.settings["parameters"]
    bands = len(model.bands) == len(result.settings["bands"])
    return bands and heads == asked and task_named(result.task).names_outputs


def _ranked(rows: Sequence[Row], spec: BenchmarkSpec | None, results: Path) -> list[Row]:
    """The rows with the rank of those that can be compared: on today's images, by a metric that is at hand."""
    compared = [(row.model, row.result) for row in rows if row.status in ("ok", "unlisted") and row.result]
    metric = _ranking_metric(compared[0][1], spec) if compared else None
    if metric is None:
        return list(rows)
    resampled = [_resampled(metric, result, results) for _, result in compared]
    placed = dict(zip((model for model, _ in compared), ranks(resampled, metric.higher_is_better), strict=True))
    return [replace(row, rank=placed.get(row.model)) for row in rows]


def _ranking_metric(result: Result, spec: BenchmarkSpec | None) -> Metric | None:
    name, available = next(iter(result.metrics)), core_metrics(result.task, result.heads)
    try:
        if spec is not None and name not in {metric.name for metric in available}:
            available = plugin_metrics([spec.plugin])
        return select([name], result.task, available)[0]
    except (UnknownNameError, PluginError, NotInstalledError):
        return None


def _resampled(metric: Metric, result: Result, results: Path) -> np.ndarray:
    return bootstrap(metric, *scores_of(result_path(results, result.benchmark, result.model), result))


def _order(row: Row) -> tuple:
    if row.rank is None:
        return (1, not row.measured, row.model)
    return (0, row.rank.place, row.rank.mean, row.model)


def _record(table: Table, row: Row) -> dict[str, Any]:
    result = row.result
    facts = {
        "benchmark": table.benchmark,
        "model": row.model,
        "status": row.status,
        "remark": row.remark,
        "rank": asdict(row.rank) if row.rank else None,
    }
    if result is None:
        return facts
    return facts | {
        "metrics": _plain(result.metrics),
        "images": result.images,
        "measured_on": result.dataset["domain"],
        "trained_on": result.trained_on,
        "seen_in_training": result.seen,
        "weights_sha256": result.hashes["weights"],
        "measured": result.measured,
    }


def _plain(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asdict(estimate) for name, estimate in metrics.items()}
