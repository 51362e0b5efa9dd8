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

import numpy as np

__all__ = ["LENS", "LIGHT", "PROFILES", "Scenes"]

PROFILES = ("sersic", "ring", "point")

LENS = np.dtype(
    [
        ("theta_E", "f8"),  # arcsec; 0: nothing is deflected. The critical curve of the SIE/EPL encloses pi theta_E^2
        ("q", "f8"),  # axis ratio of the convergence
        ("phi", "f8"),  # position angle of the major axis
        ("slope", "f8"),  # kappa ~ r^-slope; 1 is isothermal
        ("x", "f8"),
        ("y", "f8"),
        ("gamma_1", "f8"),  # external shear
        ("gamma_2", "f8"),
    ]
)

LIGHT = np.dtype(
    [
        ("scene", "i8"),  # the row of `lenses` it belongs to, ascending
        ("lensed", "?"),  # in the source plane, behind the deflector
        ("profile", "i8"),  # index into PROFILES
        ("flux", "f8"),  # total, before lensing and before modulation; any linear unit
        ("x", "f8"),
        ("y", "f8"),
        ("R", "f8"),  # sersic: half-light radius R_e; ring: radius of the crest, arcsec
        ("n", "f8"),  # sersic: index; ring: width (Gaussian sigma) over radius
        ("q", "f8"),
        ("phi", "f8"),
        ("arms", "i8"),  # factor 1 + contrast cos(arms (theta - winding ln(r / R)) - phase); 0: none
        ("contrast", "f8"),  # 0 to 1
        ("winding", "f8"),  # tan of the pitch angle's complement; 0: straight spokes
        ("phase", "f8"),
    ]
)


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
