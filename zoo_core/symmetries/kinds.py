"""The four kinds of symmetry: what turning an image does to one parameter, or to a pair."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["KINDS", "Angle", "Element", "Position", "Scalar", "Spin2", "Symmetry"]


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
        """Names of the parameters that change together."""

    @abstractmethod
    def turned(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """The parameters (B,) of the turned images, in the order of `names`."""

    def deviation(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """Small deviations (B,) of the parameters of the turned images."""
        return self.turned(values, element)

    def spread(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """The variances (B,) of the parameters, which a change of sign leaves as they are."""
        return tuple(values)

    def average(self, values: Tensor) -> Tensor:
        """One value (B,) of each parameter from those of several images (views, B)."""
        return values.mean(0)


@dataclass(frozen=True)
class Scalar(Symmetry):
    """A number that has no direction."""

    name: str

    @property
    def names(self) -> tuple[str, ...]:
        """One name."""
        return (self.name,)

    def turned(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """The values as they are."""
        return tuple(values)


@dataclass(frozen=True)
class Position(Symmetry):
    """A place or a displacement in the frame: (x, y) becomes (x cos a - y sin a, x sin a + y cos a)."""

    x: str
    y: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names of both components."""
        return self.x, self.y

    def turned(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """The components turned by the angle a of the image."""
        x, y = values[0] * element.mirror, values[1]
        return x * element.cosine - y * element.sine, x * element.sine + y * element.cosine

    def spread(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """A quarter turn exchanges the two."""
        x, y = values
        return x * element.cosine**2 + y * element.sine**2, x * element.sine**2 + y * element.cosine**2


@dataclass(frozen=True)
class Spin2(Symmetry):
    """A pair w (cos 2 phi, sin 2 phi), such as ellipticity and shear."""

    first: str
    second: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names of both components."""
        return self.first, self.second

    def turned(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """The components turned by twice the angle of the image: a quarter turn changes the sign of both."""
        sign = element.cosine**2 - element.sine**2
        return values[0] * sign, values[1] * sign * element.mirror


@dataclass(frozen=True)
class Angle(Symmetry):
    """A position angle of an axis without an arrow, from 0 to half a turn, which is pi, or 180 in degrees."""

    name: str
    half_turn: float = math.pi

    @property
    def names(self) -> tuple[str, ...]:
        """One name."""
        return (self.name,)

    def turned(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """Half a turn - phi if mirrored, then further by the angle of the image."""
        return ((values[0] * element.mirror + element.sine**2 * (self.half_turn / 2)) % self.half_turn,)

    def deviation(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """A mirror image changes its sign."""
        return (values[0] * element.mirror,)

    def average(self, values: Tensor) -> Tensor:
        """Mean of the directions of 2 phi: the mean of 1 and 179 degrees is 0."""
        double = values * (2 * math.pi / self.half_turn)
        return double.sin().mean(0).atan2(double.cos().mean(0)) * (self.half_turn / (2 * math.pi)) % self.half_turn


KINDS: Mapping[str, type[Scalar] | type[Position] | type[Spin2] | type[Angle]] = {
    "scalar": Scalar,
    "position": Position,
    "spin2": Spin2,
    "angle": Angle,
}
"""The words of recipes and registries."""
