"""The leaderboard: a function of the result files and the catalogue, and of nothing else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..bench.metrics.ranks import ranks
from ..bench.remembered import Examination
from ..bench.results import Result, read_result, result_path
from ..bench.verification import BADGES
from ..catalog.measured import published_results
from ..catalog.overlap import overlap
from ..catalog.registry import Catalog, catalog
from ..catalog.specs import BenchmarkSpec, ModelSpec
from ..errors import ResultError, UnknownNameError, one_line
from ..interfaces import domain_named
from ..metric import Metric
from ..tasks import task_named
from .folders import Folders
from .judging import current_images, judged
from .markdown import markdown
from .records import record_of
from .tables import Row, Table

__all__ = ["Board", "BoardFilter", "board_of", "leaderboard"]

TARGET, NOISE_FREE = "target", "denoise"  # what `restoration_space` is asked for, and what it gives unless asked


@dataclass(frozen=True)
class Board:
    """All benchmarks.

    Arguments:
        tables: one a benchmark; metrics of different benchmarks are never averaged.
        folders: that they were read from.
    """

    tables: tuple[Table, ...]
    folders: Folders

    def markdown(self) -> str:
        """The tables as text."""
        return markdown(self.tables)

    def records(self) -> list[dict[str, Any]]:
        """One mapping of plain values for each model on each benchmark."""
        return [record_of(table, row) for table in self.tables for row in table.rows]


@dataclass(frozen=True)
class BoardFilter:
    """What of a board is shown, and in which order.

    Arguments:
        on: id of the one benchmark (--on).
        task: name of the task whose benchmarks are shown (--task).
        domain: "simulated" or "real": of the images of the benchmarks (--domain).
        sort: name of a metric that orders rows instead of their rank; benchmarks without it are left out (--sort).
        verified: leave out what is reported by its author alone (--verified).
    """

    on: str | None = None
    task: str | None = None
    domain: str | None = None
    sort: str | None = None
    verified: bool = False


EVERYTHING = BoardFilter()


def leaderboard(
    results: str | Path | None = None,
    on: str | None = None,
    task: str | None = None,
    domain: str | None = None,
    sort: str | None = None,
    verified: bool = False,
    beside_published: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Board:
    """The board of a folder of results.

    Arguments:
        results: the folder; by default that of the current directory or of the checkout, or else the results that came
            with the package.
        on, task, domain, sort, verified: see `BoardFilter`.
        beside_published: together with the published results of what this folder does not hold.
        progress: told how many benchmarks are done, and of how many: new results take seconds each, since every number
            is computed again from their predictions.

    A file that is no result has a row that says so.

    Raises:
        ResultError: there is no such folder.
        UnknownNameError: no such benchmark, task, domain or metric.

    Example:
        >>> import zoo_core as zoo
        >>> board = zoo.leaderboard(on="substructure_mass")
        >>> [table.metrics[0] for table in board.tables]
        ['mae[log10_mass]']
    """
    wanted = BoardFilter(on, task, domain, sort, verified)
    folder = published_results(results)
    if results is not None and not folder.is_dir():
        raise ResultError(f"{folder}: no such folder of results; `zoo benchmark` writes one")
    behind = (published_results(),) if beside_published else ()
    return board_of(folder, catalog(), wanted, behind, progress)


def board_of(
    results: Path,
    listed: Catalog,
    wanted: BoardFilter = EVERYTHING,
    behind: tuple[Path, ...] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Board:
    """The board of a folder of results, and of those `behind` it, under any catalogue; see `leaderboard`."""
    folders = Folders((results, *behind))
    found, unreadable = _read_all(folders.files(wanted.on))
    names = _names(found, listed, wanted)
    tables = []
    for done, name in enumerate(names, 1):
        tables.append(_table(name, _Found.on(name, found, unreadable), listed, folders, wanted))
        if progress is not None:
            progress(done, len(names))
    if wanted.sort is not None:
        tables = _sorted(tables, wanted.sort, listed)
    return Board(tuple(tables), folders)


@dataclass(frozen=True)
class _Found:
    """What lies in the folder of one benchmark: results, and rows of the files that are none."""

    results: list[Result]
    unreadable: list[Row]

    @classmethod
    def on(cls, name: str, found: Sequence[Result], unreadable: Mapping[Path, Row]) -> "_Found":
        """The table of the benchmark `name`."""
        rows = [row for path, row in unreadable.items() if path.parent.name == name]
        return cls([result for result in found if result.benchmark == name], rows)


def _read_all(paths: Sequence[Path]) -> tuple[list[Result], dict[Path, Row]]:
    """The results; and for each file that is none a row that says why: it does not cost the others."""
    found, unreadable = [], {}
    for path in paths:
        try:
            found.append(_read(path))
        except ResultError as error:
            unreadable[path] = Row(one_line(path.stem), "not verified", str(error))
    return found, unreadable


def _read(path: Path) -> Result:
    """The result, under its own name."""
    result = read_result(path)
    if (result.benchmark, result.model) != (path.parent.name, path.stem):
        raise ResultError(f"{path} is of {result.model!r} on {result.benchmark!r}; a result lies under its own name")
    result_path(path.parents[1], result.benchmark, result.model)  # which refuses names that no file should have
    return result


def _names(found: Sequence[Result], listed: Catalog, wanted: BoardFilter) -> list[str]:
    """Names of the benchmarks that are shown."""
    tasks = {result.benchmark: result.task for result in found}
    tasks |= {name: spec.task for name, spec in listed.benchmarks.items()}
    if wanted.on is not None and wanted.on not in tasks:
        raise UnknownNameError.among("benchmark", wanted.on, tasks)
    task = None if wanted.task is None else task_named(wanted.task).name
    domain = None if wanted.domain is None else domain_named(wanted.domain)
    domains = {name: listed.datasets[one.dataset].domain for name, one in _of_known_sets(listed).items()}
    domains |= {result.benchmark: result.dataset["domain"] for result in found}
    return sorted(
        name
        for name in tasks
        if wanted.on in (None, name) and task in (None, tasks[name]) and domain in (None, domains.get(name))
    )


def _of_known_sets(listed: Catalog) -> dict[str, BenchmarkSpec]:
    return {name: one for name, one in listed.benchmarks.items() if one.dataset in listed.datasets}


def _sorted(tables: Sequence[Table], metric: str, listed: Catalog) -> list[Table]:
    """The results that have the metric, the best value first."""
    from ..bench.examination import metrics_of

    having = [table for table in tables if metric in table.metrics]
    if not having:
        known = {one for table in tables for one in table.metrics}
        raise UnknownNameError.among("metric of these benchmarks", metric, known)
    ordered = []
    for table in having:
        metrics = metrics_of(table.results[0], listed.benchmarks.get(table.benchmark))
        sorting = next(one for one in metrics if one.name == metric)
        rows = sorted(table.rows, key=lambda row, sorting=sorting: _by(row, sorting))
        ordered.append(replace(table, rows=tuple(rows)))
    return ordered


def _by(row: Row, metric: Metric) -> tuple:
    estimate = row.shown.metrics.get(metric.name) if row.shown else None
    value = None if estimate is None else estimate.value
    return (1, 0.0, row.model) if value is None else (0, -metric.merit(value), row.model)


def _table(name: str, found: _Found, listed: Catalog, folders: Folders, wanted: BoardFilter) -> Table:
    spec = listed.benchmarks.get(name)
    images = current_images(spec, found.results)
    verdicts = [judged(one, images, listed, folders.path(one.benchmark, one.model)) for one in found.results]
    if wanted.verified:
        verdicts = [(row, examination) for row, examination in verdicts if row.badge in BADGES[1:]]
    examinations = {row.model: examination for row, examination in verdicts}
    rows = _ranked([_with_overlap(row, spec, listed) for row, _ in verdicts], examinations)
    if not wanted.verified:
        there = {row.model for row in found.unreadable}
        missing = [model for model in _missing(spec, found.results, listed) if model not in there]
        rows += [*found.unreadable, *(Row(model, "missing", "not measured") for model in missing)]
    metrics = next((tuple(row.shown.metrics) for row in rows if row.shown is not None), ())
    return Table(name, spec.summary if spec else "", metrics, tuple(sorted(rows, key=_order)))


def _with_overlap(row: Row, spec: BenchmarkSpec | None, listed: Catalog) -> Row:
    model = listed.models.get(row.model)
    return row if spec is None or model is None else replace(row, overlap=overlap(model, spec))


def _missing(spec: BenchmarkSpec | None, found: Sequence[Result], listed: Catalog) -> list[str]:
    """Published models that could be measured and were not."""
    if spec is None:
        return []
    measured = {result.model for result in found}
    models = (
        model
        for model in listed.models.values()
        if model.task == spec.task and model.id not in measured and not _restores_other(model, spec)
    )
    unknown = not found and task_named(spec.task).names_outputs
    return [
        model.id
        for model in models
        if unknown or _learned(model, spec) or any(_alike(model, result) for result in found)
    ]


def _learned(model: ModelSpec, spec: BenchmarkSpec) -> bool:
    """Without classes or parameters, only the data say which question a model answers."""
    return not task_named(spec.task).names_outputs and spec.dataset in model.training_sets


def _restores_other(model: ModelSpec, spec: BenchmarkSpec) -> bool:
    """Whether it has learned from that data set, but to restore something else: arcs alone where noise is to go."""
    asked = spec.arguments.get(TARGET)
    taught = {one.arguments.get(TARGET, NOISE_FREE) for one in model.trained_on if one.dataset == spec.dataset}
    return asked is not None and bool(taught) and asked not in taught


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
        if row.status in ("ok", "unlisted") and (one := examinations[row.model]) is not None and one.merits
    ]
    if not compared:
        return list(rows)
    places = ranks([np.array(one.merits) for _, one in compared])
    placed = {model: place for (model, _), place in zip(compared, places, strict=True)}
    return [replace(row, rank=placed.get(row.model)) for row in rows]


def _order(row: Row) -> tuple:
    if row.rank is None:
        return (1, not row.measured, row.model)
    return (0, row.rank.place, row.rank.mean, row.model)
