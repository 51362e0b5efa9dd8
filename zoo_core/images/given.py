"""Images and angles as callers have them: tensors of any device, masked arrays, quantities of astropy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from ..errors import ArgumentError

if TYPE_CHECKING:
    from astropy.units import Quantity

__all__ = ["as_array", "in_arcsec"]


def as_array(images: np.ndarray | Tensor) -> np.ndarray:
    """The same pixels in float32 on the CPU; NaN where a `numpy.ma` array is masked.

    Example:
        >>> as_array(np.ma.masked_greater([1, 2, 9], 5))
        array([ 1.,  2., nan], dtype=float32)
    """
    if isinstance(images, Tensor):
        return images.detach().cpu().float().numpy()
    if isinstance(images, np.ma.MaskedArray):
        return np.ma.filled(images.astype(np.float32), np.nan)
    return np.asarray(images, np.float32)


def in_arcsec(name: str, angle: float | Quantity | None) -> float | None:
    """An angle (or one a pixel) in arcsec; a plain number is in arcsec already.

    Arguments:
        name: how the caller passes it, for the message: "pixel_scale= (--pixel-scale)".

    Raises:
        ArgumentError: it is no positive angle.

    Example:
        >>> from astropy import units
        >>> in_arcsec("cutout=", 0.1 * units.arcmin)
        6.0
    """
    if angle is None:
        return None
    number = _arcsec(name, angle)
    if not (math.isfinite(number) and number > 0):
        raise ArgumentError(f"{name} is {angle}; it must be a positive number of arcsec")
    return number


def _arcsec(name: str, angle: float | Quantity) -> float:
    from astropy import units

    if not isinstance(angle, units.Quantity):
        return float(angle)
    unit: Any = angle.unit
    wanted = units.arcsec / units.pix if unit.is_equivalent(units.arcsec / units.pix) else units.arcsec
    try:
        return angle.to(wanted).value.item()  # a Python float
    except units.UnitConversionError as error:
        raise ArgumentError(f"{name} is {angle}; it must be an angle, such as 0.1 or 0.1 * u.arcsec") from error
