"""What the browser draws plots and comparisons from, as plain values: of a benchmark, and more of each of its models.

A page loads what is of the benchmark when the first plot comes into view, and what is of a model when the model is
asked for, so that neither grows with the number of models.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from ..board.compare import PairedMetric
from ..board.markdown import cell
from .answers import answer
from .measured import Measured
from .shown import Pair
from .vega import Plot
from .views import View

__all__ = ["of_benchmark", "of_disputed", "of_model"]

DIGITS = 6  # that a difference keeps


def of_benchmark(view: View) -> dict[str, Any]:
    """Metrics of all models, and the plots with the points of the first of them."""
    return {
        "benchmark": view.id,
        "domain": view.shown.domain,
        "models": view.legend,
        "metrics": [_metric(view, name) for name in view.shown.table.metrics],
        "plots": [_plot(plot, view.first_models) | {"spec": plot.live()} for plot in view.plots],
    }


def of_model(view: View, model: str) -> dict[str, Any]:
    """Points in the plots, comparisons with the models after it in the table, answers to disputed images."""
    (one,) = [one for one in view.shown.measured if one.model == model]
    return {
        "of": f"{view.id}/{model}",
        "plots": list(_plots_of(view, model)),
        "pairs": [_pair(view, pair) for pair in view.shown.pairs if pair.models[0] == model],
        "answers": {row: answer(one, row) for row in view.disputed},
    }


def of_disputed(view: View) -> dict[int, dict[str, Any]]:
    """The images on which two of the models disagree most, by their rows."""
    return {row: _image(view, view.shown.measured[0], row) for row in view.disputed}


def _metric(view: View, name: str) -> dict[str, Any]:
    values = {one.model: cell(one.result, name) for one in view.shown.measured}
    return {"name": name, "title": view.title(name), "values": values, "mark": view.marks[name]}


def _plot(plot: Plot, models: Sequence[str]) -> dict[str, Any]:
    records = [record for model in models for record in plot.by_model.get(model, ())]
    return {"name": plot.name, "title": plot.title, "records": records}


def _plots_of(view: View, model: str) -> Iterator[dict[str, Any]]:
    """With points of the model that the benchmark's own lack; with their drawing where they are the model's alone."""
    if model in view.first_models:
        return
    known = {plot.name for plot in view.plots}
    for plot in view.plots_with(model):
        yield _plot(plot, [model]) | ({} if plot.name in known else {"spec": plot.live()})


def _pair(view: View, pair: Pair) -> dict[str, Any]:
    """Lists without names: a board of hundreds of models has as many pairs in each of its files."""
    found = {metric.name: metric for metric in pair.metrics}
    differences = [_difference(found.get(name), pair.models) for name in view.shown.table.metrics]
    return {"models": pair.models, "differences": differences, "disputed": list(pair.disputed)}


def _difference(metric: PairedMetric | None, models: Sequence[str]) -> list[float | int | None] | None:
    """Difference, low and high, and 1 or 2 for the model that is better, 0 for neither; None where there is none."""
    if metric is None or metric.difference is None:
        return None
    better = 1 + models.index(metric.better) if metric.better else 0
    return [*map(_short, (metric.difference, metric.low, metric.high)), better]


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")


def _image(view: View, first: Measured, row: int) -> dict[str, Any]:
    return {"id": str(first.truth["id"][row]), "truth": view.truth(row), "drawn": row in view.shown.pictures}
