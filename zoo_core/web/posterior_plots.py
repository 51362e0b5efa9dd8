"""Plots of posteriors: whether the stated errors are right, and how well parameters are recovered."""

from collections.abc import Iterator, Mapping, Sequence

from .measured import Measured
from .posterior_curves import band_records, coverage_records, pull_records, rank_records, tarp_records
from .vega import COLUMNS, INK, Plot, Spec, axis, by_field, diagonal, layer, plain, pointer, spec_of

__all__ = ["bands", "coverage", "pulls", "sbc", "tarp"]

LEVEL, SHARE = "credibility level", "share of images within"
LINE = {"type": "line", "strokeWidth": 1.8}
FAINT = {"type": "line", "color": INK, "opacity": 0.5, "strokeWidth": 1}


def bands(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    """The median of what is measured, and where 68 and 95 % of it lie, against the truth (Hezaveh et al. 2017)."""
    for name, records in by_field(band_records(measured), "parameter"):
        true = axis("true", f"true {COLUMNS.get(name, name)}", scale={"zero": False})
        title = f"measured {COLUMNS.get(name, name)}"
        y = axis("median", title, scale={"zero": False})
        areas = [
            layer({"type": "area", "opacity": opacity}, styles, x=true, y=axis(low, title), y2={"field": high})
            for low, high, opacity in (("low95", "high95", 0.12), ("low68", "high68", 0.25))
        ]
        line = layer(LINE, styles, x=true, y=y)
        exact = {"mark": FAINT, "encoding": {"x": true, "y": axis("true", title)}}
        pointed = [pointer(line, "true", "median", "low68", "high68", "low95", "high95")]
        title = f"Recovered {plain(name)}: median, 68 % and 95 %"
        yield Plot(f"recovered-{name}", title, records, spec_of([*areas, exact, line]), pointed)


def coverage(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    """The coverage curve of each parameter."""
    for name, records in by_field(coverage_records(measured), "parameter"):
        yield _against_level(f"coverage-curve-{name}", f"Coverage of {plain(name)}", records, styles)


def tarp(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    """TARP's expected coverage, of all parameters together."""
    if records := tarp_records(measured):
        yield _against_level("tarp", "TARP: expected coverage of all parameters together", records, styles)


def pulls(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    """The residuals in stated sigma, beside a Gaussian."""
    for name, records in by_field(pull_records(measured), "parameter"):
        x, y = axis("pull", "(truth - mean) / sigma"), axis("density", "density")
        line = layer({**LINE, "interpolate": "step"}, styles, x=x, y=y)
        expected = {"mark": FAINT, "encoding": {"x": x, "y": axis("expected", "density")}}
        title = f"Pulls of {plain(name)}, and a Gaussian"
        yield Plot(f"pulls-{name}", title, records, spec_of([expected, line]), [pointer(line, "pull", "density")])


def sbc(measured: Sequence[Measured], styles: Mapping[str, Spec]) -> Iterator[Plot]:
    """The ranks of simulation-based calibration."""
    for name, records in by_field(rank_records(measured), "parameter"):
        x = axis("rank", "share of the posterior below the truth", scale={"domain": [0, 1]})
        y = axis("density", "density; 1 if errors are right", scale={"zero": True})
        line = layer({**LINE, "interpolate": "step"}, styles, x=x, y=y)
        title = f"Simulation-based calibration of {plain(name)}"
        yield Plot(f"sbc-{name}", title, records, spec_of([line]), [pointer(line, "rank", "density")])


def _against_level(name: str, title: str, records: Sequence[dict], styles: Mapping[str, Spec]) -> Plot:
    x, y = axis("level", LEVEL, scale={"domain": [0, 1]}), axis("share", SHARE, scale={"domain": [0, 1]})
    line = layer(LINE, styles, x=x, y=y)
    return Plot(name, title, records, spec_of([diagonal(LEVEL, SHARE), line]), [pointer(line, "level", "share")])
