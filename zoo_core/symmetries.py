"""How regressed parameters change when an image is turned or mirrored: a closed vocabulary of four.

    Scalar      stays as it is: theta_E, q, the logarithm of a mass
    Position    a pair (x, y) that turns with the image
    Spin2       a pair (e1, e2) or (gamma_1, gamma_2) that turns twice as far
    Angle       a position angle phi, the same after half a turn

Angles run from +x towards +y, x along the columns and y along the rows, with the origin in the centre of the frame.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import SpecError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Angle", "Position", "Scalar", "Spin2", "Symmetry", "recognised", "turned"]


@dataclass(frozen=True)
class Element:
    """Elements of D4 (B,) as numbers: mirrored first (x to -x) where `mirror` is -1, then turned by (cosine, sine)."""

    mirror: Tensor
    cosine: Tensor
    sine: Tensor

    @classmethod
    def numbered(cls, numbers: Tensor) -> Element:
        """From 0 to 7, as `images.augmentation.dihedral` counts them; its quarter turns lead from +y to +x."""
        turns = numbers % 4
        return cls(1 - 2 * (numbers >= 4).long(), (1 - turns) * (1 - turns % 2), (turns - 2) * (turns % 2))


class Symmetry(ABC):
    """What turning an image does to one parameter, or to a pair."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Of the parameters that change together."""

    @abstractmethod
    def turned(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """The parameters (B,) of the turned images, in the order of `names`."""


@dataclass(frozen=True)
class Scalar(Symmetry):
    """A number that has no direction."""

    name: str

    @property
    def names(self) -> tuple[str, ...]:
        """One."""
        return (self.name,)

    def turned(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """As they are."""
        return tuple(values)


@dataclass(frozen=True)
class Position(Symmetry):
    """A place or a displacement in the frame: (x, y) becomes (x cos a - y sin a, x sin a + y cos a)."""

    x: str
    y: str

    @property
    def names(self) -> tuple[str, ...]:
        """Of both components."""
        return self.x, self.y

    def turned(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """By the angle a of the image."""
        x, y = values[0] * element.mirror, values[1]
        return x * element.cosine - y * element.sine, x * element.sine + y * element.cosine


@dataclass(frozen=True)
class Spin2(Symmetry):
    """A pair w (cos 2 phi, sin 2 phi), such as ellipticity and shear."""

    first: str
    second: str

    @property
    def names(self) -> tuple[str, ...]:
        """Of both components."""
        return self.first, self.second

    def turned(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """By twice the angle of the image: a quarter turn changes the sign of both."""
        sign = element.cosine**2 - element.sine**2
        return values[0] * sign, values[1] * sign * element.mirror


@dataclass(frozen=True)
class Angle(Symmetry):
    """A position angle in radians, of an axis without an arrow; it is given from 0 to pi."""

    name: str

    @property
    def names(self) -> tuple[str, ...]:
        """One."""
        return (self.name,)

    def turned(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """Pi - phi if mirrored, then further by the angle of the image."""
        return ((values[0] * element.mirror + element.sine**2 * (math.pi / 2)) % math.pi,)


def turned(values: Tensor, parameters: Sequence[str], symmetries: Sequence[Symmetry], numbers: Tensor) -> Tensor:
    """Parameters (B, P) of images that were turned, each under an element of D4 of its own.

    Arguments:
        values: of the images before.
        parameters: names of the columns.
        symmetries: of all of them.
        numbers: (B,), 0 to 7, as of `zoo_core.images.augmentation.dihedral`.
    """
    changed, element = values.clone(), Element.numbered(numbers)
    for symmetry in symmetries:
        columns = [parameters.index(name) for name in symmetry.names]
        for column, value in zip(columns, symmetry.turned([values[:, at] for at in columns], element), strict=True):
            changed[:, column] = value
    return changed


def recognised(parameters: Sequence[str]) -> tuple[Symmetry, ...]:
    """What the field's names mean: `lens_x` and `lens_y`, `e1` and `e2`, `gamma_1` and `gamma_2`, `source_phi`.

        >>> recognised(["theta_E", "e1", "e2"])
        (Scalar(name='theta_E'), Spin2(first='e1', second='e2'))

    Every other name is a scalar.

    Raises:
        SpecError: one of a pair is there without the other.
    """
    found = dict.fromkeys(_symmetry(name) for name in parameters)
    for symmetry in found:
        for missing in set(symmetry.names) - set(parameters):
            raise SpecError(
                f"parameters {', '.join(parameters)}: {missing} is missing, which changes together with "
                f"{next(name for name in symmetry.names if name != missing)} when an image is turned; add it, or say "
                "what turning does in `symmetries`"
            )
    return tuple(found)


def _symmetry(name: str) -> Symmetry:
    for (first, second), kind in PAIRS.items():
        if re.search(part := rf"(?<![^_])({first}|{second})(?![^_])", name):
            return kind(re.sub(part, first, name), re.sub(part, second, name))
    return Angle(name) if "phi" in name.split("_") else Scalar(name)


PAIRS: Mapping[tuple[str, str], type[Position] | type[Spin2]] = {
    ("x", "y"): Position,
    ("e1", "e2"): Spin2,
    ("gamma_1", "gamma_2"): Spin2,
    ("gamma1", "gamma2"): Spin2,
}
