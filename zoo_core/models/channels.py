"""Raw images that a user passes, as the channels that a network takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..errors import ArgumentError, ImageShapeError
from ..images.given import as_array, in_arcsec
from ..images.preprocess import Preprocess

if TYPE_CHECKING:
    from astropy.units import Quantity

__all__ = ["channels_of"]


def channels_of(
    images: np.ndarray | Tensor, preprocess: Preprocess, pixel_scale: float | Quantity | None = None
) -> Tensor:
    """Channels (B, C, size, size) of raw images (B, bands, H, W); with gradients if the images require them.

    Arguments:
        images: any linear flux unit, NaN where nothing was measured.
        preprocess: of the model.
        pixel_scale: arcsec, or an angle of astropy; needed where the preprocessing resamples.

    Raises:
        ImageShapeError: they are no batch of images.
        ArgumentError: gradients are required of pixels that are resampled, cropped, padded or filled.
    """
    scale, array = in_arcsec("pixel_scale= (--pixel-scale)", pixel_scale), as_array(_batch(images))
    if len(array) == 0:
        return torch.zeros(0, preprocess.n_channels, preprocess.size, preprocess.size)
    if isinstance(images, Tensor) and images.requires_grad and torch.is_grad_enabled():
        _require_unprepared(array, preprocess, scale)
        return preprocess.channels(images.float())
    return preprocess.images(array, scale)


def _require_unprepared(array: np.ndarray, preprocess: Preprocess, pixel_scale: float | None) -> None:
    """Gradients exist only where the pixels of an image are what the channels are computed from."""
    for image in array:
        if not np.array_equal(preprocess.prepare_array(image, pixel_scale).pixels, image):
            raise ArgumentError(
                f"images= require gradients, which end where pixels are resampled, cropped, padded or filled; pass "
                f"{preprocess.size} x {preprocess.size} measured pixels as the network takes them"
            )


def _batch(images: np.ndarray | Tensor) -> np.ndarray | Tensor:
    if images.ndim != 4:
        raise ImageShapeError(
            f"shape {tuple(images.shape)} is not (images, bands, height, width); "
            "add an axis to a single image or a single band: image[None, None]"
        )
    return images
