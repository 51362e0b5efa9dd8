"""Pixel scale and unit from a header, pixels from positions on the sky."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import atan2, cos, degrees, hypot, isfinite, radians, sin, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.io import fits

from ..errors import ImageReadError
from .fits import FITS_FAILURES
from .layers import Cards, reading
from .remote import open_binary

if TYPE_CHECKING:  # half a second that most runs do not need
    from astropy.coordinates import SkyCoord

__all__ = [
    "arcsec_in",
    "card",
    "centre_offset",
    "centre_on_sky",
    "footprint",
    "has_sky",
    "is_garbled",
    "linear_part",
    "number",
    "pixel_scale",
    "sky_to_pixels",
    "unit",
]


_ARCSEC = {"deg": 3600.0, "arcmin": 60.0, "arcsec": 1.0, "mas": 1e-3, "uas": 1e-6, "rad": 206264.80624709636}
_SPELLED = {"degree": "deg", "degrees": "deg", "radian": "rad", "radians": "rad"}  # seen in files; FITS says deg, rad
_SPELLED |= {f"arc{part}{s}": f"arc{part[:3]}" for part in ("minute", "second") for s in ("", "s")}
_SPELLED |= {"arcmins": "arcmin", "arcsecs": "arcsec", "degs": "deg"}
_CELESTIAL = ("RA--", "DEC-", "GLON", "GLAT", "ELON", "ELAT")
_UNPROJECTED = ("RA", "DEC")
_STATED = ("PIXSCALE", "SECPIX", ("SECPIX1", "SECPIX2"), ("PIXSCAL1", "PIXSCAL2"))  # arcsec, of both axes or of each
_LINEAR = [f"{name}{i}" for name in ("CTYPE", "CUNIT", "CRPIX", "CRVAL", "CDELT", "CROTA") for i in (1, 2)]
_NUMBERS = [f"{name}{i}_{j}" for name in ("PC", "CD") for i in (1, 2) for j in (1, 2)]
_LINEAR += _NUMBERS
_NUMBERS += ["CDELT1", "CDELT2"]
_GNOMONIC = {
    "CTYPE1": ("RA---TAN",),
    "CTYPE2": ("DEC--TAN",),
    "LONPOLE": (None, 180, 180.0),
    "PV2_1": (None,),
    "RADESYS": (None, "ICRS", "FK5"),
    "EQUINOX": (None, 2000, 2000.0),
    "A_ORDER": (None,),
}
"""Headers of a gnomonic projection without distortion: what each card may be."""

_SQUARE = 0.02  # relative difference of the sides


def pixel_scale(header: Cards) -> float | None:
    """Side of a pixel, arcsec: the root of its area, from CDi_j, PCi_j and CDELTi, or a keyword that states it.

    None where the header does not say, says nonsense, or the sides differ by more than 2 %. Distortions (SIP, TPV)
    are left out: they change the scale by less than a percent.
    """
    if is_garbled(header):
        return None
    matrix = linear_part(header)
    if matrix is None:
        return _stated(header)
    (a, b), (c, d) = matrix
    sides, area = (hypot(a, c), hypot(b, d)), abs(a * d - b * c)
    if not (area > 0 and isfinite(area)) or max(sides) > (1 + _SQUARE) * min(sides):
        return None
    return sqrt(area)


def arcsec_in(unit_name: str) -> float:
    """Arcsec in a unit of angle, however files spell it; 0 for one that is no angle.

    >>> arcsec_in("Degrees")
    3600.0
    """
    named = unit_name.strip().lower()
    return _ARCSEC.get(_SPELLED.get(named, named), 0.0)


def unit(header: Cards) -> str | None:
    """Unit of the pixels as the file spells it."""
    value = card(header, "BUNIT")
    return (value.strip() or None) if isinstance(value, str) else None


def centre_offset(header: Cards, other: Cards, shape: tuple[int, int]) -> float:
    """How far apart two images of one shape are, pixels: where the centre of the first lies on the second.

    0 where either has no celestial WCS, or their cards are the same.
    """
    if not (_is_celestial(header) and _is_celestial(other)) or _linear_cards(header) == _linear_cards(other):
        return 0.0
    from astropy.wcs import WCS
    from astropy.wcs.utils import pixel_to_pixel

    centre = [(side - 1) / 2 for side in shape[::-1]]
    with reading("WCS", FITS_FAILURES):
        x, y = pixel_to_pixel(*(WCS(fits.Header(_linear_cards(cards))) for cards in (header, other)), *centre)
    return hypot(x - centre[0], y - centre[1])


def has_sky(header: Cards) -> bool:
    """Whether the types of the axes say that they are of the sky."""
    return card(header, "CTYPE1") is not None and _is_celestial(header)


def centre_on_sky(header: Cards, shape: tuple[int, ...]) -> tuple[float, float] | None:
    """Right ascension and declination, degrees, of the centre of an image (height, width); None where unknown.

    The usual header is projected here, since astropy takes a millisecond, longer than the file; J2000 counts as ICRS,
    from which it differs by less than 0.03 arcsec. Others are left to astropy, with their distortions. Where both
    reference values are 0 or missing, no position is known: stamps and simulated images are written so for their scale.
    """
    if not has_sky(header) or not any(number(header, f"CRVAL{i}") for i in (1, 2)):
        return None
    x, y = (shape[-1] - 1) / 2, (shape[-2] - 1) / 2
    if all(card(header, key) in allowed for key, allowed in _GNOMONIC.items()):
        return _deprojected(header, x, y)
    return _by_astropy(header, x, y)


def _deprojected(header: Cards, x: float, y: float) -> tuple[float, float] | None:
    """The inverse of the gnomonic projection about (alpha0, delta0), for standard coordinates xi, eta.

    tan(alpha - alpha0) = xi / (cos(delta0) - eta sin(delta0)),
    tan(delta) = (sin(delta0) + eta cos(delta0)) / sqrt(xi**2 + (cos(delta0) - eta sin(delta0))**2).

    Source: Calabretta & Greisen (2002), A&A 395, 1077, for the projection TAN.
    """
    matrix = linear_part(header)
    cards = [number(header, f"{name}{i}") for name in ("CRPIX", "CRVAL") for i in (1, 2)]
    if matrix is None or None in cards or any(_arcsec(header, i) != _ARCSEC["deg"] for i in (1, 2)):
        return None
    x0, y0, alpha0, delta0 = (float(value or 0) for value in cards)
    dx, dy = x + 1 - x0, y + 1 - y0  # FITS counts pixels from 1
    xi, eta = (radians((a * dx + b * dy) / _ARCSEC["deg"]) for a, b in matrix)
    across = cos(radians(delta0)) - eta * sin(radians(delta0))
    along = sin(radians(delta0)) + eta * cos(radians(delta0))
    alpha = (alpha0 + degrees(atan2(xi, across))) % 360
    delta = degrees(atan2(along, hypot(xi, across)))
    return (alpha, delta) if isfinite(alpha) and isfinite(delta) else None


def _by_astropy(header: Cards, x: float, y: float) -> tuple[float, float] | None:
    from astropy.wcs import WCS
    from astropy.wcs.utils import pixel_to_skycoord

    if not isinstance(header, fits.Header):
        cards = fits.Header(_linear_cards(header))
    else:
        cards = header
    try:
        with reading("WCS", FITS_FAILURES):
            sky: Any = pixel_to_skycoord(x, y, WCS(cards).celestial).icrs
    except ImageReadError:
        return None  # a broken WCS must not cost the pixels
    position = float(sky.ra.deg), float(sky.dec.deg)
    return position if all(map(isfinite, position)) else None


def _linear_cards(header: Cards) -> dict[str, Any]:
    found = {key: card(header, key) for key in _LINEAR}
    return {key: value for key, value in found.items() if value is not None}


def sky_to_pixels(path: str, number: int, sky: "SkyCoord") -> tuple[np.ndarray, np.ndarray]:
    """Pixel positions x, y in HDU `number` of a FITS file, distortions included; the first pixel is (0, 0).

    NaN where the projection does not reach.
    """
    from astropy.wcs import WCS, NoConvergence
    from astropy.wcs.utils import skycoord_to_pixel

    with reading(path, FITS_FAILURES), _hdus(path) as hdus:
        hdu: Any = hdus[number]
        wcs = WCS(hdu.header, hdus).celestial
        try:
            x, y = skycoord_to_pixel(sky, wcs, mode="all")
        except NoConvergence as error:  # of the distortions, which hold near the image only
            x, y = _converged(error)
    return np.atleast_1d(x), np.atleast_1d(y)


def footprint(path: str, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Right ascension and declination, degrees, (5,), of the centre and the corners of HDU `number` of a FITS file."""
    from astropy.wcs import WCS
    from astropy.wcs.utils import pixel_to_skycoord

    with reading(path, FITS_FAILURES), _hdus(path) as hdus:
        hdu: Any = hdus[number]
        height, width = hdu.shape[-2:]
        x = np.array([(width - 1) / 2, -0.5, width - 0.5, -0.5, width - 0.5])
        y = np.array([(height - 1) / 2, -0.5, -0.5, height - 0.5, height - 0.5])
        sky: Any = pixel_to_skycoord(x, y, WCS(hdu.header, hdus).celestial).icrs
    return np.asarray(sky.ra.deg), np.asarray(sky.dec.deg)


@contextmanager
def _hdus(path: str) -> Iterator[Any]:
    with open_binary(path) as stream, fits.open(stream, memmap=False, lazy_load_hdus=True) as hdus:
        yield hdus


def _converged(error: Any) -> tuple[np.ndarray, np.ndarray]:
    """The positions of a `NoConvergence` that did converge; NaN for the others."""
    x, y = (np.array(axis) for axis in error.best_solution.T)
    for lost in (error.divergent, error.slow_conv):
        if lost is not None:
            x[lost], y[lost] = np.nan, np.nan
    return x, y


def linear_part(header: Cards) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """d(sky) / d(pixel), arcsec, with the precedence of wcslib: PC before CD before CDELT alone."""
    if not _is_celestial(header):
        return None
    pc, cd = _matrix(header, "PC", 1.0), _matrix(header, "CD", 0.0)
    steps = [1.0, 1.0] if cd and not pc else _steps(header, 1.0 if pc else None)
    matrix = pc or cd or ((1.0, 0.0), (0.0, 1.0))
    rows = zip(matrix, steps, (_arcsec(header, 1), _arcsec(header, 2)), strict=True)
    first, second = ((a * (step or 0.0) * arcsec, b * (step or 0.0) * arcsec) for (a, b), step, arcsec in rows)
    return first, second


def _steps(header: Cards, default: float | None) -> list[float | None]:
    """CDELT1 and CDELT2; the standard's 1 where a PC matrix stands without them."""
    found = [number(header, f"CDELT{i}") for i in (1, 2)]
    return [default, default] if found == [None, None] else found


def _stated(header: Cards) -> float | None:
    """The scale that a keyword states, or two keywords that agree."""
    for keys in _STATED:
        sides = [number(header, key) or 0.0 for key in ([keys] if isinstance(keys, str) else keys)]
        if min(sides) > 0 and max(sides) <= (1 + _SQUARE) * min(sides):
            return sides[0]
    return None


def is_garbled(header: Cards) -> bool:
    """Whether a card of the matrix is there and holds no number: without it the others say another scale."""
    return any(key in header and number(header, key) is None for key in _NUMBERS)


def _is_celestial(header: Cards) -> bool:
    """Whether both axes are of the sky: by their type, or, where no type is given, by a unit that is an angle."""
    types = [card(header, f"CTYPE{i}") for i in (1, 2)]
    if not any(isinstance(kind, str) and kind.strip() for kind in types):
        return all(card(header, f"CUNIT{i}") and _arcsec(header, i) for i in (1, 2))
    return all(_names_the_sky(str(kind).strip().upper()) for kind in types)


def _names_the_sky(kind: str) -> bool:
    """Whether a type is a celestial axis, with its projection (`RA---TAN`) or, against the standard, without (`RA`)."""
    return kind.startswith(_CELESTIAL) or kind in _UNPROJECTED


def _matrix(header: Cards, name: str, diagonal: float) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The elements name1_1 ... name2_2, `diagonal` and 0 for those that are missing; None if all are."""
    a, b, c, d = (number(header, f"{name}{i}_{j}") for i, j in ((1, 1), (1, 2), (2, 1), (2, 2)))
    if a is b is c is d is None:
        return None
    return (diagonal if a is None else a, b or 0.0), (c or 0.0, diagonal if d is None else d)


def _arcsec(header: Cards, axis: int) -> float:
    """Arcsec in the unit of an axis; 0 for a unit that is no angle."""
    return arcsec_in(str(card(header, f"CUNIT{axis}") or "deg"))


def number(header: Cards, key: str) -> float | None:
    """The value of a keyword; None where it is no number."""
    value = card(header, key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def card(header: Cards, key: str) -> object:
    """The value of a keyword; None where its card cannot be parsed: a broken WCS must not cost the pixels."""
    try:
        return header.get(key)
    except (fits.VerifyError, ValueError):
        return None
