"""What models predict for images, and what their outputs stand for.

A prediction is batch first: plain tensors in a frozen dataclass, with `to_table()` for the columns that `predict`
writes. Nothing here imports torch or numpy when it is loaded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "UNCALIBRATED",
    "Anomaly",
    "Calibration",
    "Classification",
    "Clustering",
    "Columns",
    "Heads",
    "Prediction",
    "Ranking",
    "Regression",
    "Restoration",
]

Columns = dict[str, list]


@dataclass(frozen=True)
class Heads:
    """What the outputs of a network stand for.

    Arguments:
        classes: names of the classes, in the order of the outputs; two classes: the second is the positive one.
        parameters: names of regressed parameters, in the order of the outputs.
        units: of each parameter, in the same order.

    Example:
        >>> import zoo_core as zoo
        >>> zoo.Heads(parameters=("theta_E", "q"), units=("arcsec", ""))
        Heads(classes=(), parameters=('theta_E', 'q'), units=('arcsec', ''))
        >>> zoo.Heads(classes=("nonlens", "lens")).names
        ('nonlens', 'lens')
    """

    classes: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The classes, or the parameters where there are no classes."""
        return self.classes or self.parameters


@dataclass(frozen=True)
class Calibration:
    """How the probabilities of a model are to be read.

    Arguments:
        temperature: the logits are divided by it before they become probabilities,

            p_k = exp(z_k / T) / sum_j exp(z_j / T)

            (Guo et al. 2017, arXiv:1706.04599, section 4.2); 1 leaves them.
        prior: fraction of each class that the probabilities assume, in the order of the classes, or of two classes that
            of the positive one alone; None: it is not known.

    Example:
        >>> from zoo_core.predictions import Calibration
        >>> Calibration(temperature=1.32, prior=(0.5,))
        Calibration(temperature=1.32, prior=(0.5,))
    """

    temperature: float = 1.0
    prior: tuple[float, ...] | None = None


UNCALIBRATED = Calibration()


@dataclass(frozen=True)
class Ranking:
    """The column of the table that ranks images, highest first."""

    column: str
    is_probability: bool = False


class Prediction(ABC):
    """What a model predicts for a batch of images."""

    @abstractmethod
    def to_table(self) -> Columns:
        """One column a quantity, one entry an image, as plain Python numbers."""

    def beside(self, channels: Tensor) -> Prediction:
        """The same with what only a comparison with the network's input (B, C, H, W) tells."""
        return self


@dataclass(frozen=True)
class Classification(Prediction):
    """Probabilities (B, K) that sum to one, and the logits (B, K) or (B, 1) that they come from."""

    probabilities: Tensor
    logits: Tensor
    classes: tuple[str, ...]

    def to_table(self) -> Columns:
        """`p_<class>` of each class; of two classes only the positive one.

        A probability above one half is one minus the others, which float32 resolves far better: images whose
        probability rounds to 1 keep their order.
        """
        p = self.probabilities.cpu().double()
        p = p.where(p <= 0.5, 1 - (p.sum(1, keepdim=True) - p))
        shown = list(enumerate(self.classes))[1:] if len(self.classes) == 2 else enumerate(self.classes)
        return {f"p_{name}": p[:, k].tolist() for k, name in shown}


@dataclass(frozen=True)
class Regression(Prediction):
    """Parameters of each image, with their uncertainty.

    Arguments:
        mean: (B, P), in `units`.
        covariance: (B, P, P), aleatoric plus epistemic.
        aleatoric: (B, P, P), expected covariance of the likelihood.
        epistemic: (B, P, P), covariance of the mean over posterior samples of the weights; zero for one network.
        samples: (S, B, P) draws of the predictive distribution, or None.
    """

    mean: Tensor
    covariance: Tensor
    aleatoric: Tensor
    epistemic: Tensor
    parameters: tuple[str, ...]
    units: tuple[str, ...]
    samples: Tensor | None = None

    def to_table(self) -> Columns:
        """`<parameter>` and `<parameter>_err`, one standard deviation."""
        table: Columns = {}
        for k, name in enumerate(self.parameters):
            table[name] = self.mean[:, k].tolist()
            table[f"{name}_err"] = self.covariance[:, k, k].sqrt().tolist()
        return table


@dataclass(frozen=True)
class Restoration(Prediction):
    """Images (B, C, H, W) in `unit`, with their standard deviation where the network gives one."""

    image: Tensor
    unit: str
    sigma: Tensor | None = None

    def to_table(self) -> Columns:
        """No columns: the images are files of their own."""
        return {}


@dataclass(frozen=True)
class Anomaly(Prediction):
    """What is strange in images.

    Arguments:
        score: (B,), higher is stranger.
        reconstruction: of the network's input, (B, C, H, W).
        latent: (B, D).
        residual: the network's input minus the reconstruction, (B, C, H, W); None where only outputs are at hand.
    """

    score: Tensor
    reconstruction: Tensor
    latent: Tensor
    residual: Tensor | None = None

    def beside(self, channels: Tensor) -> Anomaly:
        """With the residual."""
        return replace(self, residual=channels.to(self.reconstruction) - self.reconstruction)

    def to_table(self) -> Columns:
        """`anomaly_score`."""
        return {"anomaly_score": self.score.tolist()}


@dataclass(frozen=True)
class Clustering(Prediction):
    """Probabilities (B, K) of the clusters and the embedding (B, D)."""

    probabilities: Tensor
    embedding: Tensor

    def to_table(self) -> Columns:
        """`cluster`, the most probable one, and `p_0`, `p_1` ..."""
        table: Columns = {"cluster": self.probabilities.argmax(1).tolist()}
        return table | {f"p_{k}": column.tolist() for k, column in enumerate(self.probabilities.T)}
