"""What the plots of posteriors show, as records of plain values, a model and a point each."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from scipy.stats import norm

from ..bench.metrics.posteriors import coverage, known, ranks, tarp
from ..scores import ParameterScores
from .curves import Record
from .measured import Measured

__all__ = ["band_records", "coverage_records", "pull_records", "rank_records", "tarp_records"]

LEVELS = np.linspace(0.02, 0.98, 25)  # credibilities
PULLS = np.linspace(-4, 4, 33)  # edges of bins, in stated sigma
RANKS = np.linspace(0, 1, 11)  # edges of bins
BANDS = 12  # bins of the truth with as many images each
LEAST_IMAGES = 20  # of a bin: its 95 % band is about the range of its residuals then
QUANTILES = norm.cdf([-2, -1, 0, 1, 2])  # 68 and 95 %
DIGITS = 4


def coverage_records(measured: Sequence[Measured]) -> list[Record]:
    """Share of images whose truth is in the central interval of each level, of each parameter."""
    return _of_each(measured, _coverage)


def pull_records(measured: Sequence[Measured]) -> list[Record]:
    """Density of (truth - mean) / sigma, of each parameter, beside a Gaussian's; the last bins hold what is beyond."""
    return _of_each(measured, _pulls)


def rank_records(measured: Sequence[Measured]) -> list[Record]:
    """Density of the share of the posterior below the truth, of each parameter; 1 everywhere if it is right."""
    return _of_each(measured, _ranks)


def band_records(measured: Sequence[Measured]) -> list[Record]:
    """Median and the central 68 and 95 % of the measured values, by the truth, of each parameter.

    None of fewer images than two bins need: one is no line.
    """
    return _of_each(measured, _bands)


def tarp_records(measured: Sequence[Measured]) -> list[Record]:
    """TARP's expected coverage at each level, of all parameters together."""
    records = []
    for one in measured:
        if isinstance(one.scores, ParameterScores):
            shares = coverage(tarp(one.scores, one.truth), LEVELS)
            records += [_record(one, "", level=level, share=share) for level, share in zip(LEVELS, shares, strict=True)]
    return records


def _of_each(
    measured: Sequence[Measured], draw: Callable[[Measured, ParameterScores, str], Iterator[Record]]
) -> list[Record]:
    return [
        record
        for one in measured
        if isinstance(one.scores, ParameterScores)
        for name in known(one.scores, one.truth)
        for record in draw(one, one.scores, name)
    ]


def _coverage(one: Measured, scores: ParameterScores, name: str) -> Iterator[Record]:
    central = np.abs(2 * ranks(scores, one.truth, name) - 1)
    for level, share in zip(LEVELS, coverage(central, LEVELS), strict=True):
        yield _record(one, name, level=level, share=share)


def _pulls(one: Measured, scores: ParameterScores, name: str) -> Iterator[Record]:
    pulls = (one.truth[name] - scores.means[name]) / scores.errors[name]
    width = PULLS[1] - PULLS[0]
    shares = np.histogram(np.clip(pulls, PULLS[0], PULLS[-1]), PULLS)[0] / len(pulls) / width
    for low, share in zip(PULLS, shares, strict=False):
        centre = low + width / 2
        yield _record(one, name, pull=centre, density=share, expected=float(norm.pdf(centre)))


def _ranks(one: Measured, scores: ParameterScores, name: str) -> Iterator[Record]:
    counts = np.histogram(ranks(scores, one.truth, name), RANKS)[0]
    for low, high, count in zip(RANKS, RANKS[1:], counts, strict=False):
        yield _record(one, name, rank=(low + high) / 2, density=count * (len(RANKS) - 1) / len(one.truth["id"]))


def _bands(one: Measured, scores: ParameterScores, name: str) -> Iterator[Record]:
    order = np.argsort(one.truth[name], kind="stable")
    bins = min(BANDS, len(order) // LEAST_IMAGES)
    for rows in np.array_split(order, bins) if bins > 1 else ():
        low95, low68, median, high68, high95 = np.quantile(scores.means[name][rows], QUANTILES)
        true = np.median(one.truth[name][rows])
        limits = {"low95": low95, "low68": low68, "median": median, "high68": high68, "high95": high95}
        yield _record(one, name, true=true, **limits)


def _record(one: Measured, parameter: str, **numbers: float) -> Record:
    """A record with a few digits, which are all that a plot shows."""
    short = {name: float(f"{float(value):.{DIGITS}g}") for name, value in numbers.items()}
    return {"model": one.model, "parameter": parameter, **short}
