"""Pixel scale and size as in `geometry`, for batches of images (B, bands, H, W) of one size on any device.

Pixels that were not measured are NaN.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional

from . import geometry
from .background_torch import filled

__all__ = ["bin_mean", "centred", "resample"]


def resample(images: Tensor, from_scale: float, to_scale: float, generator: Generator) -> Tensor:
    """Images on pixels of another size, as by `geometry.resample`.

    Arguments:
        images: (B, bands, H, W), flux per pixel, NaN where nothing was measured.
        from_scale, to_scale: arcsec.
        generator: of the noise that fills gaps where pixels become smaller, on the device of the images.

    Returns:
        NaN where less than half of a pixel was measured.
    """
    ratio = geometry.ratio_of(from_scale, to_scale)
    if abs(ratio - 1) <= geometry.SAME_SCALE:
        return images
    valid = images.isfinite()
    covered = _on_axes(valid.float(), "overlaps", ratio) / ratio**2
    if ratio > 1:
        flux = _on_axes(torch.where(valid, images, 0), "overlaps", ratio) / covered
    else:
        flux = _on_axes(filled(images, generator), "splines", ratio)
    return torch.where(covered >= 0.5, flux, torch.nan)


def bin_mean(images: Tensor, factor: int) -> Tensor:
    """Means of blocks of pixels (B, bands, H // factor, W // factor), NaN where less than half was measured."""
    height, width = (length // factor for length in images.shape[-2:])
    top, left = (
        (length - whole * factor) // 2 for length, whole in zip(images.shape[-2:], (height, width), strict=True)
    )
    whole = images[..., top : top + height * factor, left : left + width * factor]
    valid = whole.isfinite()
    covered, flux = (
        part.unflatten(-1, (width, factor)).unflatten(-3, (height, factor)).mean((-3, -1))
        for part in (valid.float(), torch.where(valid, whole, 0))
    )
    return torch.where(covered >= 0.5, flux / covered, torch.nan)


def centred(images: Tensor, size: int) -> Tensor:
    """Images (B, bands, H, W) cropped or padded with NaN to size x size; pixel H // 2 lands on size // 2."""
    height, width = images.shape[-2:]
    top, left = (size // 2 - length // 2 for length in (height, width))
    return functional.pad(images, (left, size - width - left, top, size - height - top), value=torch.nan)


def _on_axes(images: Tensor, kind: str, ratio: float) -> Tensor:
    rows, columns = (_matrix(kind, length, ratio, images.device) for length in images.shape[-2:])
    return rows @ images @ columns.mT


@lru_cache(maxsize=16)
def _matrix(kind: str, length: int, ratio: float, device: torch.device) -> Tensor:
    matrix = {"overlaps": geometry.overlaps, "splines": geometry.splines}[kind](length, ratio)
    return torch.from_numpy(np.ascontiguousarray(matrix.toarray())).to(device)
