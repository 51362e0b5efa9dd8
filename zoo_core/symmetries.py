"""How regressed parameters change when an image is turned or mirrored: a closed vocabulary of four.

    Scalar      stays as it is: theta_E, q, the logarithm of a mass
    Position    a pair (x, y) that turns with the image
    Spin2       a pair (e1, e2) or (gamma_1, gamma_2) that turns twice as far
    Angle       a position angle phi, the same after half a turn

Angles run from +x towards +y, x along the columns and y along the rows, with the origin in the centre of the frame.
Recipes and registries write them as `[{scalar: q}, {position: [x, y]}, {spin2: [e1, e2]}, {angle: phi}]`.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from .errors import SpecError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Angle",
    "Position",
    "Scalar",
    "Spin2",
    "Symmetry",
    "average",
    "check_symmetries",
    "described",
    "read_symmetries",
    "recognised",
    "turned",
]


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
        """Of both components."""
        return self.first, self.second

    def turned(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """By twice the angle of the image: a quarter turn changes the sign of both."""
        sign = element.cosine**2 - element.sine**2
        return values[0] * sign, values[1] * sign * element.mirror


@dataclass(frozen=True)
class Angle(Symmetry):
    """A position angle of an axis without an arrow, from 0 to half a turn, which is pi, or 180 in degrees."""

    name: str
    half_turn: float = math.pi

    @property
    def names(self) -> tuple[str, ...]:
        """One."""
        return (self.name,)

    def turned(self, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
        """Half a turn - phi if mirrored, then further by the angle of the image."""
        return ((values[0] * element.mirror + element.sine**2 * (self.half_turn / 2)) % self.half_turn,)

    def average(self, values: Tensor) -> Tensor:
        """Of the directions of 2 phi: the mean of 1 and 179 degrees is 0."""
        double = values * (2 * math.pi / self.half_turn)
        return double.sin().mean(0).atan2(double.cos().mean(0)) * (self.half_turn / (2 * math.pi)) % self.half_turn


def turned(values: Tensor, parameters: Sequence[str], symmetries: Sequence[Symmetry], numbers: Tensor) -> Tensor:
    """Parameters (B, P) of images that were turned, each under an element of D4 of its own.

    Arguments:
        values: of the images before.
        parameters: names of the columns.
        symmetries: of all of them.
        numbers: (B,), 0 to 7, as of `zoo_core.images.augmentation.dihedral`.
    """
    element = Element.numbered(numbers)
    return _changed(values, parameters, symmetries, lambda symmetry, columns: symmetry.turned(columns, element))


def average(outputs: Sequence[Tensor], parameters: Sequence[str], symmetries: Sequence[Symmetry]) -> Tensor:
    """Means and log variances (B, 2 P) of images from those of their eight views, each of which is turned back first.

    Arguments:
        outputs: of the images under element 0, 1 ... 7 of D4.
        parameters: names of the means.
        symmetries: of all of them.
    """
    import torch

    means, spreads = [], []
    for number, output in enumerate(outputs):
        back = torch.full((len(output),), number if number >= 4 else -number % 4, device=output.device)
        mean, log_variance = output.chunk(2, dim=1)
        means.append(turned(mean, parameters, symmetries, back))
        element = Element.numbered(back)
        spreads.append(_changed(log_variance, parameters, symmetries, partial(_spread, element=element)))
    stacked = torch.stack(means)
    mean = stacked.mean(0)
    for symmetry in symmetries:
        for column in _columns(symmetry, parameters):
            mean[:, column] = symmetry.average(stacked[:, :, column])
    return torch.cat([mean, torch.stack(spreads).mean(0)], 1)


def recognised(parameters: Sequence[str], units: Sequence[str] = ()) -> tuple[Symmetry, ...]:
    """What the field's names mean: `theta_E`, `lens_x` and `lens_y`, `e1` and `e2`, `gamma_1` and `gamma_2`, `phi`.

        >>> recognised(["theta_E", "e1", "e2"])
        (Scalar(name='theta_E'), Spin2(first='e1', second='e2'))

    Arguments:
        parameters: their names.
        units: of each; position angles are in radians unless it is `deg`.

    Raises:
        SpecError: one of a pair is there without the other, or a name means nothing in the field.
    """
    of = dict(zip(parameters, units, strict=False))
    found = dict.fromkeys(_symmetry(name, of.get(name, "")) for name in parameters)
    for symmetry in found:
        for missing in set(symmetry.names) - set(parameters):
            raise SpecError(
                f"parameters {', '.join(parameters)}: {missing} is missing, which changes together with "
                f"{next(name for name in symmetry.names if name != missing)} when an image is turned; add it, "
                f"{_remedy(parameters[0])}"
            )
    return tuple(found)


def read_symmetries(entries: Sequence[Mapping[str, Any]], parameters: Sequence[str]) -> tuple[Symmetry, ...]:
    """What a recipe or a registry says of exactly these parameters.

        >>> read_symmetries([{"spin2": ["e1", "e2"]}, {"angle": "tilt"}], ["e1", "e2", "tilt"])[0]
        Spin2(first='e1', second='e2')

    Raises:
        SpecError: another kind, the wrong number of names, or other names.
    """
    found = tuple(_read(entry) for entry in entries)
    check_symmetries(found, parameters)
    return found


def check_symmetries(symmetries: Sequence[Symmetry], parameters: Sequence[str]) -> None:
    """Raise SpecError unless they are of exactly these parameters."""
    names = [name for symmetry in symmetries for name in symmetry.names]
    if sorted(names) != sorted(parameters):
        raise SpecError(
            f"symmetries are of {', '.join(names)}, its parameters are {', '.join(parameters) or 'none'}; give one for "
            "each parameter"
        )


def described(symmetries: Sequence[Symmetry]) -> list[dict[str, Any]]:
    """What `read_symmetries` reads back."""
    return [_entry(symmetry) for symmetry in symmetries]


def _entry(symmetry: Symmetry) -> dict[str, Any]:
    kind = next(word for word, one in KINDS.items() if isinstance(symmetry, one))
    more = {} if getattr(symmetry, "half_turn", math.pi) == math.pi else {"half_turn": symmetry.half_turn}  # pyright: ignore
    return {kind: symmetry.names[0] if len(symmetry.names) == 1 else list(symmetry.names)} | more


def _read(entry: Mapping[str, Any]) -> Symmetry:
    words = set(entry) & set(KINDS)
    try:
        (word,) = words
        names = [entry[word]] if isinstance(entry[word], str) else entry[word]
        return KINDS[word](*names, **{key: value for key, value in entry.items() if key != word})
    except (TypeError, ValueError):
        raise SpecError(
            f"symmetries: {dict(entry)} is none of {{scalar: q}}, {{position: [x, y]}}, {{spin2: [e1, e2]}} and "
            "{angle: phi}"
        ) from None


def _changed(
    values: Tensor,
    parameters: Sequence[str],
    symmetries: Sequence[Symmetry],
    change: Callable[[Symmetry, list[Tensor]], Sequence[Tensor]],
) -> Tensor:
    """The columns of each symmetry changed together."""
    changed = values.clone()
    for symmetry in symmetries:
        columns = _columns(symmetry, parameters)
        for column, value in zip(columns, change(symmetry, [values[:, at] for at in columns]), strict=True):
            changed[:, column] = value
    return changed


def _columns(symmetry: Symmetry, parameters: Sequence[str]) -> list[int]:
    return [parameters.index(name) for name in symmetry.names]


def _spread(symmetry: Symmetry, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
    return symmetry.spread(values, element)


def _symmetry(name: str, unit: str) -> Symmetry:
    for (first, second), kind in PAIRS.items():
        if re.search(part := rf"(?<![^_])({first}|{second})(?![^_])", name):
            return kind(re.sub(part, first, name), re.sub(part, second, name))
    if "phi" in (parts := name.split("_")):
        return Angle(name, 180.0) if unit in DEGREES else Angle(name)
    if SCALARS.isdisjoint(parts):
        raise SpecError(f"{name}: it is not known how it changes when an image is turned; {_remedy(name)}")
    return Scalar(name)


def _remedy(name: str) -> str:
    return (
        f"declare it as one of {', '.join(KINDS)}, in a recipe as `symmetries: [{{scalar: {name}}}]`, in a data set as "
        f"Description(symmetries=(Scalar({name!r}),)), or turn no images: --no-dihedral (augmentation: "
        "{dihedral: false}) and --views 1"
    )


KINDS: Mapping[str, type[Scalar] | type[Position] | type[Spin2] | type[Angle]] = {
    "scalar": Scalar,
    "position": Position,
    "spin2": Spin2,
    "angle": Angle,
}
PAIRS: Mapping[tuple[str, str], type[Position] | type[Spin2]] = {
    ("x", "y"): Position,
    ("dx", "dy"): Position,
    ("e1", "e2"): Spin2,
    ("e_1", "e_2"): Spin2,
    ("g1", "g2"): Spin2,
    ("gamma_1", "gamma_2"): Spin2,
    ("gamma1", "gamma2"): Spin2,
    ("shear_1", "shear_2"): Spin2,
}
DEGREES = {"deg", "degree", "degrees"}
SCALARS = {
    *("E", "einstein", "radius", "r", "R", "reff", "eff", "size", "q", "ratio", "f"),
    *(
        "mass",
        "log",
        "log10",
        "flux",
        "mag",
        "magnitude",
        "magnification",
        "amplitude",
        "intensity",
        "snr",
        "n",
        "sersic",
    ),
    *(
        "z",
        "redshift",
        "gamma",
        "slope",
        "sigma",
        "dispersion",
        "kappa",
        "concentration",
        "number",
        "fraction",
        "delay",
    ),
}  # one of these words in a name makes it a scalar
