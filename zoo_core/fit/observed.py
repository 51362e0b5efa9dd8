"""Images as a fit takes them: pixels with their noise, which of them count, how large they are, and the PSF."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from .rows import Rows

__all__ = ["BLOCKS", "PER_FWHM", "Observed"]

BLOCKS = (1, 2, 3, 4, 6)  # pixels a side that `binned` may make one of, here and after `about`
WHOLE = 12  # pixels: a multiple of each
MARGIN = 8
"""Pixels about what is fitted, at least, whose light the PSF scatters into it, and that the PSF may wrap around."""
PER_FWHM = math.sqrt(8 * math.log(2))  # FWHM of a Gaussian, standard deviations


@dataclass(frozen=True)
class Observed(Rows):
    """B images of one size, float64.

    Arguments:
        pixels: (B, H, W), finite, in any linear unit.
        sigma: standard deviation of the noise of each, (B, H, W), positive.
        counted: (B, H, W), false where nothing was measured, or where a pixel is to have no say.
        pixel_scale: (B,), arcsec.
        psf: image of the PSF in the same pixels, (B, k, k), k odd, of unit sum; None: it is not known.
        origin: (B, 2), column and row at which x = y = 0; whole or half numbers.
    """

    pixels: Tensor
    sigma: Tensor
    counted: Tensor
    pixel_scale: Tensor
    psf: Tensor | None
    origin: Tensor

    @classmethod
    def of(
        cls,
        pixels: Tensor,
        sigma: Tensor,
        pixel_scale: Tensor,
        psf: Tensor | None = None,
        counted: Tensor | None = None,
    ) -> Observed:
        """Images whose frame's centre is the origin; what is not finite, or has no positive noise, does not count."""
        usable = pixels.isfinite() & sigma.isfinite() & (sigma > 0)
        usable = usable if counted is None else usable & counted
        height, width = pixels.shape[1:]
        middle = torch.tensor([(width - 1) / 2, (height - 1) / 2]).to(pixels)
        return cls(
            torch.where(usable, pixels, 0.0),
            torch.where(usable, sigma, 1.0),
            usable,
            pixel_scale.to(pixels),
            None if psf is None else psf / psf.sum((1, 2), keepdim=True),
            middle.expand(len(pixels), 2),
        )

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def margin(self) -> int:
        """Pixels that the PSF reaches."""
        return MARGIN if self.psf is None else max(MARGIN, self.psf.shape[-1] // 2)

    def axes(self, rays: int = 1) -> tuple[Tensor, Tensor]:
        """Places x (B, 1, rays W) and y (B, rays H, 1), arcsec, of so many points along the side of a pixel."""
        height, width = self.pixels.shape[1:]
        across, along = (
            ((torch.arange(length * rays).to(self.pixels) + 0.5) / rays - 0.5 - self.origin[:, axis, None])
            * self.pixel_scale[:, None]
            for axis, length in ((0, width), (1, height))
        )
        return across[:, None, :], along[:, :, None]

    def to(self, device: torch.device) -> Observed:
        """The same on a device."""
        return self.mapped(lambda part: part.to(device))

    def psf_fwhm(self) -> Tensor:
        """FWHM (B,) of the Gaussian with the peak of the PSF, arcsec; NaN where it is not known.

        The peak of a Gaussian of unit sum is 1 / (2 pi sigma^2), and its FWHM is sqrt(8 ln 2) sigma.
        """
        if self.psf is None:
            return torch.full_like(self.pixel_scale, torch.nan)
        sigma = (2 * math.pi * self.psf.amax((1, 2))).rsqrt()
        return PER_FWHM * sigma * self.pixel_scale

    def about(self, x: Tensor, y: Tensor, radius: Tensor) -> Observed:
        """The pixels within `radius` of (x, y), arcsec, (B,) each; of the frame about them nothing counts.

        Every image is cut to the same size, with a margin that the PSF reaches. Blocks of `binned` lie alike about
        (x, y) whatever that size is.
        """
        column, row = (place / self.pixel_scale + self.origin[:, axis] for axis, place in enumerate((x, y)))
        reach = radius / self.pixel_scale
        half = math.ceil((reach.max().item() + self.margin + 1) / WHOLE) * WHOLE
        side = 2 * half
        left, top = (place.round().long() - side // 2 for place in (column, row))
        cut = replace(
            self,
            pixels=_windows(self.pixels, left, top, side),
            sigma=_windows(self.sigma, left, top, side, fill=1.0),
            counted=_windows(self.counted, left, top, side),
            origin=self.origin - torch.stack([left, top], 1).to(self.origin),
        )
        across, along = cut.axes()
        inside = torch.hypot(across - x[:, None, None], along - y[:, None, None]) <= radius[:, None, None]
        return replace(cut, counted=cut.counted & inside)

    def binned(self, factor: int) -> Observed:
        """Means of blocks of so many pixels a side, those that count; columns and rows that are left over are dropped.

        The noise of a block is that of independent pixels. The image of the PSF is left behind, see `psf_fwhm`.
        """
        if factor == 1:
            return self
        weight = self.counted / self.sigma**2
        in_all = _summed(weight, factor)
        usable = in_all > 0
        pixels = torch.where(usable, _summed(weight * self.pixels, factor) / in_all.clamp(min=1e-300), 0.0)
        return Observed(
            pixels,
            torch.where(usable, in_all.clamp(min=1e-300).rsqrt(), 1.0),
            usable,
            self.pixel_scale * factor,
            None,
            (self.origin + 0.5) / factor - 0.5,
        )


def _windows(images: Tensor, left: Tensor, top: Tensor, side: int, fill: float = 0.0) -> Tensor:
    """Squares of images (B, H, W) from these columns and rows on, `fill` outside."""
    height, width = images.shape[1:]
    out = images.new_full((len(images), side, side), fill)
    for image, target, x, y in zip(images, out, left.tolist(), top.tolist(), strict=True):
        rows, columns = slice(max(0, y), min(height, y + side)), slice(max(0, x), min(width, x + side))
        part = image[rows, columns]
        target[
            rows.start - y : rows.start - y + part.shape[0], columns.start - x : columns.start - x + part.shape[1]
        ] = part
    return out


def _summed(planes: Tensor, factor: int) -> Tensor:
    return F.avg_pool2d(planes[:, None], factor)[:, 0] * factor**2
