"""What all plots of the board are made of, as Vega-Lite; see `plots`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from ..board.colours import COLOURS
from .curves import Record

__all__ = [
    "COLUMNS",
    "DASHES",
    "DRAWN",
    "INK",
    "Plot",
    "Spec",
    "axis",
    "by_field",
    "colour",
    "dash",
    "diagonal",
    "layer",
    "plain",
    "pointer",
    "spec_of",
    "styles_of",
    "tooltip",
]

COLUMNS = {
    "theta_E": "Einstein radius (arcsec)",
    "arc_snr": "S/N of the arcs",
    "arc": "visibility of the arcs",
    "kind": "kind of object",
    "lens_x": "lens_x (arcsec)",
    "lens_y": "lens_y (arcsec)",
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
        "labelFlush": False,  # which moves the first and the last number beside their neighbours
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
        return dict(by_field(self.records, "model"))

    def still(self) -> Spec:
        """To be drawn once and for all, with the first models."""
        values = [record for records in [*self.by_model.values()][:DRAWN] for record in records]
        return self.spec | {"data": {"values": values}, "config": CONFIG}

    def live(self) -> Spec:
        """To be drawn in a browser, which puts the records and the colours of the wanted models in."""
        layers = [_without_models(layer) for layer in (*self.spec["layer"], *self.pointed)]
        return self.spec | {"layer": layers, "config": CONFIG}


def colour(number: int) -> str:
    """Colour of the model with this number among those of its subject."""
    return COLOURS[number % len(COLOURS)]


def dash(number: int) -> tuple[int, ...]:
    """Dash of the model with this number: other than that of the others in its colour."""
    return DASHES[number // len(COLOURS) % len(DASHES)]


def by_field(records: Sequence[Record], field: str) -> list[tuple[str, list[Record]]]:
    """The records of each value of a field, in the order of their first."""
    order = {value: place for place, value in enumerate(dict.fromkeys(record[field] for record in records))}
    ordered = sorted(records, key=lambda record: order[record[field]])
    return [(value, list(group)) for value, group in groupby(ordered, lambda record: record[field])]


def styles_of(numbers: Mapping[str, int]) -> dict[str, Spec]:
    """Colours and dashes of models, by their numbers."""
    colours = {"domain": [*numbers], "range": [colour(number) for number in numbers.values()]}
    dashes = {"domain": [*numbers], "range": [list(dash(number)) or [1, 0] for number in numbers.values()]}
    return {
        "color": {"field": "model", "type": "nominal", "scale": colours, "legend": None},
        "strokeDash": {"field": "model", "type": "nominal", "scale": dashes, "legend": None},
    }


def spec_of(layers: list[Spec]) -> Spec:
    """A plot of these layers, with the parameter `hidden`."""
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


def layer(mark: Spec, styles: Mapping[str, Spec], **encoding: Any) -> Spec:
    """A layer in the colours of the models; lines have their dashes too."""
    shown = styles if mark["type"] in ("line", "rule") else {"color": styles["color"]}
    return {"mark": mark, "encoding": {**encoding, **shown}}


def axis(field: str, title: str, **more: Any) -> Spec:
    """An axis of numbers."""
    return {"field": field, "type": "quantitative", "title": title, **more}


def tooltip(*fields: str) -> list[Spec]:
    """What stands under the pointer, after the model."""
    return [{"field": field} for field in ("model", *fields)]


def pointer(line: Spec, *fields: str) -> Spec:
    """Unseen points on a line that show their values."""
    encoding = {name: line["encoding"][name] for name in ("x", "y")}
    mark = {"type": "point", "filled": True, "size": 90, "opacity": 0}
    return {"mark": mark, "encoding": encoding | {"tooltip": tooltip(*fields)}}


def diagonal(x: str, y: str) -> Spec:
    """The line from (0, 0) to (1, 1) under axes of these titles."""
    ends = [{"at": 0}, {"at": 1}]
    mark = {"type": "line", "color": INK, "opacity": 0.5, "strokeWidth": 1}
    return {
        "data": {"values": ends},
        "transform": [],
        "mark": mark,
        "encoding": {"x": axis("at", x), "y": axis("at", y)},
    }


def plain(column: str) -> str:
    """What a column is called, without its unit."""
    return COLUMNS.get(column, column).partition(" (")[0]
