"""The plots of a benchmark, as Vega-Lite: drawn at build time as SVG, and in the browser with values under the pointer.

The legend stands beside the plots, one for all of a page; the parameter `hidden` of each plot lists the models that it
leaves out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from ..board.colours import COLOURS
from .curves import Record, confusions, parameters, reliabilities, roc, score_densities, strata
from .measured import Measured

__all__ = ["DASHES", "DRAWN", "Plot", "colour", "dash", "plots_of"]

POWERS = [1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5]  # of ten, where a logarithmic axis has its ticks
COLUMNS = {
    "theta_E": "Einstein radius (arcsec)",
    "arc_snr": "S/N of the arcs",
    "arc": "visibility of the arcs",
    "kind": "kind of object",
    "log10_mass": "log10 of the axion mass (eV)",
    "log10_subhalo_mass": "log10 of the mass in subhalos (solar masses)",
}
"""What columns of the truth are called on an axis."""

DASHES = ((), (6, 3), (2, 2), (8, 3, 2, 3))  # tell lines apart in print, and those that share a colour
DRAWN = 14  # models that a plot shows at first; the legend adds others
WIDTH, HEIGHT = 300, 210
INK = "currentColor"  # of the page, light or dark
CONFIG = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": INK,
        "tickColor": INK,
        "gridColor": INK,
        "gridOpacity": 0.12,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
    },
}

Spec = dict[str, Any]


@dataclass(frozen=True)
class Plot:
    """One plot.

    Arguments:
        name: unique in its benchmark.
        title: what it shows, a line.
        records: that it is drawn from, each with its `model`.
        spec: Vega-Lite without `data`.
        pointed: more layers, which show values under the pointer and nothing else.
    """

    name: str
    title: str
    records: Sequence[Record]
    spec: Spec
    pointed: Sequence[Spec] = ()

    @cached_property
    def by_model(self) -> Mapping[str, Sequence[Record]]:
        """The records of each model, in the order of the table."""
        return dict(_by(self.records, "model"))

    def still(self) -> Spec:
        """To be drawn once and for all, with the first models."""
        values = [record for records in [*self.by_model.values()][:DRAWN] for record in records]
        return self.spec | {"data": {"values": values}, "config": CONFIG}

    def live(self) -> Spec:
        """To be drawn in a browser, which puts the records and the colours of the wanted models in."""
        layers = [_without_models(layer) for layer in (*self.spec["layer"], *self.pointed)]
        return self.spec | {"layer": layers, "config": CONFIG}


def colour(number: int) -> str:
    """Of the model with this number among those of its subject."""
    return COLOURS[number % len(COLOURS)]


def dash(number: int) -> tuple[int, ...]:
    """Of the model with this number: other than that of the others in its colour."""
    return DASHES[number // len(COLOURS) % len(DASHES)]


def plots_of(measured: Sequence[Measured], numbers: Mapping[str, int]) -> list[Plot]:
    """All plots of the models of a benchmark, in the order of its table; empty ones are left out.

    Arguments:
        measured: the models.
        numbers: of each, see `colour`.
    """
    styles = _styles({one.model: numbers[one.model] for one in measured})
    return [plot for draw in _DRAWN for plot in draw(measured, styles)]


def _roc(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    for name, records in _by(roc(measured), "name"):
        x = _axis("fpr", "false-positive rate", scale={"type": "log"}, axis={"format": "~g", "values": POWERS})
        y = _axis("tpr", "true-positive rate", scale={"domain": [0, 1]})
        line = _layer({"type": "line", "interpolate": "step-after", "strokeWidth": 1.8}, styles, x=x, y=y)
        title = f"ROC of {name} against the rest" if name else "ROC"
        yield Plot(f"roc-{name}" if name else "roc", title, records, _spec([line]), [_pointer(line, "fpr", "tpr")])


def _strata(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    for column, of_column in _by(strata(measured), "column"):
        for of, records in _by(of_column, "of"):
            if len({record["stratum"] for record in records}) == 1:
                continue  # the number of the table again
            x = {
                "field": "stratum",
                "type": "nominal",
                "title": COLUMNS.get(column, column),
                "sort": {"field": "order"},
                "axis": {"labelAngle": -30},
            }
            y = _axis("share", of, scale={"zero": of == "completeness"})
            shift = {"field": "model"}
            point = {"type": "point", "filled": True, "size": 34, "opacity": 1}
            marks = _layer(point, styles, x=x, y=y, xOffset=shift, tooltip=_tooltip("stratum", "share", "images"))
            ends = {"y": _axis("low", of), "y2": {"field": "high"}}
            bars = _layer({"type": "rule", "strokeWidth": 1.5}, styles, x=x, xOffset=shift, **ends)
            layers = [bars, marks] if "low" in records[0] else [marks]
            yield Plot(
                f"{of.split('[')[0].replace(' ', '-')}-{column}",
                f"{_titled(of)} by {_plain(column)}",
                records,
                _spec(layers),
            )


def _reliability(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    if records := reliabilities(measured):
        x = _axis("confidence", "probability", scale={"domain": [0, 1]})
        y = _axis("frequency", "share that is right", scale={"domain": [0, 1]})
        line = _layer({"type": "line", "point": {"size": 24}, "strokeWidth": 1.8}, styles, x=x, y=y)
        yield Plot(
            "reliability",
            "Calibration: on the diagonal a probability is a frequency",
            records,
            _spec([_diagonal(), line]),
            [_pointer(line, "confidence", "frequency", "images")],
        )


def _scores(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    for model, records in _by(score_densities(measured), "model"):
        names = list(dict.fromkeys(record["class"] for record in records))
        scale = {"domain": names, "range": [*COLOURS[: len(names)]]}
        dashes = DASHES[: len(names)]
        encoding = {
            "x": _axis("score", "anomaly score"),
            "y": _axis("density", "images, highest bin 1"),
            "color": {"field": "class", "scale": scale, "legend": {"labelColor": INK, "titleColor": INK}},
            "strokeDash": {"field": "class", "scale": {"domain": names, "range": [[*one] for one in dashes]}},
        }
        line = {"mark": {"type": "line", "interpolate": "step", "strokeWidth": 1.8}, "encoding": encoding}
        yield Plot(f"scores-{model}", f"Scores of {model} by class", records, _spec([line]))


def _parameters(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    for name, records in _by(parameters(measured), "parameter"):
        true = _axis("true", f"true {COLUMNS.get(name, name)}", scale={"zero": False})
        seen = _axis("measured", f"measured {COLUMNS.get(name, name)}", scale={"zero": False})
        point = {"type": "point", "filled": True, "size": 14, "opacity": 0.6}
        marks = _layer(point, styles, x=true, y=seen, tooltip=_tooltip("true", "measured", "error"))
        line = {
            "mark": {"type": "line", "color": INK, "opacity": 0.5, "strokeWidth": 1},
            "encoding": {"x": true, "y": _axis("true", "")},
        }
        yield Plot(f"parameter-{name}", f"Measured against true {_plain(name)}", records, _spec([line, marks]))


def _confusion(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    for model, records in _by(confusions(measured), "model"):
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
            "encoding": axes | {"color": shade, "tooltip": _tooltip("true", "called", "images", "share")},
        }
        ink = {"condition": {"test": "datum.share > 0.5", "value": "white"}, "value": "#1a1a1a"}
        text = {
            "mark": {"type": "text", "fontSize": 12},
            "encoding": axes | {"text": {"field": "images"}, "color": ink},
        }
        yield Plot(f"confusion-{model}", f"Confusion of {model}", records, _spec([cell, text]))


Drawing = Callable[[Sequence[Measured], Mapping[str, Spec]], Iterator[Plot]]
_DRAWN: Sequence[Drawing] = (_roc, _strata, _parameters, _reliability, _confusion, _scores)


def _by(records: Sequence[Record], field: str) -> list[tuple[str, list[Record]]]:
    """The records of each value of a field, in the order of their first."""
    order = {value: place for place, value in enumerate(dict.fromkeys(record[field] for record in records))}
    ordered = sorted(records, key=lambda record: order[record[field]])
    return [(value, list(group)) for value, group in groupby(ordered, lambda record: record[field])]


def _styles(numbers: Mapping[str, int]) -> dict[str, Spec]:
    colours = {"domain": [*numbers], "range": [colour(number) for number in numbers.values()]}
    dashes = {"domain": [*numbers], "range": [list(dash(number)) or [1, 0] for number in numbers.values()]}
    return {
        "color": {"field": "model", "type": "nominal", "scale": colours, "legend": None},
        "strokeDash": {"field": "model", "type": "nominal", "scale": dashes, "legend": None},
    }


def _spec(layers: list[Spec]) -> Spec:
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "params": [{"name": "hidden", "value": []}],
        "transform": [{"filter": "indexof(hidden, datum.model) < 0"}],
        "layer": layers,
    }


def _without_models(layer: Spec) -> Spec:
    """The layer with no list of models in its scales."""
    encoding = {channel: how | {"scale": {}} if _of_model(how) else how for channel, how in layer["encoding"].items()}
    return layer | {"encoding": encoding}


def _of_model(how: Any) -> bool:
    return isinstance(how, dict) and how.get("field") == "model" and "scale" in how


def _layer(mark: Spec, styles: Mapping[str, Spec], **encoding: Any) -> Spec:
    shown = styles if mark["type"] in ("line", "rule") else {"color": styles["color"]}
    return {"mark": mark, "encoding": {**encoding, **shown}}


def _axis(field: str, title: str, **more: Any) -> Spec:
    return {"field": field, "type": "quantitative", "title": title, **more}


def _tooltip(*fields: str) -> list[Spec]:
    return [{"field": field} for field in ("model", *fields)]


def _pointer(line: Spec, *fields: str) -> Spec:
    """Unseen points on a line that show their values."""
    encoding = {name: line["encoding"][name] for name in ("x", "y")}
    mark = {"type": "point", "filled": True, "size": 90, "opacity": 0}
    return {"mark": mark, "encoding": encoding | {"tooltip": _tooltip(*fields)}}


def _diagonal() -> Spec:
    ends = [{"at": 0}, {"at": 1}]
    encoding = {"x": _axis("at", "probability"), "y": _axis("at", "share that is right")}
    mark = {"type": "line", "color": INK, "opacity": 0.5, "strokeWidth": 1}
    return {"data": {"values": ends}, "transform": [], "mark": mark, "encoding": encoding}


def _plain(column: str) -> str:
    """What a column is called, without its unit."""
    return COLUMNS.get(column, column).partition(" (")[0]


def _titled(text: str) -> str:
    """The names of metrics stay as they are."""
    return text if "_" in text else text[:1].upper() + text[1:]
