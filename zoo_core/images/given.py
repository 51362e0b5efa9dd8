"""Images and angles as callers have them: tensors of any device, masked arrays, quantities of astropy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..errors import ArgumentError, ImageShapeError
from .image import to_float32

if TYPE_CHECKING:
    from astropy.units import Quantity

__all__ = ["as_array", "as_batch", "in_arcsec"]


def as_array(images: np.ndarray | Tensor) -> np.ndarray:
    """The same pixels in float32 on the CPU; NaN where an array of `numpy.ma` or of `astropy.utils.masked` is masked.

    The unit of a `Quantity` is left aside.

    Raises:
        ImageReadError: they are no real numbers, or too small for float32.

    Example:
        >>> as_array(np.ma.masked_greater([1, 2, 9], 5))
        array([ 1.,  2., nan], dtype=float32)
    """
    if isinstance(images, Tensor):
        return to_float32(_on_cpu(images), "images=")
    if isinstance(images, np.ma.MaskedArray):
        return _blanked(np.ma.getdata(images), np.ma.getmaskarray(images))
    if hasattr(images, "unmasked"):  # of astropy, whose conversion to an array would drop the mask
        return _blanked(images.unmasked, images.mask)  # pyright: ignore[reportAttributeAccessIssue]
    return to_float32(np.asarray(images), "images=")


def as_batch(images: object) -> np.ndarray | Tensor:
    """The same array (images, bands, height, width); an array (height, width) is a single image of a single band.

    Raises:
        ArgumentError: it is no array.
        ImageShapeError: it has other axes.

    Example:
        >>> as_batch(np.zeros((101, 101))).shape
        (1, 1, 101, 101)
    """
    if not isinstance(images, np.ndarray | Tensor):
        raise ArgumentError(
            f"images= is {type(images).__name__}; pass an array (images, bands, height, width), a list of images, or "
            "an NDData, CCDData, Cutout2D or HDU of astropy; names of files go to model.predict"
        )
    if images.ndim == 2:
        return images[None, None]
    if images.ndim != 4:
        missing = "; pass cube[None] for one image of several bands, images[:, None] for images of a single band"
        raise ImageShapeError(
            f"images= has shape {tuple(images.shape)}, not the four axes (images, bands, height, width)"
            + (missing if images.ndim == 3 else "")
        )
    return images


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
    if isinstance(angle, bool | np.bool_):
        raise ArgumentError(f"{name} is {angle}; it must be an angle, such as 0.1 or 0.1 * u.arcsec")
    number = _arcsec(name, angle)
    if not (math.isfinite(number) and number > 0):
        raise ArgumentError(f"{name} is {angle}; it must be a positive number of arcsec")
    return number


def _on_cpu(images: Tensor) -> np.ndarray:
    """The pixels as NumPy has them, which knows no bfloat16."""
    found = images.detach().cpu()
    return (found.float() if found.is_floating_point() and found.dtype != torch.float64 else found).numpy()


def _blanked(pixels: np.ndarray, masked: np.ndarray) -> np.ndarray:
    return np.where(masked, np.float32(np.nan), to_float32(np.asarray(pixels), "images="))


def _arcsec(name: str, angle: float | Quantity) -> float:
    wanted = f"{name} is {angle!s}; it must be an angle, such as 0.1 or 0.1 * u.arcsec"
    if not hasattr(angle, "unit"):
        try:
            return float(angle)  # pyright: ignore[reportArgumentType]
        except (TypeError, ValueError) as error:
            raise ArgumentError(wanted) from error
    from astropy import units

    quantity: Any = angle
    try:
        unit = units.arcsec / units.pix if quantity.unit.is_equivalent(units.arcsec / units.pix) else units.arcsec
        return float(quantity.to_value(unit).item())  # of one number
    except (units.UnitConversionError, ValueError) as error:
        raise ArgumentError(wanted) from error
