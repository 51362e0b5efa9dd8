"""Images that a caller holds one by one: arrays of any size, and the objects of astropy with their mask and WCS.

Astropy is imported only where one of its objects is passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import cos, radians
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from ..errors import ImageShapeError
from .given import as_array
from .image import RawImage
from .select import bands

if TYPE_CHECKING:
    from astropy.io.fits import CompImageHDU, HDUList, ImageHDU, PrimaryHDU
    from astropy.nddata import Cutout2D, NDData

    HeldImage = np.ndarray | Tensor | NDData | Cutout2D | PrimaryHDU | ImageHDU | CompImageHDU | HDUList
    Held = NDData | Cutout2D | PrimaryHDU | ImageHDU | CompImageHDU | HDUList | Sequence[HeldImage]

__all__ = ["held", "raw_image"]

_CELESTIAL = (
    ("pos.eq.ra", "pos.eq.dec"),
    ("pos.galactic.lon", "pos.galactic.lat"),
    ("pos.ecliptic.lon", "pos.ecliptic.lat"),
)


def held(images: object) -> list[Any] | None:
    """The images of a list, or the only one; None for a batch (an array), a name, or anything else.

    Example:
        >>> import numpy as np
        >>> len(held([np.zeros((5, 5)), np.zeros((7, 7))])), held(np.zeros((2, 1, 5, 5))), held(["a.fits"])
        (2, None, None)
    """
    if _is_of_astropy(images):
        return [images]
    if isinstance(images, list | tuple) and images and all(_is_image(one) for one in images):
        return list(images)
    return None


def raw_image(image: HeldImage, n_bands: int, name: str) -> RawImage:
    """One image (H, W) or (bands, H, W); masked pixels are NaN, and the pixel scale is that of its WCS or header.

    Flux units are noted and not converted, uncertainties are left aside.

    Arguments:
        image: of an `HDUList`, the only image in it.
        n_bands: that it must have.
        name: of the image in messages and tables.

    Raises:
        ImageError: it holds no such image.
    """
    if isinstance(image, np.ndarray | Tensor):
        return _raw(as_array(image), None, n_bands, name, None, _text(getattr(image, "unit", None)))
    if isinstance(image, list):  # which an HDUList is
        image = _only(image, name)
    return _of_hdu(image, n_bands, name) if hasattr(image, "fileinfo") else _of_nddata(image, n_bands, name)


def _of_hdu(hdu: Any, n_bands: int, name: str) -> RawImage:
    from .wcs import pixel_scale, unit

    if not _has_image(hdu):
        raise ImageShapeError(f"{name}: this HDU holds no image (no array of numbers with two axes or more)")
    blank = hdu.header.get("BLANK")
    mask = hdu.data == blank if blank is not None and hdu.data.dtype.kind in "iu" else None
    raw = _raw(as_array(hdu.data), mask, n_bands, name, pixel_scale(hdu.header), unit(hdu.header))
    return replace(raw, header=hdu.header)


def _of_nddata(image: Any, n_bands: int, name: str) -> RawImage:
    """The image of `NDData`, of `CCDData`, and of a `Cutout2D`, which has neither mask nor unit of its own."""
    from .wcs import pixel_scale

    scale = None if image.wcs is None else _scale(image.wcs, image.data.shape)
    if scale is None:
        scale = pixel_scale(getattr(image, "meta", None) or {})
    flux_unit = getattr(image, "unit", None) or getattr(image.data, "unit", None)
    raw = _raw(as_array(image.data), getattr(image, "mask", None), n_bands, name, scale, _text(flux_unit))
    return replace(raw, header=_header(image.wcs))


def _header(wcs: Any) -> Any:
    """The header of a WCS that a header can hold; None without one."""
    from astropy.wcs import WCS

    return wcs.celestial.to_header(relax=True) if isinstance(wcs, WCS) and wcs.has_celestial else None


def _raw(
    pixels: np.ndarray, mask: Any, n_bands: int, name: str, scale: float | None, flux_unit: str | None
) -> RawImage:
    if mask is not None:
        pixels = np.where(np.asarray(mask, bool), np.float32(np.nan), pixels)
    if pixels.ndim < 2:
        raise ImageShapeError(f"{name}: shape {pixels.shape} is no image (height, width) or (bands, height, width)")
    while pixels.ndim > 2 and pixels.shape[0] == 1:
        pixels = pixels[0]
    if pixels.ndim > 3:
        raise ImageShapeError(f"{name}: shape {pixels.shape} is more than one image; pass the array itself, or a list")
    return RawImage(name, name, bands(pixels, n_bands, name), pixel_scale=scale, unit=flux_unit)


def _only(hdus: Any, name: str) -> Any:
    images = [(number, hdu) for number, hdu in enumerate(hdus) if _has_image(hdu)]
    if len(images) != 1:
        found = ", ".join(hdu.name or str(number) for number, hdu in images) or "none"
        raise ImageShapeError(f"{name}: {len(images)} images in this HDUList ({found}); pass one of them: hdus['SCI']")
    return images[0][1]


def _has_image(hdu: Any) -> bool:
    return bool(getattr(hdu, "is_image", False)) and hdu.data is not None and hdu.data.ndim >= 2


def _scale(wcs: Any, shape: tuple[int, ...]) -> float | None:
    """Side of a pixel, arcsec, by the rules of a header; None where the WCS is not of the sky."""
    from astropy.wcs import WCS

    from .wcs import pixel_scale

    if not isinstance(wcs, WCS):
        return _scale_at_centre(getattr(wcs, "low_level_wcs", wcs), shape)
    if not wcs.has_celestial:
        return None
    celestial = wcs.celestial
    (a, b), (c, d) = celestial.pixel_scale_matrix.tolist()
    types = {f"CTYPE{i}": kind for i, kind in enumerate(celestial.wcs.ctype, 1)}
    return pixel_scale({**types, "CD1_1": a, "CD1_2": b, "CD2_1": c, "CD2_2": d})


def _scale_at_centre(wcs: Any, shape: tuple[int, ...]) -> float | None:
    """Pixel scale of a WCS that is no FITS header's (a sliced one, or gwcs), from its derivatives at the centre."""
    from astropy.units import Unit
    from astropy.wcs.utils import local_partial_pixel_derivatives

    from .wcs import pixel_scale

    kinds = list(wcs.world_axis_physical_types)
    axes = next(([kinds.index(x), kinds.index(y)] for x, y in _CELESTIAL if x in kinds and y in kinds), None)
    if axes is None or wcs.pixel_n_dim != len(shape):
        return None
    centre = [(side - 1) / 2 for side in shape[::-1]]
    steps = local_partial_pixel_derivatives(wcs, *centre)[axes][:, :2]
    degrees = [Unit(wcs.world_axis_units[axis]).to("deg") for axis in axes]
    latitude = wcs.pixel_to_world_values(*centre)[axes[1]] * degrees[1]
    steps = steps * np.array([[degrees[0] * cos(radians(latitude))], [degrees[1]]])
    (a, b), (c, d) = steps.tolist()
    return pixel_scale({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CD1_1": a, "CD1_2": b, "CD2_1": c, "CD2_2": d})


def _is_image(one: object) -> bool:
    return isinstance(one, np.ndarray | Tensor) or _is_of_astropy(one)


def _is_of_astropy(one: object) -> bool:
    """Whether it is an image of astropy that is no array; such an object cannot exist before astropy is imported."""
    if isinstance(one, np.ndarray) or not any(kind.__module__.startswith("astropy.") for kind in type(one).__mro__):
        return False
    from astropy.io import fits
    from astropy.nddata import Cutout2D, NDData

    return isinstance(one, NDData | Cutout2D | fits.HDUList | fits.PrimaryHDU | fits.ImageHDU | fits.CompImageHDU)


def _text(flux_unit: object) -> str | None:
    return None if flux_unit is None else str(flux_unit) or None
