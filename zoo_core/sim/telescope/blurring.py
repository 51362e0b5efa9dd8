"""What a telescope without noise records: light on a fine grid, convolved with the PSF and summed over sub-pixels.

The convolution is a product of spectra on a period that is the frame and its margin. The sum over the sub-pixels of a
pixel is a factor of the spectrum too, so that only every pixel's value is transformed back, and no sub-pixel's. Spectra
are kept transposed, (scenes, columns, rows): each transform then runs along memory.
"""

import math
from functools import reduce

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .psf import psf_images

__all__ = ["blur", "transfer"]

MARGIN = 34
"""Sub-pixels of continued sky round the frame, so that its edges are blurred with what lies outside."""

PSF_WIDTH = 128
"""Side of the image of a PSF, sub-pixels; in cutouts for lens finding `psf.REACH` is its corner."""


def transfer(
    psfs: np.ndarray,
    width: int,
    pixel: float,
    oversample: int,
    dtype: torch.dtype,
    device: torch.device | str = "cpu",
    psf_width: int = PSF_WIDTH,
) -> Tensor:
    """What `blur` multiplies the spectra of images with, complex, shape (scenes, period / 2 + 1, period).

    Arguments:
        psfs: dtype PSF, shape (scenes,).
        width: of the images, sub-pixels.
        pixel: side of a sub-pixel, arcsec.
        oversample: sub-pixels along the side of a pixel.
        psf_width: side of the images of the PSFs, sub-pixels, no more than the period.
    """
    period = width + 2 * _margin(oversample)
    shapes = psf_images(psfs, psf_width, pixel, dtype, device)
    spectra = torch.fft.fft(torch.fft.rfft(shapes, n=period).transpose(1, 2).contiguous(), n=period)
    sums = _sums(period, psf_width // 2, oversample, device)
    return spectra * (sums[: period // 2 + 1, None] * sums / oversample).to(spectra)


def blur(image: Tensor, transfer: Tensor, oversample: int) -> Tensor:
    """Images on a fine grid as a noiseless telescope records them: convolved with the PSF, then summed over sub-pixels.

    Arguments:
        image: (scenes, width, width), flux per sub-pixel.
        transfer: of as many PSFs, or of one for all.
        oversample: sub-pixels along the side of a pixel.

    Returns:
        (scenes, width / oversample, width / oversample), flux per pixel.
    """
    period, width = transfer.shape[2], image.shape[2]
    spectra = _spectra(image, _margin(oversample)) * transfer
    # every oversample-th value of a signal has the sum of so many parts of its spectrum
    folded = reduce(torch.add, spectra.chunk(oversample, dim=2))
    rows = torch.fft.ifft(folded)[:, :, : width // oversample].transpose(1, 2)
    return torch.fft.irfft(rows, n=period)[:, :, :width:oversample].contiguous()


def _spectra(image: Tensor, margin: int) -> Tensor:
    """Spectra of images continued by their edges, transposed."""
    wide = functional.pad(image, (margin, margin), mode="replicate")
    rows = torch.fft.rfft(wide).transpose(1, 2)  # of rows beyond the frame as that of the frame's edge
    below, above = (edge.expand(-1, -1, margin) for edge in (rows[:, :, :1], rows[:, :, -1:]))
    return torch.fft.fft(torch.cat((below, rows, above), dim=2))


def _sums(period: int, centre: int, oversample: int, device: torch.device | str) -> Tensor:
    """Spectrum of the sum over a pixel's sub-pixels, with the frame's corner and the PSF's centre at the origin.

    sum over s of exp(2 pi i f (MARGIN + centre + s) / period), complex128, shape (period,).
    """
    places = _margin(oversample) + centre + torch.arange(oversample, device=device)
    turns = torch.arange(period, device=device)[:, None] * places % period
    angle = turns.double() * (2 * math.pi / period)
    return torch.complex(angle.cos(), angle.sin()).sum(1)


def _margin(oversample: int) -> int:
    """Whole pixels, so that the period holds a whole number of them."""
    return -(-MARGIN // oversample) * oversample
