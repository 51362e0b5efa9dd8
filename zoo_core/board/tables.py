"""The tables of the leaderboard: all models on one benchmark."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..bench.metrics.ranks import Rank
from ..bench.results import Result
from ..catalog.specs import ModelSpec
from ..predictions import Heads

__all__ = ["Row", "Table"]


@dataclass(frozen=True)
class Row:
    """One model on one benchmark.

    Arguments:
        model: its id.
        status: "ok"; "failed"; "not verified": it is not what its predictions give, or these are not of the benchmark;
            "outdated": measured with other weights or images than are published now; "missing": published, but not
            measured; "unlisted": measured, but in no registry.
        remark: why it is not "ok".
        rank: None where it has none.
        result: None where it is missing.
        badge: how far its numbers were verified, see `bench.verification`; empty where there are none.
        overlap: what of the benchmark the model was trained on, see `catalog.overlap`.
    """

    model: str
    status: str
    remark: str = ""
    rank: Rank | None = None
    result: Result | None = None
    badge: str = ""
    overlap: str = ""

    @property
    def measured(self) -> bool:
        """There are numbers to show."""
        return self.shown is not None

    @property
    def shown(self) -> Result | None:
        """The result whose numbers are shown; None if there are none, or if they are not believed."""
        believed = self.result is not None and self.result.metrics and self.status != "not verified"
        return self.result if believed else None


@dataclass(frozen=True)
class Table:
    """All models on one benchmark, the best first.

    Arguments:
        benchmark: its id.
        summary: one line.
        metrics: names, in order; the first one ranks.
        rows: ranked ones by rank and value, then the others by name.
    """

    benchmark: str
    summary: str
    metrics: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def has_results(self) -> bool:
        """Some model was measured, whatever came of it."""
        return any(row.status != "missing" for row in self.rows)

    @property
    def results(self) -> list[Result]:
        """Results of the rows that have numbers, in order."""
        return [row.shown for row in self.rows if row.shown is not None]

    def heads(self, models: Mapping[str, ModelSpec]) -> Heads:
        """What its models answer, with units: that of the first which is listed among these."""
        known = (models[row.model].heads for row in self.rows if row.measured and row.model in models)
        return next(known, Heads())
