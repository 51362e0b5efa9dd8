"""The plots of a benchmark, as Vega-Lite: drawn at build time as SVG, and in the browser with values under the pointer.

The legend stands beside the plots, one for all of a page; the parameter `hidden` of each plot lists the models that it
leaves out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..board.colours import COLOURS
from ..catalog.measured import metric_unit
from .curves import Record, confusions, parameters, reliabilities, roc, score_densities, strata
from .measured import Measured
from .posterior_plots import bands, coverage, pulls, sbc, tarp
from .vega import (
    COLUMNS,
    DASHES,
    INK,
    Plot,
    Spec,
    axis,
    by_field,
    diagonal,
    layer,
    plain,
    pointer,
    spec_of,
    styles_of,
    tooltip,
)

__all__ = ["plots_of"]

RATES = ("completeness", "false-positive rate")  # that are shown by strata
BESIDE = 8  # strata whose names stand beside each other on a phone
STEP = 22  # pixels of a line, where each stratum has one
LABEL = 150  # pixels of the longest name of a stratum
MARGIN = 8  # pixels between the outermost points and the ends of an axis
POWERS = [1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5]  # of ten, where a logarithmic axis has its ticks


def plots_of(measured: Sequence[Measured], numbers: Mapping[str, int]) -> list[Plot]:
    """All plots of the models of a benchmark, in the order of its table; empty ones are left out.

    Arguments:
        measured: the models.
        numbers: of each, see `colour`.
    """
    styles = styles_of({one.model: numbers[one.model] for one in measured})
    return [plot for draw in _DRAWN for plot in draw(measured, styles)]


def _roc(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    for name, records in by_field(roc(measured), "name"):
        x = axis("fpr", "false-positive rate", scale={"type": "log"}, axis={"format": "~g", "values": POWERS})
        y = axis("tpr", "true-positive rate", scale={"domain": [0, 1]})
        line = layer({"type": "line", "interpolate": "step-after", "strokeWidth": 1.8}, styles, x=x, y=y)
        title = f"ROC of {name} against the rest" if name else "ROC"
        yield Plot(f"roc-{name}" if name else "roc", title, records, spec_of([line]), [pointer(line, "fpr", "tpr")])


def _strata(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    for column, of_column in by_field(strata(measured), "column"):
        for of, records in by_field(of_column, "of"):
            if len({record["stratum"] for record in records}) == 1:
                continue  # the number of the table again
            unit = metric_unit(of, measured[0].result.heads)
            yield Plot(
                f"{of.split('[')[0].replace(' ', '-')}-{column}",
                f"{_titled(of)} by {plain(column)}",
                records,
                _by_stratum(records, column, f"{of} ({unit})" if unit else of, styles),
            )


def _by_stratum(records: Sequence[Record], column: str, of: str, styles: Mapping[str, Spec]) -> Spec:
    """A point and its interval a model: strata from left to right, or a line each if they are many."""
    strata_shown = len({record["stratum"] for record in records})
    many = strata_shown > BESIDE
    along, across = ("y", "x") if many else ("x", "y")
    names = {"labelLimit": LABEL} if many else {"labelAngle": -30}
    title = COLUMNS.get(column, column)
    where = {
        along: {"field": "stratum", "type": "nominal", "title": title, "sort": {"field": "order"}, "axis": names},
        f"{along}Offset": {"field": "model"},
    }
    share = axis("share", of, scale={"zero": True} if of in RATES else {"zero": False, "padding": MARGIN})
    point = {"type": "point", "filled": True, "size": 34, "opacity": 1}
    marks = layer(point, styles, **where, **{across: share}, tooltip=tooltip("stratum", "share", "images"))
    ends = {across: axis("low", of), f"{across}2": {"field": "high"}}
    bars = layer({"type": "rule", "strokeWidth": 1.5}, styles, **where, **ends)
    spec = spec_of([bars, marks] if "low" in records[0] else [marks])
    return spec | {"height": STEP * strata_shown} if many else spec


def _reliability(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    if records := reliabilities(measured):
        x = axis("confidence", "probability", scale={"domain": [0, 1]})
        y = axis("frequency", "share that is right", scale={"domain": [0, 1]})
        line = layer({"type": "line", "point": {"size": 24}, "strokeWidth": 1.8}, styles, x=x, y=y)
        yield Plot(
            "reliability",
            "Calibration: on the diagonal a probability is a frequency",
            records,
            spec_of([diagonal("probability", "share that is right"), line]),
            [pointer(line, "confidence", "frequency", "images")],
        )


def _scores(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    for model, records in by_field(score_densities(measured), "model"):
        names = list(dict.fromkeys(record["class"] for record in records))
        scale = {"domain": names, "range": [*COLOURS[: len(names)]]}
        dashes = DASHES[: len(names)]
        encoding = {
            "x": axis("score", "anomaly score", axis={"tickCount": 5}),  # which may have as many decimals
            "y": axis("density", "images, highest bin 1"),
            "color": {"field": "class", "scale": scale, "legend": {"labelColor": INK, "titleColor": INK}},
            "strokeDash": {"field": "class", "scale": {"domain": names, "range": [[*one] for one in dashes]}},
        }
        line = {"mark": {"type": "line", "interpolate": "step", "strokeWidth": 1.8}, "encoding": encoding}
        yield Plot(f"scores-{model}", f"Scores of {model} by class", records, spec_of([line]))


def _parameters(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    for name, records in by_field(parameters(measured), "parameter"):
        free = {"zero": False, "padding": MARGIN}
        true = axis("true", f"true {COLUMNS.get(name, name)}", scale=free)
        seen = axis("measured", f"measured {COLUMNS.get(name, name)}", scale=free)
        point = {"type": "point", "filled": True, "size": 14, "opacity": 0.8}
        marks = layer(point, styles, x=true, y=seen, tooltip=tooltip("true", "measured", "error"))
        line = {
            "mark": {"type": "line", "color": INK, "opacity": 0.5, "strokeWidth": 1},
            "encoding": {"x": true, "y": axis("true", "")},
        }
        yield Plot(f"parameter-{name}", f"Measured against true {plain(name)}", records, spec_of([line, marks]))


def _confusion(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    for model, records in by_field(confusions(measured), "model"):
        axes = {
            "x": {"field": "called", "type": "nominal", "title": "called", "sort": None, "axis": {"labelAngle": -30}},
            "y": {"field": "true", "type": "nominal", "title": "true", "sort": None},
        }
        shade = {
            "field": "share",
            "type": "quantitative",
            "scale": {"range": ["#e8f1f7", "#0072b2"], "domain": [0, 1]},
            "legend": None,
        }
        cell = {
            "mark": "rect",
            "encoding": axes | {"color": shade, "tooltip": tooltip("true", "called", "images", "share")},
        }
        ink = {"condition": {"test": "datum.share > 0.5", "value": "white"}, "value": "#1a1a1a"}
        text = {
            "mark": {"type": "text", "fontSize": 12},
            "encoding": axes | {"text": {"field": "images"}, "color": ink},
        }
        yield Plot(f"confusion-{model}", f"Confusion of {model}", records, spec_of([cell, text]))


Drawing = Callable[[Sequence[Measured], Mapping[str, Spec]], Iterator[Plot]]
_DRAWN: Sequence[Drawing] = (
    _roc,
    _strata,
    _parameters,
    bands,
    coverage,
    pulls,
    sbc,
    tarp,
    _reliability,
    _confusion,
    _scores,
)


def _titled(rate: str) -> str:
    """What is shown by strata, at the beginning of a title; the names of metrics stay as they are."""
    return rate.capitalize() if rate in RATES else rate
