"""Measured metrics as lines of text."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from ..catalog.measured import metric_unit
from ..predictions import Heads

__all__ = ["metric_lines"]

Estimates = Mapping[str, Mapping[str, Any]]


def metric_lines(metrics: Estimates, heads: Heads, each: bool = False) -> Iterator[str]:
    """A line a metric, in the order of the benchmark; what is measured of several parameters stands side by side.

    Arguments:
        metrics: by name, value, low and high of the 95 % interval.
        heads: of the model, for the units.
        each: a line each number, with its interval.

    Example:
        >>> import zoo_core as zoo
        >>> from zoo_core.cli.numbers import metric_lines
        >>> heads = zoo.Heads(parameters=("theta_E", "q"), units=("arcsec", ""))
        >>> found = {"tarp": {"value": 0.05}, "mae[theta_E]": {"value": 0.25, "low": 0.2, "high": 0.3}}
        >>> list(metric_lines(found | {"mae[q]": {"value": 0.125}}, heads))
        ['tarp 0.05', 'mae: theta_E 0.25 arcsec, q 0.125']
        >>> list(metric_lines(found, heads))
        ['tarp 0.05', 'mae[theta_E] 0.25 (0.2 to 0.3) arcsec']
    """
    for kind, group in groupby(metrics, lambda name: name.partition("[")[:2]):
        names = list(group)
        if each or len(names) == 1:
            yield from (_with_unit(f"{name} {_estimate(**metrics[name])}", name, heads) for name in names)
        else:
            yield f"{kind[0]}: " + ", ".join(_of_parameter(name, metrics[name].get("value"), heads) for name in names)


def _of_parameter(name: str, value: float | None, heads: Heads) -> str:
    parameter = name.removesuffix("]").partition("[")[2]
    return _with_unit(f"{parameter} {_number(value, 3)}", name, heads)


def _with_unit(text: str, name: str, heads: Heads) -> str:
    return f"{text} {metric_unit(name, heads)}".rstrip()


def _estimate(value: float | None, low: float | None = None, high: float | None = None, method: str = "none") -> str:
    interval = f" ({low:.4g} to {high:.4g})" if value is not None and low is not None and high is not None else ""
    return _number(value, 4) + interval


def _number(value: float | None, digits: int) -> str:
    return "not defined" if value is None else f"{value:.{digits}g}"
