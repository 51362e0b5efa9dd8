"""What a model answered for every image of a benchmark, typed by task: what metrics are computed from.

`Task.scores` reads them from the stored columns. Nothing here imports numpy when it is loaded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

    import numpy as np

__all__ = [
    "KNOWN",
    "AnomalyScores",
    "ClassScores",
    "ClusterScores",
    "ColumnScores",
    "ImageTruth",
    "KnownAnswers",
    "MassMaps",
    "NoiseFree",
    "ParameterScores",
    "Scores",
    "Truth",
    "known_ids",
]

KNOWN = 60  # images whose answers are known
SURE = 0.999  # probability of the class that is called, where the answers are perfect

Truth = Mapping[str, "np.ndarray"]
"""Columns (N,) of what is true of the images: `id`; `label` (class index) or one column a parameter; strata."""


@dataclass(frozen=True)
class NoiseFree:
    """The light of some images of a data set without their noise, in the unit of the images.

    Arguments:
        light: of everything, (B, C, H, W).
        target: what is to be restored of it, (B, C, H, W); all of it, or a part, such as the arcs.
        arcs: the lensed part of the light, (B, C, H, W).
        sigma: standard deviation of the noise of each pixel, (B, C, H, W).
        points: image, row and column of each unresolved source in the target, (N, 3), whole pixels.
        galaxies: the same of resolved sources that are not lensed.

    Example:
        >>> import numpy as np
        >>> import zoo_core as zoo
        >>> light, nothing = np.ones((1, 1, 9, 9)), np.zeros((1, 1, 9, 9))
        >>> truth = zoo.NoiseFree(light, light, nothing, light, np.array([[0, 4, 4]]), np.empty((0, 3), int))
        >>> len(truth.points), len(truth.galaxies)
        (1, 0)
    """

    light: np.ndarray
    target: np.ndarray
    arcs: np.ndarray
    sigma: np.ndarray
    points: np.ndarray
    galaxies: np.ndarray


@dataclass(frozen=True)
class MassMaps:
    """The mass of some lenses of a data set, on the grid of their images.

    Arguments:
        log10_kappa: log10 of the mean convergence over each pixel, dex, (B, 1, H, W); NaN where the image was not
            measured.
        inside: pixels within the Einstein radius, boolean, (B, 1, H, W).

    Example:
        >>> import numpy as np
        >>> from zoo_core.scores import MassMaps
        >>> maps = MassMaps(np.zeros((1, 1, 3, 3)), np.eye(3, dtype=bool)[None, None])
        >>> float((10**maps.log10_kappa)[maps.inside].sum())
        3.0
    """

    log10_kappa: np.ndarray
    inside: np.ndarray


@dataclass(frozen=True)
class ImageTruth:
    """What a data set knows of some images beyond the columns of their truth; made when it is asked for.

    Arguments:
        noise_free: see `Dataset.noise_free`.
        mass_maps: see `Dataset.mass_maps`.
    """

    noise_free: Callable[[], NoiseFree]
    mass_maps: Callable[[], MassMaps]


class Scores(ABC):
    """The answers for N images."""

    @abstractmethod
    def at(self, rows: np.ndarray) -> Self:
        """The answers for some images, by their numbers or as a mask (N,)."""

    def wrongness(self, truth: Truth) -> np.ndarray | None:
        """How wrong each answer is, (N,), the larger the worse; None: nothing tells."""
        return None

    def in_words(self, truth: Truth, names: Sequence[str], row: int) -> tuple[str, str]:
        """Truth and answer of one image in words; for scores that have a `wrongness`.

        Arguments:
            truth: of all images.
            names: of the classes or parameters.
            row: of the image.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class KnownAnswers:
    """Answers of known quality for the same images, on which `zoo check` tries the metrics of a task.

    Arguments:
        truth: of the images; every class has some.
        perfect: answers that are right.
        random: answers that know nothing of the images.
        opposite: answers that are as wrong as can be.
        tied: answers of which many are equal.
    """

    truth: Truth
    perfect: Scores
    random: Scores
    opposite: Scores
    tied: Scores

    @classmethod
    def of_classes(
        cls,
        classes: int,
        rng: np.random.Generator,
        scores: Callable[[np.ndarray], Scores],
        opposite: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> KnownAnswers:
        """Answers for images whose truth is the number of a class.

        Arguments:
            classes: how many there are.
            rng: draws the random answers.
            scores: makes the answers from the probability of each class, (N, K).
            opposite: makes the wrong probabilities from the right ones; None: the class after the true one is called.
        """
        import numpy as np

        label = np.arange(KNOWN) % classes
        right = np.full((KNOWN, classes), (1 - SURE) / (classes - 1))
        right[np.arange(KNOWN), label] = SURE
        drawn = rng.dirichlet(np.ones(classes), KNOWN)
        wrong = np.roll(right, 1, axis=1) if opposite is None else opposite(right)
        answers = [one / one.sum(1, keepdims=True) for one in (right, drawn, wrong, np.round(drawn, 1))]
        return cls({"id": known_ids(), "label": label}, *map(scores, answers))


def known_ids() -> np.ndarray:
    """Names of the images whose answers are known."""
    import numpy as np

    return np.array([f"image-{k}" for k in range(KNOWN)])


@dataclass(frozen=True)
class ClassScores(Scores):
    """Answers of a classifier.

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
        """Whether there are two classes."""
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
        """The answers for some images."""
        return replace(self, probabilities=self.probabilities[rows])

    def wrongness(self, truth: Truth) -> np.ndarray:
        """One minus the probability of the true class."""
        labels = truth["label"].astype(int)
        return 1 - self.probabilities[range(len(labels)), labels]

    def in_words(self, truth: Truth, names: Sequence[str], row: int) -> tuple[str, str]:
        """The true class, and the most probable one with its probability, and whether that is right."""
        true, called = int(truth["label"][row]), int(self.probabilities[row].argmax())
        right = " (right)" if called == true else ""
        return names[true], f"{names[called]} {self.probabilities[row, called]:.3f}{right}"


@dataclass(frozen=True)
class ParameterScores(Scores):
    """Answers of a regression: mean (N,) and standard deviation (N,) of each parameter, by its name.

    Arguments:
        means, errors: of each parameter.
        quantiles: Phi(x) (N,) of posteriors that are no Gaussians, by x, which rises; none where they are.
    """

    means: Mapping[str, np.ndarray]
    errors: Mapping[str, np.ndarray]
    quantiles: Mapping[str, Mapping[float, np.ndarray]] = field(default_factory=dict)

    def at(self, rows: np.ndarray) -> Self:
        """The answers for some images."""
        quantiles = {name: {x: column[rows] for x, column in of.items()} for name, of in self.quantiles.items()}
        return replace(self, means=_at(self.means, rows), errors=_at(self.errors, rows), quantiles=quantiles)

    def wrongness(self, truth: Truth) -> np.ndarray:
        """The largest error of any parameter, in standard deviations of the truth."""
        import numpy as np

        return np.max([np.abs(mean - truth[name]) / truth[name].std() for name, mean in self.means.items()], axis=0)

    def in_words(self, truth: Truth, names: Sequence[str], row: int) -> tuple[str, str]:
        """The true parameters with their names, and the means."""
        true = ", ".join(f"{name} {truth[name][row]:.3g}" for name in names)
        return true, ", ".join(f"{self.means[name][row]:.3g}" for name in names)


@dataclass(frozen=True)
class AnomalyScores(Scores):
    """Answers of a detector: (N,), higher where an image is stranger."""

    score: np.ndarray

    def at(self, rows: np.ndarray) -> Self:
        """The answers for some images."""
        return replace(self, score=self.score[rows])


@dataclass(frozen=True)
class ClusterScores(Scores):
    """Answers of a clustering: the number of the cluster (N,), and the probability of each cluster (N, K)."""

    cluster: np.ndarray
    probabilities: np.ndarray

    def at(self, rows: np.ndarray) -> Self:
        """The answers for some images."""
        return replace(self, cluster=self.cluster[rows], probabilities=self.probabilities[rows])


@dataclass(frozen=True)
class ColumnScores(Scores):
    """Answers of a task that says no more of its columns than their names."""

    columns: Mapping[str, np.ndarray]

    def at(self, rows: np.ndarray) -> Self:
        """The answers for some images."""
        return replace(self, columns=_at(self.columns, rows))


def _at(columns: Mapping[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[rows] for name, values in columns.items()}
