"""All that is shown of one benchmark, beyond what its table holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from ..bench.examination import metrics_of
from ..bench.metrics.ranks import Rank
from ..board.compare import PairedMetric, disputed, paired
from ..board.folders import Folders
from ..board.tables import Table
from ..catalog.specs import BenchmarkSpec
from ..metric import Metric
from .measured import Measured, measured_of
from .plots import plots_of
from .resampling import Resampled, ranks_by_metric, resampled
from .thumbnails import Chosen, chosen, pictures_of
from .vega import DRAWN, Plot

__all__ = ["Pair", "Shown", "shown_of"]

EXAMPLES = 4  # images of each class
DISPUTED = 6  # images on which two models disagree most


@dataclass(frozen=True)
class Pair:
    """Two models on the same images.

    Arguments:
        models: ids, in the order of the table.
        metrics: with their differences.
        disputed: rows of the images on which they disagree most.
    """

    models: tuple[str, str]
    metrics: Sequence[PairedMetric]
    disputed: Sequence[int]


@dataclass(frozen=True)
class Shown:
    """One benchmark.

    Arguments:
        table: its models.
        spec: None if no registry lists it.
        measured: the models that have numbers, in the order of the table.
        numbers: of all models of the subject, by which each has its colour on all pages.
        metrics: with their definitions, in the order of the table.
        plots: of all of these models.
        ranks: by metric and model.
        pairs: of the models that answered the same images.
        chosen: of each model, the rows of images that it answers worst and best.
        examples: rows of each class.
        pictures: of single images, of the disputed ones of pairs among the first models alone, since all pairs of
            hundreds of models dispute thousands; without any where images may not or cannot be drawn.
    """

    table: Table
    spec: BenchmarkSpec | None
    measured: Sequence[Measured]
    numbers: Mapping[str, int]
    metrics: Sequence[Metric]
    plots: Sequence[Plot]
    ranks: Mapping[str, Mapping[str, Rank]]
    pairs: Sequence[Pair]
    chosen: Mapping[str, Chosen]
    examples: Sequence[int]
    pictures: Mapping[int, bytes]

    @property
    def id(self) -> str:
        """Id of the benchmark."""
        return self.table.benchmark

    @property
    def domain(self) -> str:
        """Domain of its images: simulated or real; empty where nothing was measured."""
        return self.measured[0].result.dataset["domain"] if self.measured else ""

    @property
    def task(self) -> str:
        """Task of the models."""
        known = self.spec.task if self.spec is not None else ""
        return self.measured[0].result.task if self.measured else known


def shown_of(
    table: Table,
    spec: BenchmarkSpec | None,
    folders: Folders,
    numbers: Mapping[str, int],
    data: Mapping[str, Path] | None,
) -> Shown:
    """From the files of results.

    Arguments:
        table: of the benchmark.
        spec: of the benchmark, or None.
        folders: of the results.
        numbers: as of `Shown`.
        data: where the images of benchmarks are, by their ids; None: no image is drawn.
    """
    measured = measured_of(table, folders)
    metrics = metrics_of(measured[0].result, spec) if measured else []
    by_model = {one.model: resampled(one, metrics) for one in measured}
    placed = [row.model for row in table.rows if row.rank is not None]
    picked = {one.model: chosen(one) for one in measured}
    pairs = [_pair(a, b, metrics, by_model) for a, b in combinations(measured, 2) if _alike(a, b)]
    examples = _examples(measured)
    picked_rows = [row for one in picked.values() for row in (*one.worst, *one.best)]
    first = {one.model for one in measured[:DRAWN]}
    disputed_rows = [row for pair in pairs if first.issuperset(pair.models) for row in pair.disputed]
    rows = [*examples, *picked_rows, *disputed_rows]
    return Shown(
        table=table,
        spec=spec,
        measured=measured,
        numbers=numbers,
        metrics=metrics,
        plots=plots_of(measured, numbers),
        ranks=ranks_by_metric(placed, by_model, metrics),
        pairs=pairs,
        chosen=picked,
        examples=examples,
        pictures=_pictures(spec, measured, rows, data),
    )


def _alike(first: Measured, second: Measured) -> bool:
    return np.array_equal(first.truth["id"], second.truth["id"])


def _pair(first: Measured, second: Measured, metrics: Sequence[Metric], by_model: Mapping[str, Resampled]) -> Pair:
    models = first.model, second.model
    stated = first.result.metrics, second.result.metrics
    found = [
        paired(
            metric,
            models,
            (stated[0][metric.name].value, stated[1][metric.name].value),
            (by_model[first.model].get(metric.name), by_model[second.model].get(metric.name)),
        )
        for metric in metrics
        if all(metric.name in values for values in stated)
    ]
    return Pair(models, found, disputed(first.scores, second.scores, first.result, DISPUTED))


def _examples(measured: Sequence[Measured]) -> list[int]:
    """The first images of each class, or of all."""
    if not measured:
        return []
    labels = measured[0].truth.get("label", np.zeros(len(measured[0].truth["id"])))
    return [row for label in np.unique(labels) for row in np.flatnonzero(labels == label)[:EXAMPLES].tolist()]


def _pictures(
    spec: BenchmarkSpec | None, measured: Sequence[Measured], rows: Sequence[int], data: Mapping[str, Path] | None
) -> dict[int, bytes]:
    if not measured or data is None or spec is None:
        return {}
    return pictures_of(spec, measured[0].result.hashes["dataset"], rows, data.get(spec.id))
