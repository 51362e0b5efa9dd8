"""Raw images that a user passes, as the channels that a network takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..errors import ArgumentError
from ..images.given import as_array, as_batch, in_arcsec
from ..images.held import held, raw_image
from ..images.preprocess import Preprocess

if TYPE_CHECKING:
    from astropy.units import Quantity

    from ..images.held import Held

__all__ = ["channels_of"]


def channels_of(
    images: np.ndarray | Tensor | Held, preprocess: Preprocess, pixel_scale: float | Quantity | None = None
) -> Tensor:
    """Channels (B, C, size, size) of raw images (B, bands, H, W); with gradients if the images require them.

    Arguments:
        images: any linear flux unit, NaN or masked where nothing was measured; or a list of images of any size, or an
            object of astropy, see `zoo_core.images.held`.
        preprocess: of the model.
        pixel_scale: arcsec, or an angle of astropy; needed where the preprocessing resamples and no WCS tells it.

    Raises:
        ImageError: they are no images that the model takes.
        ArgumentError: they are nothing that holds images, or gradients are required of pixels that are resampled,
            cropped, padded or filled.
    """
    scale = in_arcsec("pixel_scale= (--pixel-scale)", pixel_scale)
    if (one_by_one := held(images)) is not None:
        return preprocess.channels(torch.from_numpy(_prepared(one_by_one, preprocess, scale)))
    images = as_batch(images)
    array = as_array(images)
    if len(array) == 0:
        return torch.zeros(0, preprocess.n_channels, preprocess.size, preprocess.size)
    if isinstance(images, Tensor) and images.requires_grad and torch.is_grad_enabled():
        _require_unprepared(array, preprocess, scale)
        return preprocess.channels(images.float())
    return preprocess.images(array, scale)


def _prepared(images: Sequence[Any], preprocess: Preprocess, pixel_scale: float | None) -> np.ndarray:
    """Images held one by one, (B, bands, size, size)."""
    raw = [raw_image(image, len(preprocess.bands), f"images[{k}]") for k, image in enumerate(images)]
    return np.stack([preprocess.prepare(one, pixel_scale).pixels for one in raw])


def _require_unprepared(array: np.ndarray, preprocess: Preprocess, pixel_scale: float | None) -> None:
    """Gradients exist only where the pixels of an image are what the channels are computed from."""
    for image in array:
        if not np.array_equal(preprocess.prepare_array(image, pixel_scale).pixels, image):
            raise ArgumentError(
                f"images= require gradients, which end where pixels are resampled, cropped, padded or filled; pass "
                f"{preprocess.size} x {preprocess.size} measured pixels as the network takes them"
            )
