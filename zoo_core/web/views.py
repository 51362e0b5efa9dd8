"""One benchmark as its pages are filled with it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..board.markdown import cell, heading
from ..board.tables import Row
from .answers import answer, truth_in_words
from .libraries import still_picture
from .measured import Measured
from .plots import DRAWN, Plot, colour, dash
from .shown import Shown

__all__ = ["View"]

FIRST_PLOTS = ("roc", "completeness", "parameter")  # that the page of a subject shows
AT_FIRST = 4  # plots
NOTHING = 1e99


@dataclass(frozen=True)
class View:
    """What templates ask for, beyond what `Shown` holds.

    Arguments:
        shown: the benchmark.
        stills: plots that were drawn already, by name.
    """

    shown: Shown
    stills: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def id(self) -> str:
        """Of the benchmark."""
        return self.shown.id

    @property
    def rising(self) -> Mapping[str, bool]:
        """Metrics, and whether less of them is better."""
        known = {metric.name: not metric.higher_is_better for metric in self.shown.metrics}
        return dict.fromkeys(self.shown.table.metrics, False) | known

    @property
    def definitions(self) -> Mapping[str, str]:
        """Of the metrics, a line each."""
        return {metric.name: metric.summary for metric in self.shown.metrics}

    @property
    def n_ranked(self) -> int:
        """Number of rows with a rank."""
        return sum(row.rank is not None for row in self.shown.table.rows)

    @property
    def legend(self) -> list[dict[str, Any]]:
        """Of the models in the plots; `drawn` are those that a plot shows at first."""
        numbers = [(one.model, self.shown.numbers[one.model]) for one in self.shown.measured]
        return [
            {"model": model, "colour": colour(number), "dash": " ".join(map(str, dash(number))), "drawn": k < DRAWN}
            for k, (model, number) in enumerate(numbers)
        ]

    @property
    def first_plots(self) -> list[Plot]:
        """Those that tell most."""
        return [plot for plot in self.shown.plots if plot.name.startswith(FIRST_PLOTS)][:AT_FIRST]

    def still(self, plot: Plot) -> str:
        """The plot as SVG, drawn once."""
        if plot.name not in self.stills:
            self.stills[plot.name] = still_picture(plot.still())
        return self.stills[plot.name]

    def plots_with(self, model: str) -> list[Plot]:
        """Those in which a model occurs."""
        return [plot for plot in self.shown.plots if any(record["model"] == model for record in plot.records)]

    def ranks_of(self, model: str) -> str:
        """By metric: place, limits and mean, as JSON."""
        found = {name: ranks[model] for name, ranks in self.shown.ranks.items() if model in ranks}
        return json.dumps({name: [one.place, one.low, one.high, round(one.mean, 3)] for name, one in found.items()})

    def value(self, row: Row, metric: str) -> float:
        """For sorting; what has none comes last."""
        estimate = row.shown.metrics.get(metric) if row.shown is not None else None
        nothing = NOTHING if self.rising[metric] else -NOTHING
        return nothing if estimate is None or estimate.value is None else estimate.value

    def truth(self, row: int) -> str:
        """Of an image, in words."""
        first = self.shown.measured[0]
        return truth_in_words(first.result, first.truth, row)

    def answer(self, model: str, row: int) -> str:
        """Of a model for an image."""
        return answer(self._measured(model), row)

    def payload(self) -> dict[str, Any]:
        """What the browser draws plots and comparisons from."""
        shown = self.shown
        return {
            "benchmark": shown.id,
            "domain": shown.domain,
            "models": self.legend,
            "metrics": [self._metric(name) for name in shown.table.metrics],
            "plots": [self._plot(plot) for plot in shown.plots],
            "images": {row: self._image(row) for row in self._disputed_rows()},
        }

    def pairs(self) -> dict[str, list[dict[str, Any]]]:
        """The comparisons of each model with those after it in the table, which the browser loads when it compares."""
        found: dict[str, list[dict[str, Any]]] = {one.model: [] for one in self.shown.measured}
        for pair in self.shown.pairs:
            found[pair.models[0]].append(asdict(pair))
        return found

    def _metric(self, name: str) -> dict[str, Any]:
        values = {one.model: cell(one.result, name) for one in self.shown.measured}
        return {"name": name, "title": heading(name, self.shown.table), "values": values, "rising": self.rising[name]}

    def _plot(self, plot: Plot) -> dict[str, Any]:
        return {"name": plot.name, "title": plot.title, "spec": plot.live(), "records": list(plot.records)}

    def _disputed_rows(self) -> Sequence[int]:
        return sorted({row for pair in self.shown.pairs for row in pair.disputed})

    def _image(self, row: int) -> dict[str, Any]:
        return {
            "id": str(self.shown.measured[0].truth["id"][row]),
            "truth": self.truth(row),
            "answers": {one.model: answer(one, row) for one in self.shown.measured},
            "drawn": row in self.shown.pictures,
        }

    def _measured(self, model: str) -> Measured:
        return next(one for one in self.shown.measured if one.model == model)
