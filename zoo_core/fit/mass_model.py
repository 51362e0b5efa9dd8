"""The mass of a lens in the words of other codes: lenstronomy, caustics, COOLEST, PyAutoLens."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ArgumentError

__all__ = ["MassModel"]


@dataclass(frozen=True)
class MassModel:
    """An elliptical power law with external shear, as `docs/conventions.md` has it.

        kappa(R) = (2 - s) / 2 (theta_E / R)^s,    R^2 = q x^2 + y^2 / q in the frame of the major axis

    Arguments:
        theta_E: Einstein radius, arcsec.
        e1, e2: (1 - q) / (1 + q) times the cosine and the sine of twice the position angle.
        lens_x, lens_y: place of the lens, arcsec, x to the right and y upwards; the origin of the shear.
        gamma_1, gamma_2: external shear.
        slope: s of the convergence; 1 is isothermal.

    Example:
        >>> from zoo_core.fit.mass_model import MassModel
        >>> lens = MassModel(theta_E=1.2, e1=0.1, e2=0.0, gamma_1=0.03)
        >>> round(lens.q, 3), lens.to_lenstronomy()[1]
        (0.818, {'gamma1': 0.03, 'gamma2': 0.0, 'ra_0': 0.0, 'dec_0': 0.0})

    Raises:
        ArgumentError: no ellipse has this ellipticity.
    """

    theta_E: float
    e1: float = 0.0
    e2: float = 0.0
    lens_x: float = 0.0
    lens_y: float = 0.0
    gamma_1: float = 0.0
    gamma_2: float = 0.0
    slope: float = 1.0

    def __post_init__(self) -> None:
        if not math.hypot(self.e1, self.e2) < 1:
            raise ArgumentError(f"e1 = {self.e1:g}, e2 = {self.e2:g}: an ellipse has e1^2 + e2^2 below 1")

    @property
    def q(self) -> float:
        """Axis ratio, minor over major."""
        size = math.hypot(self.e1, self.e2)
        return (1 - size) / (1 + size)

    @property
    def phi(self) -> float:
        """Position angle of the major axis, radians from +x towards +y."""
        return math.atan2(self.e2, self.e1) / 2

    def to_lenstronomy(self) -> list[dict[str, float]]:
        """`kwargs_lens` of the lens models EPL and SHEAR."""
        law = {"theta_E": self.theta_E, "gamma": self.slope + 1, "e1": self.e1, "e2": self.e2}
        shear = {"gamma1": self.gamma_1, "gamma2": self.gamma_2, "ra_0": self.lens_x, "dec_0": self.lens_y}
        return [law | {"center_x": self.lens_x, "center_y": self.lens_y}, shear]

    @classmethod
    def from_lenstronomy(cls, kwargs_lens: Sequence[Mapping[str, float]]) -> MassModel:
        """Of an EPL or SIE, which has no `gamma`, and a SHEAR if there is one."""
        law, *others = kwargs_lens
        shear = others[0] if others else {}
        return cls(
            theta_E=law["theta_E"],
            e1=law["e1"],
            e2=law["e2"],
            lens_x=law.get("center_x", 0.0),
            lens_y=law.get("center_y", 0.0),
            gamma_1=shear.get("gamma1", 0.0),
            gamma_2=shear.get("gamma2", 0.0),
            slope=law.get("gamma", 2.0) - 1,
        )

    def to_caustics(self) -> dict[str, dict[str, float]]:
        """Parameters of the lenses EPL and ExternalShear."""
        place = {"x0": self.lens_x, "y0": self.lens_y}
        law = {"q": self.q, "phi": self.phi, "Rein": self.theta_E, "t": self.slope}
        return {"EPL": place | law, "ExternalShear": place | {"gamma_1": self.gamma_1, "gamma_2": self.gamma_2}}

    @classmethod
    def from_caustics(cls, lenses: Mapping[str, Mapping[str, float]]) -> MassModel:
        """Of an EPL, or an SIE, which has no `t`, and an ExternalShear if there is one."""
        law = lenses.get("EPL") or lenses["SIE"]
        shear = lenses.get("ExternalShear", {})
        e1, e2 = _ellipticity(law["q"], law["phi"])
        slope, gamma = law.get("t", 1.0), (shear.get("gamma_1", 0.0), shear.get("gamma_2", 0.0))
        return cls(law["Rein"], e1, e2, law["x0"], law["y0"], *gamma, slope)

    def to_coolest(self) -> dict[str, dict[str, float]]:
        """Parameters of the profiles PEMD and ExternalShear, whose angles are degrees from +y, anticlockwise."""
        place = {"center_x": self.lens_x, "center_y": self.lens_y}
        law = {"gamma": self.slope + 1, "theta_E": self.theta_E, "q": self.q, "phi": _from_y(self.phi)}
        psi = math.atan2(self.gamma_2, self.gamma_1) / 2
        shear = {"gamma_ext": math.hypot(self.gamma_1, self.gamma_2), "phi_ext": _from_y(psi)}
        return {"PEMD": law | place, "ExternalShear": shear}

    @classmethod
    def from_coolest(cls, profiles: Mapping[str, Mapping[str, float]]) -> MassModel:
        """Of a PEMD, or an SIE, which has no `gamma`, and an ExternalShear if there is one."""
        law = profiles.get("PEMD") or profiles["SIE"]
        shear = profiles.get("ExternalShear", {"gamma_ext": 0.0, "phi_ext": 0.0})
        e1, e2 = _ellipticity(law["q"], _from_x(law["phi"]))
        double = 2 * _from_x(shear["phi_ext"])
        gamma_1, gamma_2 = shear["gamma_ext"] * math.cos(double), shear["gamma_ext"] * math.sin(double)
        place = law.get("center_x", 0.0), law.get("center_y", 0.0)
        return cls(law["theta_E"], e1, e2, *place, gamma_1, gamma_2, law.get("gamma", 2.0) - 1)

    def to_pyautolens(self) -> dict[str, dict[str, Any]]:
        """Arguments of `PowerLaw` and `ExternalShear`, with (y, x) for pairs.

        PyAutoLens counts radii along the major axis, xi = R / sqrt(q), and has kappa = (2 - s) / (1 + q) (r / xi)^s, so
        that its Einstein radius is

            r = theta_E ((1 + q) / 2)^(1 / s) / sqrt(q)
        """
        law = {
            "centre": (self.lens_y, self.lens_x),
            "ell_comps": (self.e2, self.e1),
            "einstein_radius": self.theta_E * _longer(self.q, self.slope),
            "slope": self.slope + 1,
        }
        return {"PowerLaw": law, "ExternalShear": {"gamma_1": self.gamma_1, "gamma_2": self.gamma_2}}

    @classmethod
    def from_pyautolens(cls, profiles: Mapping[str, Mapping[str, Any]]) -> MassModel:
        """Of a `PowerLaw`, or an `Isothermal`, which has no slope, and an `ExternalShear` if there is one."""
        law = profiles.get("PowerLaw") or profiles["Isothermal"]
        shear = profiles.get("ExternalShear", {"gamma_1": 0.0, "gamma_2": 0.0})
        (y, x), (e2, e1), slope = law["centre"], law["ell_comps"], law.get("slope", 2.0) - 1
        round_one = cls(1.0, e1, e2)
        theta_E = law["einstein_radius"] / _longer(round_one.q, slope)
        return cls(theta_E, e1, e2, x, y, shear["gamma_1"], shear["gamma_2"], slope)


def _ellipticity(q: float, phi: float) -> tuple[float, float]:
    size = (1 - q) / (1 + q)
    return size * math.cos(2 * phi), size * math.sin(2 * phi)


def _longer(q: float, slope: float) -> float:
    """PyAutoLens' Einstein radius over ours."""
    return ((1 + q) / 2) ** (1 / slope) / math.sqrt(q)


def _from_y(phi: float) -> float:
    """Degrees from +y, in (-90, 90], of radians from +x."""
    return 90 - (180 - math.degrees(phi)) % 180


def _from_x(phi: float) -> float:
    """Radians from +x of degrees from +y."""
    return math.radians(phi + 90)
