"""Pixel scale and unit from a header, pixels from positions on the sky."""

from math import hypot, isfinite, sqrt
from typing import TYPE_CHECKING

import numpy as np
from astropy.io import fits

from .layers import Cards, reading

if TYPE_CHECKING:  # half a second that most runs do not need
    from astropy.coordinates import SkyCoord

__all__ = ["pixel_scale", "sky_to_pixels", "unit"]

_FAILURES = (OSError, ValueError, TypeError, KeyError, IndexError, MemoryError, fits.VerifyError)

_ARCSEC = {"deg": 3600.0, "arcmin": 60.0, "arcsec": 1.0, "mas": 1e-3, "rad": 206264.80624709636}
_CELESTIAL = ("RA--", "DEC-", "GLON", "GLAT", "ELON", "ELAT")
_STATED = ("PIXSCALE", "SECPIX")
_SQUARE = 0.02  # relative difference of the sides


def pixel_scale(header: Cards) -> float | None:
    """Side of a pixel, arcsec: the root of its area, from CDi_j, PCi_j and CDELTi, or a keyword that states it.

    None where the header does not say, says nonsense, or the sides differ by more than 2 %. Distortions (SIP, TPV)
    are left out: they change the scale by less than a percent.
    """
    matrix = _linear_part(header)
    if matrix is None:
        return next((scale for key in _STATED if (scale := _number(header, key)) and scale > 0), None)
    (a, b), (c, d) = matrix
    sides, area = (hypot(a, c), hypot(b, d)), abs(a * d - b * c)
    if not (area > 0 and isfinite(area)) or max(sides) > (1 + _SQUARE) * min(sides):
        return None
    return sqrt(area)


def unit(header: Cards) -> str | None:
    """Unit of the pixels as the file spells it."""
    value = _card(header, "BUNIT")
    return (value.strip() or None) if isinstance(value, str) else None


def sky_to_pixels(path: str, number: int, sky: "SkyCoord") -> tuple[np.ndarray, np.ndarray]:
    """Pixel positions x, y in HDU `number` of a FITS file, distortions included; the first pixel is (0, 0).

    NaN where the projection does not reach.
    """
    from astropy.wcs import WCS
    from astropy.wcs.utils import skycoord_to_pixel

    with reading(path, _FAILURES), fits.open(path, memmap=False, lazy_load_hdus=True) as hdus:
        wcs = WCS(hdus[number].header, hdus).celestial
        x, y = skycoord_to_pixel(sky, wcs, mode="all")
    return np.atleast_1d(x), np.atleast_1d(y)


def _linear_part(header: Cards) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """d(sky) / d(pixel) in arcsec, with the precedence of wcslib: PC before CD before CDELT alone."""
    if not all(str(_card(header, f"CTYPE{i}")).startswith(_CELESTIAL) for i in (1, 2)):
        return None
    factors = [_ARCSEC.get(str(_card(header, f"CUNIT{i}") or "deg").strip().lower(), 0.0) for i in (1, 2)]
    pc = _matrix(header, "PC")
    cd = _matrix(header, "CD")
    if cd is not None and pc is None:
        (a, b), (c, d) = (tuple(x or 0.0 for x in row) for row in cd)
    else:
        ((a, b), (c, d)) = pc or ((None, None), (None, None))
        delta = [_number(header, f"CDELT{i}") for i in (1, 2)]
        if None in delta:
            return None
        a, b = ((1.0 if a is None else a) * delta[0], (b or 0.0) * delta[0])
        c, d = ((c or 0.0) * delta[1], (1.0 if d is None else d) * delta[1])
    return (a * factors[0], b * factors[0]), (c * factors[1], d * factors[1])


def _matrix(header: Cards, name: str) -> tuple[tuple[float | None, ...], ...] | None:
    """The elements name1_1 ... name2_2; None if there is none of them."""
    rows = tuple(tuple(_number(header, f"{name}{i}_{j}") for j in (1, 2)) for i in (1, 2))
    return rows if any(x is not None for row in rows for x in row) else None


def _number(header: Cards, key: str) -> float | None:
    value = _card(header, key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _card(header: Cards, key: str) -> object:
    """The value of a keyword; None where its card cannot be parsed: a broken WCS must not cost the pixels."""
    try:
        return header.get(key)
    except (fits.VerifyError, ValueError):
        return None
