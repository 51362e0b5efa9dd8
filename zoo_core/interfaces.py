"""What a plugin may provide: architectures, data sets, metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .tasks import Heads

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from torch import Generator, Tensor, nn

__all__ = ["Architecture", "Dataset", "DatasetFactory", "Metric", "TrainingView"]


@dataclass(frozen=True)
class Architecture:
    """A network that can be built.

    Arguments:
        name: what users type; the name of the plugin's folder when it provides only one.
        task: name of its task, see `zoo_core.tasks`.
        build: called as `build(channels=..., outputs=..., **arguments)`; returns the network with random weights. The
            network takes (B, channels, size, size) and returns what its task says. A method `features(x)` returning
            (B, D) is optional.
        size: pixels a side of the network's input.
        bands: names of the physical bands it takes by default.
        heads: classes or parameters by default.
        preprocess: the default preprocessing, a sequence of declarative operations (`zoo_core.images.preprocess`).
        arguments: of `build`, by default.
        summary: one line.
        paper: BibTeX, or empty.
        fit: for networks that no gradient trains: `fit(network, images, targets, seed)` with preprocessed images
            (N, channels, size, size) and targets (N,) sets the weights in place. None: trained by gradient descent.
        expected_failures: laws of `zoo check` that it is known to break, each with the reason.
    """

    name: str
    task: str
    build: Callable[..., nn.Module]
    size: int
    bands: tuple[str, ...]
    heads: Heads
    preprocess: tuple[Mapping[str, Any], ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""
    paper: str = ""
    fit: Callable[[nn.Module, Tensor, Tensor, int], None] | None = None
    expected_failures: Mapping[str, str] = field(default_factory=dict)


class Dataset(ABC):
    """Images and what is true of them. The pixels are raw: no preprocessing has touched them.

    Attributes:
        name: what users type.
        version: changes whenever any pixel or truth changes.
        task: what the truth can train and measure.
        domain: "simulated" or "real".
        bands: physical bands, in the order of the image axis.
        pixel_scale: arcsec, or None if unknown.
        heads: classes or parameters of the truth.
    """

    name: str
    version: str
    task: str
    domain: str
    bands: tuple[str, ...]
    pixel_scale: float | None
    heads: Heads

    @abstractmethod
    def __len__(self) -> int:
        """Number of images."""

    @abstractmethod
    def images(self, start: int, stop: int) -> np.ndarray:
        """Images `start` to `stop`, (stop - start, bands, H, W), float32; NaN where nothing was measured."""

    @abstractmethod
    def truth(self) -> dict[str, np.ndarray]:
        """Columns of length `len(self)`. Always `id`; `label` (class index) or one column a parameter; strata."""

    @abstractmethod
    def fingerprint(self) -> str:
        """sha256 of what the data set holds, cheap to compute (parameters, or the list of files and sizes)."""

    def targets(self) -> np.ndarray:
        """What training minimises against: `label` (N,), or the parameters (N, P), float32."""
        import numpy as np

        truth = self.truth()
        if self.heads.parameters:
            return np.stack([truth[name] for name in self.heads.parameters], axis=1).astype("float32")
        return truth["label"].astype("float32")

    def training_view(self, folder: Path) -> TrainingView | None:
        """A faster or richer way to draw training images, stored in `folder`; None: `images` are stored as they are."""
        return None


class TrainingView(ABC):
    """Training images drawn at random: what may vary between two looks at the same scene does vary."""

    @property
    @abstractmethod
    def targets(self) -> np.ndarray:
        """As `Dataset.targets`, of every row."""

    @abstractmethod
    def draw(self, rows: np.ndarray, generator: Generator) -> tuple[Tensor, Tensor]:
        """Raw images (len(rows), bands, H, W) and their targets; the targets may be changed with the images."""


@dataclass(frozen=True)
class DatasetFactory:
    """A data set that can be opened.

    Arguments:
        name: what users type.
        task: see `zoo_core.tasks`.
        open: called with keyword arguments (a path for adapters; n, seed ... for simulated ones).
        summary: one line.
    """

    name: str
    task: str
    open: Callable[..., Dataset]
    summary: str = ""


@dataclass(frozen=True)
class Metric:
    """A figure of merit.

    Arguments:
        name: as printed on the board.
        task: whose predictions it measures.
        compute: called with (columns of the predictions table, columns of the truth), both mappings of numpy arrays
            of one length; returns a float, NaN where it is not defined.
        higher_is_better: for ranking.
        interval: "bootstrap", "binomial" (then `counts` gives successes and trials) or "none".
        counts: see `interval`.
        resample: optional, for speed: called as `compute` with weights (B, N) besides, returns the (B,) values of B
            resamples in which row i counts weights[b, i] times.
        summary: definition in one line, with its source.
    """

    name: str
    task: str
    compute: Callable[[Mapping[str, np.ndarray], Mapping[str, np.ndarray]], float]
    higher_is_better: bool = True
    interval: str = "bootstrap"
    counts: Callable[[Mapping[str, np.ndarray], Mapping[str, np.ndarray]], tuple[int, int]] | None = None
    resample: Callable[[Mapping[str, np.ndarray], Mapping[str, np.ndarray], np.ndarray], np.ndarray] | None = None
    summary: str = ""
