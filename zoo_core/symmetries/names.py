"""What the names of parameters mean in the field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..errors import SpecError
from .kinds import KINDS, Angle, Position, Scalar, Spin2, Symmetry

__all__ = ["recognised"]


def recognised(parameters: Sequence[str], units: Sequence[str] = ()) -> tuple[Symmetry, ...]:
    """What the field's names mean: `theta_E`, `lens_x` and `lens_y`, `e1` and `e2`, `gamma_1` and `gamma_2`, `phi`.

        >>> recognised(["theta_E", "e1", "e2"])
        (Scalar(name='theta_E'), Spin2(first='e1', second='e2'))

    Arguments:
        parameters: their names.
        units: of each; position angles are in radians unless it is `deg`, or the name says so (`phi_deg`).

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


def _symmetry(name: str, unit: str) -> Symmetry:
    parts = set(name.split("_"))
    for (first, second), kind in PAIRS.items():
        if re.search(part := rf"(?<![^_])({first}|{second})(?![^_])", name):
            if kind is Position and not parts.isdisjoint(NO_PLACES):
                raise SpecError(_unknown(name))  # sigma_x is a width, and gamma_x may be a shear
            return kind(re.sub(part, first, name), re.sub(part, second, name))
    if not parts.isdisjoint(SPIN2) and (number := re.search(r"(?<=_)[12]$", name)):
        stem = name[: number.start()]
        return Spin2(f"{stem}1", f"{stem}2")
    if "phi" in parts:
        return Angle(name, 180.0) if unit in DEGREES or not parts.isdisjoint(DEGREES) else Angle(name)
    if SCALARS.isdisjoint(parts):
        raise SpecError(_unknown(name))
    return Scalar(name)


def _unknown(name: str) -> str:
    return f"{name}: it is not known how it changes when an image is turned; {_remedy(name)}"


def _remedy(name: str) -> str:
    return (
        f"declare it as one of {', '.join(KINDS)}, in a recipe as `symmetries: [{{scalar: {name}}}]`, in a data set as "
        f"Description(symmetries=(Scalar({name!r}),)), or turn no images: --no-dihedral (augmentation: "
        "{dihedral: false}) and --views 1"
    )


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
SIZES = ("E", "einstein", "radius", "r", "R", "reff", "eff", "size", "q", "ratio", "f")
MASSES = ("mass", "log", "log10", "gamma", "slope", "sigma", "dispersion", "kappa", "concentration")
LIGHT = ("flux", "mag", "magnitude", "magnification", "amplitude", "intensity", "snr", "n", "sersic")
SPIN2 = {"gamma", "shear", "ellipticity", "epsilon", "eps", "ellip", "g", "e"}
"""With the number of a component at its end, `gamma_ext_1`, one of these words makes it one of a pair."""
SCALARS = frozenset((*SIZES, *MASSES, *LIGHT, "z", "redshift", "number", "fraction", "delay"))
"""One of these words in a name makes it a scalar."""
NO_PLACES = SCALARS | SPIN2
"""With one of these words, `x` and `y` are no place."""
