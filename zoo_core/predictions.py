"""What every prediction has, and what the outputs of a model stand for; that of each task is in `zoo_core.tasks`.

A prediction is batch first: plain tensors in a frozen dataclass, with `to_table()` for the columns that `predict`
writes. Nothing here imports torch or numpy when it is loaded.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from .images.origin import Origin

__all__ = [
    "UNCALIBRATED",
    "Calibration",
    "Columns",
    "Familiarity",
    "Heads",
    "Prediction",
    "RankingColumn",
    "joined",
]

Columns = dict[str, list]
TAKEN = ("id", "path", "status", "message", "output", "ra", "dec", "novelty", "outside")
"""Columns that tables of predictions have anyway."""


@dataclass(frozen=True)
class Heads:
    """What the outputs of a network stand for.

    Arguments:
        classes: names of the classes, in the order of the outputs; two classes: the second is the positive one.
        parameters: names of regressed parameters, in the order of the outputs.
        units: of each parameter, in the same order.
        likelihood: "diagonal" for parameters with independent errors, "full" for correlated ones, "flow" for
            posteriors of any shape, see `zoo_core.tasks.likelihoods`.

    Example:
        >>> import zoo_core as zoo
        >>> zoo.Heads(parameters=("theta_E", "q"), units=("arcsec", ""))
        Heads(classes=(), parameters=('theta_E', 'q'), units=('arcsec', ''), likelihood='diagonal')
        >>> zoo.Heads(classes=("nonlens", "lens")).names
        ('nonlens', 'lens')
    """

    classes: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    likelihood: str = "diagonal"

    @property
    def names(self) -> tuple[str, ...]:
        """The classes, or the parameters where there are no classes."""
        return self.classes or self.parameters

    @property
    def described(self) -> str:
        """The names, parameters with their units.

        Example:
            >>> Heads(parameters=("theta_E", "q"), units=("arcsec", "")).described
            'theta_E (arcsec), q'
        """
        if self.classes:
            return ", ".join(self.classes)
        named = zip_longest(self.parameters, self.units, fillvalue="")
        return ", ".join(f"{name} ({unit})" if unit else name for name, unit in named)

    def fault(self) -> str:
        """Why no table of predictions can hold these outputs; empty if one can.

        Example:
            >>> Heads(classes=("lens", "lens")).fault()
            'classes has lens twice; every output needs a name of its own'
            >>> Heads(parameters=("theta_E", "status")).fault()
            'parameters: status is the name of another column of the table; choose another'
        """
        for what, names in (("classes", self.classes), ("parameters", self.parameters)):
            if odd := [name for name in names if not (name and name.isprintable() and name == name.strip())]:
                return f"{what} has {odd[0]!r}; a name is printable text that neither begins nor ends with a blank"
            if twice := sorted({name for name in names if names.count(name) > 1}):
                return f"{what} has {', '.join(twice)} twice; every output needs a name of its own"
            columns = [*names, *(f"{name}_err" for name in names if what == "parameters")]
            if taken := sorted({name for name in columns if name in TAKEN or columns.count(name) > 1}):
                return f"{what}: {', '.join(taken)} is the name of another column of the table; choose another"
        return ""


@dataclass(frozen=True)
class Calibration:
    """How the probabilities and the errors that a model states are to be read.

    Arguments:
        temperature: the logits, which are those of classes that are equally frequent, are divided by it before they
            become probabilities,

            p_k = pi_k exp(z_k / T) / sum_j pi_j exp(z_j / T)

            (temperature scaling: Guo et al. 2017, arXiv:1706.04599); 1 leaves them.
        prior: fraction pi_k of each class that the probabilities assume, in the order of the classes, or of two classes
            that of the positive one alone; None: it is not known, and no class is favoured.
        error_scales: factor s_k of the standard deviation of each parameter, in the order of the parameters,

            C_jk -> s_j s_k C_jk

            (sigma scaling: Levi et al. 2019, arXiv:1905.11659); empty: the errors are those of the network.

    Example:
        >>> from zoo_core.predictions import Calibration
        >>> Calibration(temperature=1.32, prior=(0.5,))
        Calibration(temperature=1.32, prior=(0.5,), error_scales=())
    """

    temperature: float = 1.0
    prior: tuple[float, ...] | None = None
    error_scales: tuple[float, ...] = ()

    def fault(self, heads: Heads) -> str:
        """Why it is no calibration of these outputs; empty if it is one.

        Example:
            >>> from zoo_core.predictions import Calibration, Heads
            >>> Calibration(error_scales=(1.1,)).fault(Heads(parameters=("e1", "e2"), units=("", "")))
            'error_scales has 1 factors; it needs one for each of e1, e2'
        """
        prior, scales, classes = self.prior or (), self.error_scales, heads.classes
        if scales and len(scales) != len(heads.parameters):
            named = ", ".join(heads.parameters) or "no parameters"
            return f"error_scales has {len(scales)} factors; it needs one for each of {named}"
        if len(prior) == 1 and len(classes) > 2:
            return f"prior {list(prior)} is that of the positives of two classes; give one fraction for each class"
        if len(prior) > 1 and (len(prior) != len(classes) or abs(sum(prior) - 1) > 1e-6):
            return f"prior {list(prior)} must hold one fraction a class and sum to 1"
        return ""

    def shifts(self, outputs: int) -> tuple[float, ...]:
        """What the prior adds to each of so many logits over the temperature; zeros where it favours no class.

        Example:
            >>> from zoo_core.predictions import Calibration
            >>> [round(shift, 3) for shift in Calibration(prior=(0.2,)).shifts(1)]
            [-1.386]
        """
        if self.prior is None:
            return (0.0,) * outputs
        if outputs == 1:
            positive = self.prior[-1]
            return (math.log(positive / (1 - positive)),)
        return tuple(math.log(fraction * len(self.prior)) for fraction in self.prior)


UNCALIBRATED = Calibration()


@dataclass(frozen=True)
class Familiarity:
    """What tells whether an image, and what is said of it, is like what a model has learned from.

    Arguments:
        distance: of the features of an image from those of validation images, beyond which it is unlike them, see
            `models.familiarity.FeatureDensity`; None: it is not known.
        share: of the validation images that are nearer.
        ranges: lowest and highest value of each parameter among the training images; empty: they are not known.

    Example:
        >>> from zoo_core.predictions import Familiarity, Heads
        >>> Familiarity(ranges=((0.3, 3.0),)).fault(Heads(parameters=("theta_E", "q"), units=("arcsec", "")))
        'ranges has 1 pairs; it needs one for each of theta_E, q'
    """

    distance: float | None = None
    share: float = 0.99
    ranges: tuple[tuple[float, float], ...] = ()

    def fault(self, heads: Heads) -> str:
        """Why it says nothing of these outputs; empty if it does."""
        if self.ranges and len(self.ranges) != len(heads.parameters):
            named = ", ".join(heads.parameters) or "no parameters"
            return f"ranges has {len(self.ranges)} pairs; it needs one for each of {named}"
        if any(low > high for low, high in self.ranges):
            return "ranges: each is the lowest value and the highest"
        return ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table of predictions."""
        return tuple(name for name, known in (("novelty", self.distance), ("outside", self.ranges)) if known)


@dataclass(frozen=True)
class RankingColumn:
    """The column of the table that ranks images, highest first."""

    column: str
    is_probability: bool = False


class Prediction(ABC):
    """What a model predicts for a batch of images."""

    @abstractmethod
    def to_table(self) -> Columns:
        """One column a quantity, one entry an image, as plain Python numbers."""

    def beside(self, channels: Tensor, noise: Tensor | None = None) -> Prediction:
        """The prediction with what only a comparison with the network's input (B, C, H, W) tells."""
        return self

    def write(self, files: Sequence[Path], origins: Sequence[Origin], made_by: Mapping[str, str]) -> Columns:
        """Leave what no table holds as files; the columns of `Task.written`, with their paths.

        Arguments:
            files: one an image of the batch.
            origins: of the images.
            made_by: keywords that say what predicted them.
        """
        return {}


P = TypeVar("P", bound=Prediction)


def joined(parts: Sequence[P]) -> P:
    """One prediction of the images of several alike, in their order; fields that are None stay so."""
    import torch

    kind: Any = type(parts[0])
    together = {}
    for one in fields(kind):
        values = [getattr(part, one.name) for part in parts]
        together[one.name] = torch.cat(values) if torch.is_tensor(values[0]) else values[0]
    return kind(**together)
