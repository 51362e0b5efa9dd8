"""Parts of a benchmark, by Einstein radius, arc S/N, kind of non-lens or whatever else its entry names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...errors import ResultError

__all__ = ["Stratum", "bin_title", "completed", "has_no_end", "strata"]

FAR = 100.0  # times its lower edge: where the upper edge of a bin lies beyond, it stands for none


@dataclass(frozen=True)
class Stratum:
    """Some rows of a benchmark.

    Arguments:
        column: of the truth, by which the rows are chosen.
        name: the category, or the bin as text.
        low, high: edges of the bin, low <= value < high; None for a category.
        rows: (N,) bool.
    """

    column: str
    name: str
    low: float | None
    high: float | None
    rows: np.ndarray


def strata(
    truth: Mapping[str, np.ndarray], declared: Mapping[str, Sequence[float]], classes: Sequence[str] = ()
) -> list[Stratum]:
    """The strata that hold any row. Rows whose value is NaN belong to none.

    Arguments:
        truth: columns.
        declared: for each column the edges of its bins; none: one stratum a category.
        classes: that the truth's `label` counts. A category that is met in several of them is a stratum in each.

    Raises:
        ResultError: the truth has no such column.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.strata import strata
        >>> [part.name for part in strata({"theta_E": np.array([0.5, 1.2, 9.0])}, {"theta_E": (0.3, 1.0, 3.0)})]
        ['0.3 to 1', '1 to 3']
    """
    missing = sorted(set(declared) - set(truth))
    if missing:
        raise ResultError(f"strata by {', '.join(missing)}, but the truth has only {', '.join(sorted(truth))}")
    parts = [
        part
        for column, edges in declared.items()
        for part in (_bins(column, truth[column], edges) if len(edges) else _categories(column, truth, classes))
    ]
    return [part for part in parts if part.rows.any()]


def bin_title(low: float, high: float) -> str:
    """What a reader calls a bin.

    Example:
        >>> from zoo_core.bench.metrics.strata import bin_title
        >>> bin_title(50, 150), bin_title(150, 1e5)
        ('50 to 150', 'over 150')
    """
    return f"over {low:g}" if has_no_end(low, high) else f"{low:g} to {high:g}"


def has_no_end(low: float, high: float) -> bool:
    """The upper edge of a bin is beyond all values, as 1e5 is of S/N."""
    return 0 < FAR * low < high


def completed(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The rows, and all rows of the classes that they lack, so that one class can be ranked against the others."""
    present = np.unique(labels[rows])
    return rows | ~np.isin(labels, present)


def _bins(column: str, values: np.ndarray, edges: Sequence[float]) -> list[Stratum]:
    return [
        Stratum(column, f"{low:g} to {high:g}", low, high, (values >= low) & (values < high))
        for low, high in pairwise(edges)
    ]


def _categories(column: str, truth: Mapping[str, np.ndarray], classes: Sequence[str]) -> list[Stratum]:
    names = np.unique(truth[column])
    return [part for name in names for part in _by_class(column, str(name), truth[column] == name, truth, classes)]


def _by_class(
    column: str, name: str, rows: np.ndarray, truth: Mapping[str, np.ndarray], classes: Sequence[str]
) -> list[Stratum]:
    present = np.unique(truth["label"][rows]) if classes else []
    if len(present) < 2:
        return [Stratum(column, name, None, None, rows)]
    return [Stratum(column, f"{name} ({classes[k]})", None, None, rows & (truth["label"] == k)) for k in present]
