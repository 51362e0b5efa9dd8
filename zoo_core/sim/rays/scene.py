"""Scenes.

What stands on the sky in each of a batch of cutouts, as two flat tables of numbers: the deflectors (one row a scene)
and the light profiles (any number a scene, each in the image plane or in the source plane). A scene has no pixels and
no noise; `render` makes the pixels, a survey the noise.

Axes: x to the right (columns), y up (rows), arcsec, origin at the centre of the frame. Angles: radians from +x towards
+y. Axis ratios q are minor over major, 0 < q <= 1. Radii of elliptical profiles are sqrt(q x^2 + y^2 / q) in the frame
of the major axis, so that the half-light ellipse has the area of a circle of radius R_e.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..tables import dtype_of

__all__ = ["LENS", "LIGHT", "POINT", "PROFILES", "RING", "SERSIC", "Lens", "Profile", "Scenes"]

PROFILES = ("sersic", "ring", "point")
SERSIC, RING, POINT = range(len(PROFILES))


class Lens(NamedTuple):
    """One row of the table of deflectors; without arguments one that deflects nothing."""

    theta_E: float = 0.0  # arcsec; 0: nothing is deflected. The critical curve of the SIE/EPL encloses pi theta_E^2
    q: float = 1.0  # axis ratio of the convergence
    phi: float = 0.0  # position angle of the major axis
    slope: float = 1.0  # kappa ~ r^-slope; 1 is isothermal
    x: float = 0.0
    y: float = 0.0
    gamma_1: float = 0.0  # external shear
    gamma_2: float = 0.0


class Profile(NamedTuple):
    """One row of the table of light, without the number of its scene."""

    lensed: bool  # in the source plane, behind the deflector
    profile: int  # index into PROFILES
    flux: float  # total, before lensing and before modulation; any linear unit
    x: float
    y: float
    R: float  # sersic: half-light radius R_e; ring: radius of the crest, arcsec
    n: float  # sersic: index; ring: width (Gaussian sigma) over radius
    q: float
    phi: float
    arms: int = 0  # factor 1 + contrast cos(arms (theta - winding ln(r / R)) - phase); 0: none
    contrast: float = 0.0  # 0 to 1
    winding: float = 0.0  # tan of the pitch angle's complement; 0: straight spokes
    phase: float = 0.0
    colours: tuple[float, ...] = ()  # flux in each band over `flux`; nothing: one band


LENS = dtype_of(Lens)
LIGHT = np.dtype([("scene", "i8"), *dtype_of(Profile, but=("colours",)).descr])
"""A profile after the row of `lenses` that it belongs to, ascending."""


@dataclass(frozen=True)
class Scenes:
    """A batch of scenes.

    Arguments:
        lenses: structured array of dtype LENS, shape (scenes,).
        lights: structured array of dtype LIGHT, shape (profiles,), sorted by `scene`.
    """

    lenses: np.ndarray
    lights: np.ndarray

    def __len__(self) -> int:
        return len(self.lenses)

    def __getitem__(self, rows: slice) -> "Scenes":
        """The scenes of a slice, renumbered from 0."""
        start, stop, _ = rows.indices(len(self))
        first, last = np.searchsorted(self.lights["scene"], (start, stop))
        lights = self.lights[first:last].copy()
        lights["scene"] -= start
        return Scenes(self.lenses[start:stop], lights)

    @classmethod
    def concatenate(cls, parts: Sequence["Scenes"]) -> "Scenes":
        """All scenes of the parts, in order."""
        starts = np.cumsum([0] + [len(part) for part in parts])
        lights = np.concatenate([part.lights for part in parts])
        lights["scene"] += np.repeat(starts[:-1], [len(part.lights) for part in parts])
        return cls(np.concatenate([part.lenses for part in parts]), lights)
