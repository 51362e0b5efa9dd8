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
SCALARS = frozenset((*SIZES, *MASSES, *LIGHT, "z", "redshift", "number", "fraction", "delay"))
"""One of these words in a name makes it a scalar."""
