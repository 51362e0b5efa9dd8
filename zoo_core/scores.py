"""What a model answered for every image of a benchmark, typed by task: what metrics are computed from.

`Task.scores` reads them from the stored columns. Nothing here imports numpy when it is loaded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

    import numpy as np

__all__ = ["AnomalyScores", "ClassScores", "ClusterScores", "ColumnScores", "ParameterScores", "Scores", "Truth"]

Truth = Mapping[str, "np.ndarray"]
"""Columns (N,) of what is true of the images: `id`; `label` (class index) or one column a parameter; strata."""


class Scores(ABC):
    """The answers for N images."""

    @abstractmethod
    def at(self, rows: np.ndarray) -> Self:
        """Those of some images, by their numbers or as a mask (N,)."""


@dataclass(frozen=True)
class ClassScores(Scores):
    """Of a classifier.

    Arguments:
        probabilities: (N, K), in the order of the classes; of two classes the second is the positive one.
        prior: fraction of each class that the probabilities assume, K numbers; empty if it is not known.

    Example:
        >>> import numpy as np
        >>> from zoo_core.scores import ClassScores
        >>> scores = ClassScores(np.array([[0.9, 0.1], [0.2, 0.8]]))
        >>> scores.positive
        array([0.1, 0.8])
        >>> scores.called
        array([0, 1])
        >>> scores.at(np.array([1])).positive
        array([0.8])
    """

    probabilities: np.ndarray
    prior: tuple[float, ...] = ()

    @property
    def is_binary(self) -> bool:
        """There are two classes."""
        return self.probabilities.shape[1] == 2

    @property
    def positive(self) -> np.ndarray:
        """Probability (N,) of the second of two classes."""
        return self.probabilities[:, 1]

    @property
    def called(self) -> np.ndarray:
        """Index (N,) of the most probable class; of two classes the second one at p >= 0.5."""
        return (self.positive >= 0.5).astype(int) if self.is_binary else self.probabilities.argmax(axis=1)

    def at(self, rows: np.ndarray) -> Self:
        """Those of some images."""
        return replace(self, probabilities=self.probabilities[rows])


@dataclass(frozen=True)
class ParameterScores(Scores):
    """Of a regression: the mean (N,) of each parameter and its standard deviation (N,), by the parameter's name."""

    means: Mapping[str, np.ndarray]
    errors: Mapping[str, np.ndarray]

    def at(self, rows: np.ndarray) -> Self:
        """Those of some images."""
        return replace(self, means=_at(self.means, rows), errors=_at(self.errors, rows))


@dataclass(frozen=True)
class AnomalyScores(Scores):
    """Of a detector: (N,), higher where an image is stranger."""

    score: np.ndarray

    def at(self, rows: np.ndarray) -> Self:
        """Those of some images."""
        return replace(self, score=self.score[rows])


@dataclass(frozen=True)
class ClusterScores(Scores):
    """Of a clustering: the number of the cluster (N,), and the probability of each cluster (N, K)."""

    cluster: np.ndarray
    probabilities: np.ndarray

    def at(self, rows: np.ndarray) -> Self:
        """Those of some images."""
        return replace(self, cluster=self.cluster[rows], probabilities=self.probabilities[rows])


@dataclass(frozen=True)
class ColumnScores(Scores):
    """Of a task that says no more of its columns than their names."""

    columns: Mapping[str, np.ndarray]

    def at(self, rows: np.ndarray) -> Self:
        """Those of some images."""
        return replace(self, columns=_at(self.columns, rows))


def _at(columns: Mapping[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[rows] for name, values in columns.items()}
