"""The leaderboard as Markdown, and the text of its cells, which the HTML page shares."""

import math
from collections.abc import Callable, Iterable, Sequence

from ..bench.quoting import coded, quoted
from ..bench.results import ALL, Estimate, Result, StratumResult
from ..catalog.overlap import IMAGES
from ..tasks import task_named
from .tables import Row, Table

__all__ = [
    "IDEAL",
    "NOTES",
    "caption",
    "cell",
    "domains",
    "heading",
    "line",
    "markdown",
    "marks",
    "overlaps",
    "place",
    "population",
    "strata_markdown",
    "strata_of",
    "strata_rows",
    "table_markdown",
]

PARTS, MOST_DECIMALS = 2.2, 4  # of an error that its last digit is, at least; of a number
SHOWN_RATE = "fpr<=1e-2"
IDEAL = "→"  # stands before the number at which a metric is best
NOTES = (
    ("intervals", "are at 95 %"),
    (
        "rank",
        "one more than the number of models that are better beyond doubt on the same images (paired bootstrap); models "
        "that cannot be told apart share it",
    ),
    ("in brackets", "the places that the images leave possible, at 95 % for all comparisons of a model together"),
    ("≥", "fewer than three false positives, so that the purity is a lower bound"),
    (
        "trained on this population",
        "the model was trained on images of the same data set; on other ones, as benchmarks are held back by "
        "their seed or split",
    ),
    ("recomputed", "every number was computed again from the predictions"),
    ("re-measured", "besides, images drawn at random were scored again with the published weights"),
    ("self-reported", "the truth is the author's own"),
    ("hidden test", "predicted without the truth, and scored by whoever keeps it"),
)
"""How to read a board: what stands on it, and what it means."""


def markdown(tables: Sequence[Table]) -> str:
    """The tables of what was measured; of several, those of which nothing was are a list at the end."""
    whole = [table for table in tables if table.has_results or len(tables) == 1]
    parts = [f"## {quoted(table.benchmark)}\n\n{quoted(caption(table))}\n\n{table_markdown(table)}" for table in whole]
    return "\n\n".join([*parts, *_unmeasured([table for table in tables if table not in whole]), _notes()]) + "\n"


def _notes() -> str:
    return "\n".join(f"- *{name}*: {meaning}" for name, meaning in NOTES)


def _unmeasured(tables: Sequence[Table]) -> list[str]:
    """What they are, a line each."""
    lines = [f"- {coded(table.benchmark)}: {quoted(table.summary)}" for table in tables]
    return ["## Not measured yet", "\n".join(lines)] if lines else []


def table_markdown(table: Table) -> str:
    """One table, a row a model."""
    heads = ["rank", "model", *(quoted(heading(name, table)) for name in table.metrics), "notes"]
    lines = [line(heads), line(["---"] * len(heads))]
    for row in table.rows:
        cells = [cell(row.shown, name) for name in table.metrics]
        lines.append(line([place(row), coded(row.model), *cells, marks(row)]))
    return "\n".join(lines)


def heading(metric: str, table: Table) -> str:
    """The metric's name; TPR0 and TPR10 mean nothing without the number of negatives."""
    if metric in ("tpr0", "tpr10") and table.results:
        images = list(table.results[0].images.values())
        return f"{metric} ({images[0]:,} negatives)"
    return metric


def place(row: Row) -> str:
    """The rank and its interval."""
    if row.rank is None:
        return "–"
    return f"{row.rank.place} [{row.rank.low}–{row.rank.high}]"


def cell(result: Result | None, metric: str) -> str:
    """A value with its interval, or a dash."""
    estimate = None if result is None else result.metrics.get(metric)
    if result is None or estimate is None or estimate.value is None:
        return "–"
    bound = "≥ " if metric.startswith("purity") and _is_bound(result) else ""
    return bound + _number(estimate)


def marks(row: Row, write: Callable[[str], str] = quoted) -> str:
    """What a reader must know of the row beside its numbers; `write` writes the words of others."""
    notes = [] if row.status == "ok" else [f"**{row.status}**: {write(row.remark)}"]
    if row.shown is not None:
        notes += [row.badge] if row.badge else []
        notes += overlaps(row)
        notes.append(write(domains(row.shown)))
    return "; ".join(notes)


def overlaps(row: Row) -> list[str]:
    """What of the benchmark the model knows from its training, in words."""
    if row.overlap == IMAGES:
        return ["**trained on images of this benchmark**"]
    return ["**trained on this population**"] if row.shown is not None and row.shown.seen else []


def domains(result: Result) -> str:
    """Real or simulated, in training and here, in words."""
    learned, measured = result.trained_on, result.dataset["domain"]
    if learned == measured:
        return f"trained and measured on {measured} images"
    return f"trained on {learned}, measured on {measured} images"


def strata_of(table: Table) -> list[str]:
    """Columns by which the results are divided."""
    return list(dict.fromkeys(part.column for result in table.results for part in result.strata))


def strata_rows(table: Table, column: str) -> list[tuple[str, list[str]]]:
    """The name of each stratum and a cell a result: completeness for lenses, false-positive rate for non-lenses."""
    names = dict.fromkeys(part.title for result in table.results for part in result.strata if part.column == column)
    return [(name, [_stratum(_part(result, column, name)) for result in table.results]) for name in names]


def strata_markdown(table: Table, column: str) -> str:
    """One table of strata, a column a model."""
    heads = [quoted(column), *(coded(result.model) for result in table.results)]
    lines = [line(heads), line(["---"] * len(heads))]
    return "\n".join(
        [*lines, *(line([quoted(name), *map(quoted, cells)]) for name, cells in strata_rows(table, column))]
    )


def confusion_markdown(table: Table) -> list[str]:
    """The confusion matrix of each result of three classes or more, or of clusters: a row a true class."""
    shown = [one for one in table.results if one.confusion and (len(one.images) > 2 or _of_clusters(one))]
    return [f"### Confusion of {coded(result.model)}\n\n{_confusion(result)}" for result in shown]


def caption(table: Table) -> str:
    """What the benchmark is, and of how many images."""
    summary = table.summary[:1].upper() + table.summary[1:]
    if not table.results:
        return f"{summary} (nothing measured yet)".strip()
    first = table.results[0]
    return f"{summary}. {population(first)}; {first.dataset['domain']} images.".removeprefix(". ")


def population(result: Result) -> str:
    """How many images of each class it was measured on, or of all where there are no classes."""
    return ", ".join(f"{count:,} {'images' if name == ALL else name}" for name, count in result.images.items())


def line(cells: Iterable[str]) -> str:
    """A row of a table."""
    return "| " + " | ".join(text.replace("|", "\\|").replace("\n", " ") for text in cells) + " |"


def _confusion(result: Result) -> str:
    names, extra = [quoted(name) for name in result.images], len(result.confusion[0]) - len(result.images)
    kind = "cluster of " if _of_clusters(result) else "called "
    heads = ["", *(f"{kind}{name}" for name in names[: len(result.confusion[0])])]
    heads += [f"cluster {number + 1} left over" for number in range(extra)]
    rows = [line([name, *map(str, counts)]) for name, counts in zip(names, result.confusion, strict=True)]
    return "\n".join([line(heads), line(["---"] * len(heads)), *rows])


def _of_clusters(result: Result) -> bool:
    return not task_named(result.task).names_outputs


def _number(estimate: Estimate) -> str:
    """The value and its interval with the digits that these decide: the last one is less than half the error.

    Example:
        >>> from zoo_core.bench.results import Estimate
        >>> from zoo_core.board.markdown import _number
        >>> [_number(Estimate(*one)) for one in ((51.4354, 50.959, 51.896), (1.0, 0.762, 1.0), (0.066, -0.003, 0.17))]
        ['51.4 [51.0, 51.9]', '1.00 [0.76, 1.00]', '0.07 [0.00, 0.17]']
    """
    value, low, high = estimate.value, estimate.low, estimate.high
    if value is None or low is None or high is None:
        return _digits(value)
    if not low < high:
        return f"{_digits(value)} [{_digits(low)}, {_digits(high)}]"
    error = min(side for side in (value - low, high - value, (high - low) / 2) if side > 0)
    decimals = max(0, min(MOST_DECIMALS, math.ceil(math.log10(PARTS / error))))
    return f"{value:z.{decimals}f} [{low:z.{decimals}f}, {high:z.{decimals}f}]"


def _digits(value: float | None) -> str:
    """Three decimals; small numbers have two digits that count."""
    if value is None:
        return "–"
    return f"{value:.3f}" if value == 0 or abs(value) >= 0.01 else f"{value:.2g}"


def _is_bound(result: Result) -> bool:
    return any(point.purity_is_lower_bound for point in result.operating_points if point.name == "p>=0.5")


def _part(result: Result, column: str, title: str) -> StratumResult | None:
    return next((part for part in result.strata if (part.column, part.title) == (column, title)), None)


def _stratum(part: StratumResult | None) -> str:
    if part is None:
        return "–"
    rates = part.rates.get(SHOWN_RATE)
    if rates is None:
        return ", ".join(f"{name} {_number(one)}" for name, one in part.metrics.items() if one.value is not None)
    shares = []
    if rates.positives and rates.tpr_interval:
        shares.append(f"{rates.found / rates.positives:.2f} [{rates.tpr_interval[0]:.2f}, {rates.tpr_interval[1]:.2f}]")
    if rates.negatives and rates.fpr_interval:
        low, high = rates.fpr_interval
        shares.append(f"FPR {rates.false_positives / rates.negatives:.4f} [{low:.4f}, {high:.4f}]")
    return ", ".join(shares)
