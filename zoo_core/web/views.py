"""One benchmark as its pages are filled with it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..bench.metrics.strata import has_no_end
from ..board.markdown import IDEAL, heading
from ..board.tables import Row, Table
from ..catalog.measured import metric_unit
from ..metric import Metric
from ..predictions import Heads
from .answers import answer, truth_in_words
from .libraries import still_picture
from .measured import Measured
from .shown import Shown
from .vega import DRAWN, Plot, colour, dash

__all__ = ["View", "rows_at_first"]

FIRST_PLOTS = ("roc", "completeness", "parameter")  # that the page of a subject shows
AT_FIRST = 4  # plots
ROWS = 60  # that a page holds itself; a script beside it brings the others once the first plot stands
NOTHING = 1e99


def rows_at_first(tables: Sequence[Table]) -> int:
    """How many rows of each table a page with these tables holds itself."""
    longest = max((len(table.rows) for table in tables), default=0)
    whole = sum(len(table.rows) for table in tables) <= ROWS
    return longest if whole else ROWS // len(tables)


@dataclass(frozen=True)
class View:
    """What templates ask for, beyond what `Shown` holds.

    Arguments:
        shown: the benchmark.
        heads: of its models, whose parameters have units.
        stills: plots that were drawn already, by name.
    """

    shown: Shown
    heads: Heads = field(default_factory=Heads)
    stills: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def id(self) -> str:
        """Id of the benchmark."""
        return self.shown.id

    @property
    def rising(self) -> Mapping[str, bool]:
        """Metrics, and whether what they are sorted by is the better the less it is."""
        return {name: bool(mark) for name, mark in self.marks.items()}

    @cached_property
    def marks(self) -> Mapping[str, str]:
        """What stands behind the name of a metric: ↓ where less is better, → and the number at which it is best."""
        return dict.fromkeys(self.shown.table.metrics, "") | {one.name: _mark(one) for one in self.shown.metrics}

    @property
    def definitions(self) -> Mapping[str, str]:
        """Definitions of the metrics, a line each."""
        return {metric.name: metric.summary.replace("`", "") for metric in self.shown.metrics}

    @property
    def divisions(self) -> list[str]:
        """The columns by which results are divided, with the edges of their bins."""
        return [_division(*each) for each in self.shown.spec.strata.items()] if self.shown.spec else []

    def title(self, metric: str) -> str:
        """The metric with its unit."""
        return f"{heading(metric, self.shown.table)} {metric_unit(metric, self.heads)}".rstrip()

    @property
    def n_ranked(self) -> int:
        """Number of rows with a rank."""
        return sum(row.rank is not None for row in self.shown.table.rows)

    @property
    def legend(self) -> list[dict[str, Any]]:
        """Legend of the models in the plots; `drawn` are those that a plot shows at first."""
        numbers = [(one.model, self.shown.numbers[one.model]) for one in self.shown.measured]
        return [
            {"model": model, "colour": colour(number), "dash": " ".join(map(str, dash(number))), "drawn": k < DRAWN}
            for k, (model, number) in enumerate(numbers)
        ]

    @property
    def first_models(self) -> list[str]:
        """The models that a plot shows at first."""
        return [one.model for one in self.shown.measured[:DRAWN]]

    @property
    def plots(self) -> list[Plot]:
        """All but those that show none of the first models."""
        first = set(self.first_models)
        return [plot for plot in self.shown.plots if not first.isdisjoint(plot.by_model)]

    @property
    def is_crowded(self) -> bool:
        """So many models that the long lists of its page come later."""
        return len(self.shown.measured) > ROWS // 2

    @property
    def first_plots(self) -> list[Plot]:
        """The plots that tell most; of tasks that have none of these, the first."""
        return ([plot for plot in self.plots if plot.name.startswith(FIRST_PLOTS)] or self.plots)[:AT_FIRST]

    @property
    def in_legend(self) -> int:
        """How many models the legend names at first."""
        return DRAWN if self.is_crowded else len(self.shown.measured)

    def still(self, plot: Plot) -> str:
        """The plot as SVG, drawn once."""
        if plot.name not in self.stills:
            self.stills[plot.name] = still_picture(plot.still())
        return self.stills[plot.name]

    def plots_with(self, model: str) -> list[Plot]:
        """The plots in which a model occurs."""
        return [plot for plot in self.shown.plots if model in plot.by_model]

    @cached_property
    def disputed(self) -> list[int]:
        """Rows of the images on which two of the models disagree most."""
        return sorted({row for pair in self.shown.pairs for row in pair.disputed})

    def ranks_of(self, model: str) -> str:
        """Ranks by metric, in the order of `Shown.ranks`: place, limits and mean, as JSON; null where it has none."""
        found = [ranks.get(model) for ranks in self.shown.ranks.values()]
        numbers = [one and [one.place, one.low, one.high, round(one.mean, 3)] for one in found]
        return json.dumps(numbers, separators=(",", ":"))

    def value(self, row: Row, metric: str) -> float:
        """For sorting: the value, or its distance to the ideal one; what has none comes last."""
        estimate = row.shown.metrics.get(metric) if row.shown is not None else None
        if estimate is None or estimate.value is None:
            return NOTHING if self.rising[metric] else -NOTHING
        known = self._known.get(metric)
        return estimate.value if known is None else known.compared(estimate.value)

    def truth(self, row: int) -> str:
        """Truth of an image, in words."""
        first = self.shown.measured[0]
        return truth_in_words(first.result, first.truth, row)

    def answer(self, model: str, row: int) -> str:
        """Answer of a model for an image."""
        return answer(self._measured(model), row)

    @cached_property
    def _known(self) -> Mapping[str, Metric]:
        return {metric.name: metric for metric in self.shown.metrics}

    def _measured(self, model: str) -> Measured:
        return next(one for one in self.shown.measured if one.model == model)


def _division(column: str, edges: Sequence[float]) -> str:
    if not edges:
        return column
    inner = edges[:-1] if has_no_end(*edges[-2:]) else edges
    return f"{column} at {', '.join(f'{edge:g}' for edge in inner)}{' and over' if inner != edges else ''}"


def _mark(metric: Metric) -> str:
    if metric.ideal is not None:
        return f"{IDEAL} {metric.ideal:.3g}"
    return "" if metric.higher_is_better else "↓"
