"""Where north and east are in a picture of a candidate, and how long an arcsecond is."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import Self

from ..images.layers import Cards
from ..images.wcs import card, has_sky, linear_part, number, pixel_scale
from ..predict.gallery import bar_of

__all__ = ["Compass"]


@dataclass(frozen=True)
class Compass:
    """What is drawn over a square picture whose rows are drawn upwards.

    Arguments:
        bar: arcsec that the scale bar stands for.
        length: of the bar, as a share of the side of the picture.
        north, east: directions (right, up) of length 1; None where the header does not say.
    """

    bar: float
    length: float
    north: tuple[float, float] | None = None
    east: tuple[float, float] | None = None

    @classmethod
    def of(cls, header: Cards, size: int) -> Self | None:
        """Of a picture of `size` pixels a side with this header; None where their scale is not known.

        (xi, eta) = M (x, y) are standard coordinates, of which xi grows to the east and eta to the north, so that the
        columns of M^-1 point there (Calabretta & Greisen 2002, A&A 395, 1077).

        Example:
            >>> from zoo_core.search.compass import Compass
            >>> header = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -1e-4, "CDELT2": 1e-4}
            >>> found = Compass.of(header, 100)
            >>> found.bar, round(found.length, 4), found.north, found.east
            (1.0, 0.0278, (0.0, 1.0), (-1.0, 0.0))
        """
        scale = pixel_scale(header) or number(header, "PIXSCALE")
        if scale is None:
            return None
        bar = float(bar_of(scale * size))
        matrix = linear_part(header) if has_sky(header) and str(card(header, "CTYPE1")).startswith("RA") else None
        if matrix is None:
            return cls(bar, bar / (scale * size))
        (a, b), (c, d) = matrix
        sign = 1.0 if a * d > b * c else -1.0
        return cls(bar, bar / (scale * size), _unit(-b * sign, a * sign), _unit(d * sign, -c * sign))


def _unit(x: float, y: float) -> tuple[float, float]:
    return x / hypot(x, y) + 0.0, y / hypot(x, y) + 0.0
