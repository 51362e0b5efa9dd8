"""The leaderboard: a function of the result files and the catalogue, and of nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..bench.metrics.ranks import ranks
from ..bench.results import Result, read_result, result_path
from ..catalog.measured import published_results
from ..catalog.registry import Catalog, catalog
from ..catalog.specs import BenchmarkSpec, ModelSpec
from ..errors import ResultError, UnknownNameError
from ..tasks import task_named
from .markdown import markdown
from .remembered import Examination, examined, identity
from .tables import Row, Table

__all__ = ["Board", "board_of", "leaderboard"]


@dataclass(frozen=True)
class Board:
    """All benchmarks.

    Arguments:
        tables: one a benchmark; metrics of different benchmarks are never averaged.
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


def leaderboard(results: str | Path | None = None, on: str | None = None, task: str | None = None) -> Board:
    """The board of a folder of results.

    Arguments:
        results: the folder; by default that of the current directory or of the checkout, or else the results that came
            with the package.
        on: id of the one benchmark to show (--on).
        task: name of the task whose benchmarks are shown (--task).

    Raises:
        ResultError: a file that is no result.
        UnknownNameError: no such benchmark or task.

    Example:
        >>> import zoo_core as zoo
        >>> board = zoo.leaderboard(on="substructure_mass")
        >>> [table.metrics[0] for table in board.tables]
        ['mae[log10_mass]']
    """
    return board_of(published_results() if results is None else Path(results), catalog(), on, task)


def board_of(results: Path, listed: Catalog, on: str | None = None, task: str | None = None) -> Board:
    """The board of a folder of results under any catalogue; arguments as `leaderboard`."""
    found = [_read(path) for path in sorted(results.glob(f"{on or '*'}/*.json"))]
    names = _shown(found, listed, on, task)
    return Board(
        tuple(_table(name, [r for r in found if r.benchmark == name], listed, results) for name in names), results
    )


def _read(path: Path) -> Result:
    """The result, under its own name."""
    result = read_result(path)
    if (result.benchmark, result.model) != (path.parent.name, path.stem):
        raise ResultError(f"{path} is of {result.model!r} on {result.benchmark!r}; a result lies under its own name")
    return result


def _shown(found: Sequence[Result], listed: Catalog, on: str | None, task: str | None) -> list[str]:
    """Names of the benchmarks."""
    tasks = {result.benchmark: result.task for result in found}
    tasks |= {name: spec.task for name, spec in listed.benchmarks.items()}
    if on is not None and on not in tasks:
        raise UnknownNameError.among("benchmark", on, tasks)
    wanted = None if task is None else task_named(task).name
    return sorted(name for name in tasks if on in (None, name) and wanted in (None, tasks[name]))


def _table(name: str, found: Sequence[Result], listed: Catalog, results: Path) -> Table:
    spec = listed.benchmarks.get(name)
    images = _current_images(spec, found)
    judged = [_judged(result, images, listed, results) for result in found]
    rows = _ranked([row for row, _ in judged], {row.model: examination for row, examination in judged})
    rows += [Row(model, "missing", "not measured") for model in _missing(spec, found, listed)]
    metrics = next((tuple(row.shown.metrics) for row in rows if row.shown is not None), ())
    return Table(name, spec.summary if spec else "", metrics, tuple(sorted(rows, key=_order)))


def _judged(result: Result, images: str | None, listed: Catalog, results: Path) -> tuple[Row, Examination | None]:
    """The row of a result, and what came of examining it; None of one that failed."""
    row = _row(result, images, listed.models.get(result.model))
    if row.status == "failed":
        return row, None
    examination = _examination(result, listed, results, compare_truth=result.hashes["dataset"] == images)
    reason = "; ".join(filter(None, [examination.reason, _false_domain(result, listed)]))
    return (replace(row, status="not verified", remark=reason) if reason else row), examination


def _examination(result: Result, listed: Catalog, results: Path, compare_truth: bool) -> Examination:
    spec = listed.benchmarks.get(result.benchmark)
    truth = spec.truth_sha256 if spec is not None and compare_truth else None
    path = result_path(results, result.benchmark, result.model)

    def examine() -> Examination:
        from .examination import examine  # with all of scipy, which what is remembered does without

        return examine(path, result, spec, truth)

    strata = None if spec is None else {column: list(edges) for column, edges in spec.strata.items()}
    key = identity([path, path.with_suffix(".parquet")], strata, spec.plugin if spec else None, truth)
    return examined(f"{result.benchmark}-{result.model}", key, examine)


def _false_domain(result: Result, listed: Catalog) -> str:
    """What is wrong with the domain of the images, if the catalogue knows it."""
    known = listed.datasets.get(result.dataset["name"])
    if known is None or known.domain == result.dataset["domain"]:
        return ""
    return f"its images are said to be {result.dataset['domain']}, those of {known.name} are {known.domain}"


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
    return not task_named(spec.task).names_outputs and spec.dataset in model.training_sets


def _alike(model: ModelSpec, result: Result) -> bool:
    """A model of as many bands that answers the same question, which anomalies and clusters of other data do not."""
    heads = list(model.heads.classes), list(model.heads.parameters)
    asked = result.settings["classes"], result.settings["parameters"]
    bands = len(model.bands) == len(result.settings["bands"])
    return bands and heads == asked and task_named(result.task).names_outputs


def _ranked(rows: Sequence[Row], examinations: Mapping[str, Examination | None]) -> list[Row]:
    """The rows with the rank of those that can be compared: verified, on today's images."""
    compared = [
        (row.model, one)
        for row in rows
        if row.status in ("ok", "unlisted") and (one := examinations[row.model]) is not None and one.resampled
    ]
    if not compared:
        return list(rows)
    resampled = [np.array(one.resampled) for _, one in compared]
    places = ranks(resampled, compared[0][1].higher_is_better)
    placed = {model: place for (model, _), place in zip(compared, places, strict=True)}
    return [replace(row, rank=placed.get(row.model)) for row in rows]


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
        "metrics": _plain(row.shown.metrics) if row.shown else {},
        "images": result.images,
        "measured_on": result.dataset["domain"],
        "trained_on": result.trained_on,
        "seen_in_training": result.seen,
        "weights_sha256": result.hashes["weights"],
        "measured": result.measured,
    }


def _plain(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asdict(estimate) for name, estimate in metrics.items()}
