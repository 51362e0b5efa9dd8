"""Metrics: one number for the predictions of a model on a benchmark, with the interval that belongs to it.

A metric is a function of the typed scores of a task (`zoo_core.scores`) and of the columns of the truth. The kind of
interval says how the function is called: nothing else has to be declared.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np

    from .scores import Truth

__all__ = ["Binomial", "Bootstrap", "Interval", "Metric", "NoInterval", "WeightedBootstrap", "resampled_together"]


class Interval(ABC):
    """How a metric is computed, and with it its 95 % interval."""

    says_how_sure: ClassVar[bool] = True
    """Whether resamples of the images say how sure the metric is."""
    all_at_once: ClassVar[bool] = False
    """Whether `resampled` computes all of them at once, and not one after the other."""

    @abstractmethod
    def value(self, scores: Any, truth: Truth) -> float:
        """The metric; NaN where it is not defined."""

    def resampled(self, scores: Any, truth: Truth, weights: np.ndarray) -> np.ndarray:
        """The metric (B,) of B resamples, in which image i is there weights[b, i] times."""
        import numpy as np

        return np.array([self.value(*drawn) for drawn in _drawn(scores, truth, weights)])


@dataclass(frozen=True)
class Bootstrap(Interval):
    """The percentile interval over resamples of the images (Efron & Tibshirani 1993, chapter 13).

    Arguments:
        compute: called with scores and truth; returns the metric.

    Example:
        >>> import numpy as np
        >>> from zoo_core.metric import Bootstrap
        >>> from zoo_core.scores import AnomalyScores
        >>> mean = Bootstrap(lambda scores, truth: scores.score.mean())
        >>> scores, truth = AnomalyScores(np.array([1.0, 2.0, 6.0])), {"id": np.arange(3)}
        >>> float(mean.value(scores, truth))
        3.0
        >>> mean.resampled(scores, truth, np.array([[1, 1, 1], [0, 3, 0]]))
        array([3., 2.])
    """

    compute: Callable[[Any, Truth], float]

    def value(self, scores: Any, truth: Truth) -> float:
        """The number that `compute` returns."""
        return float(self.compute(scores, truth))


@dataclass(frozen=True)
class WeightedBootstrap(Interval):
    """The same interval of a metric that all resamples are computed of at once.

    Arguments:
        compute: called with scores, truth and weights (B, N); returns the metric (B,) where image i counts
            weights[b, i] times.
    """

    compute: Callable[[Any, Truth, np.ndarray], np.ndarray]
    all_at_once: ClassVar[bool] = True

    def value(self, scores: Any, truth: Truth) -> float:
        """Where every image counts once."""
        import numpy as np

        return float(self.compute(scores, truth, np.ones((1, len(truth["id"])), dtype=np.int64))[0])

    def resampled(self, scores: Any, truth: Truth, weights: np.ndarray) -> np.ndarray:
        """The number that `compute` returns."""
        return self.compute(scores, truth, weights)


@dataclass(frozen=True)
class Binomial(Interval):
    """A share k / n with its exact interval (Clopper & Pearson 1934, Biometrika 26, 404).

    Arguments:
        counts: called with scores and truth; returns the successes k and the trials n. Without trials the share is NaN.

    Example:
        >>> import numpy as np
        >>> from zoo_core.metric import Binomial
        >>> from zoo_core.scores import AnomalyScores
        >>> above_two = Binomial(lambda scores, truth: (int(np.sum(scores.score > 2)), len(scores.score)))
        >>> above_two.value(AnomalyScores(np.array([1.0, 2.0, 6.0, 7.0])), {"id": np.arange(4)})
        0.5
    """

    counts: Callable[[Any, Truth], tuple[int, int]]

    def value(self, scores: Any, truth: Truth) -> float:
        """The share k / n; NaN without trials."""
        successes, trials = self.counts(scores, truth)
        return successes / trials if trials else float("nan")


@dataclass(frozen=True)
class NoInterval(Interval):
    """No interval: the metric hangs on too few images for one to mean anything, or resampling changes what it measures.

    Arguments:
        compute: called with scores and truth; returns the metric.
    """

    compute: Callable[[Any, Truth], float]
    says_how_sure: ClassVar[bool] = False

    def value(self, scores: Any, truth: Truth) -> float:
        """The number that `compute` returns."""
        return float(self.compute(scores, truth))


@dataclass(frozen=True)
class Metric:
    """A number by which the models of a task are compared.

    Arguments:
        name: as printed on the board.
        task: whose predictions it measures, see `zoo_core.tasks`.
        interval: how it is computed, and with it its interval.
        higher_is_better: for ranking.
        summary: definition in one line, with its source.
        ideal: the value of a right model, where more and less of it are both worse, such as 0 of a bias.

    Example:
        >>> import zoo_core as zoo
        >>> zoo.Metric("above_two", "anomaly", zoo.Bootstrap(lambda scores, truth: (scores.score > 2).mean())).name
        'above_two'
        >>> bias = zoo.Metric("bias", "anomaly", zoo.Bootstrap(lambda scores, truth: scores.score.mean()), ideal=0.0)
        >>> bias.merit(-0.1) > bias.merit(0.2)
        True
    """

    name: str
    task: str
    interval: Interval
    higher_is_better: bool = True
    summary: str = ""
    ideal: float | None = None

    def value(self, scores: Any, truth: Truth) -> float:
        """The metric of these predictions; NaN where it is not defined."""
        return self.interval.value(scores, truth)

    def compared(self, value: Any) -> Any:
        """What is sorted, and of which differences are taken: the value, or its distance to `ideal`.

        Arguments:
            value: of this metric, a number or an array.
        """
        return value if self.ideal is None else abs(value - self.ideal)

    def merit(self, value: Any) -> Any:
        """What is the larger the better: the value, its negative, or that of its distance to `ideal`.

        Arguments:
            value: of this metric, a number or an array.
        """
        return value if self.ideal is None and self.higher_is_better else -self.compared(value)


def resampled_together(
    metrics: Sequence[Metric], scores: Any, truth: Truth, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """By name, what `Interval.resampled` gives of each metric; images are drawn once for all of them.

    Example:
        >>> import numpy as np
        >>> import zoo_core as zoo
        >>> from zoo_core.metric import resampled_together
        >>> from zoo_core.scores import AnomalyScores
        >>> mean = zoo.Metric("mean", "anomaly", zoo.Bootstrap(lambda scores, truth: scores.score.mean()))
        >>> scores, truth = AnomalyScores(np.array([1.0, 2.0, 6.0])), {"id": np.arange(3)}
        >>> resampled_together([mean], scores, truth, np.array([[1, 1, 1], [0, 3, 0]]))
        {'mean': array([3., 2.])}
    """
    import numpy as np

    one_by_one = [metric for metric in metrics if not metric.interval.all_at_once]
    values = [[one.value(*drawn) for one in one_by_one] for drawn in _drawn(scores, truth, weights) if one_by_one]
    found = {one.name: np.array([row[place] for row in values]) for place, one in enumerate(one_by_one)}
    others = [metric for metric in metrics if metric.interval.all_at_once]
    found |= {metric.name: metric.interval.resampled(scores, truth, weights) for metric in others}
    return {metric.name: found[metric.name] for metric in metrics}


def _drawn(scores: Any, truth: Truth, weights: np.ndarray) -> Iterator[tuple[Any, Truth]]:
    """Scores and truth of each resample, in which image i is there weights[b, i] times."""
    import numpy as np

    for row in weights:
        rows = np.repeat(np.arange(len(row)), row)
        yield scores.at(rows), _Rows(truth, rows)


class _Rows(Mapping[str, Any]):
    """Some rows of a table; a column is copied when it is first asked for."""

    def __init__(self, columns: Truth, rows: np.ndarray):
        self.columns, self.rows = columns, rows
        self.copied: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.copied:
            self.copied[name] = self.columns[name][self.rows]
        return self.copied[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)
