"""Where a point mass would explain what a smooth lens leaves: a matched filter at every pixel, by convolution."""

import torch
from torch import Tensor

from zoo_core.fit.macrofit import MacroFit
from zoo_core.fit.macromodel import MacroModel, source_gradient

__all__ = ["mass_map"]

CORE = 1.0  # pixels: a mass nearer to a ray than that deflects less than a point
LEAST = 1e-3  # squared response to a mass, in units of the noise, that is anything but rounding


def mass_map(model: MacroModel, fit: MacroFit, sigma: Tensor) -> Tensor:
    """Signal to noise of a point mass at each pixel, (N, side, side); negative where mass would be taken away.

    A deflection alpha changes the image by - (d brightness / d source position) . alpha, through the PSF. The residual
    of a fit is orthogonal to what the macro-lens can do, so that the numerator is that of
    `zoo_core.fit.macroresponse.significance`; its denominator, here without PSF and macro-lens, makes the metric small.

    Arguments:
        model: that was fitted.
        fit: of N images.
        sigma: noise of their pixels, (N, side, side).
    """
    by_x, by_y = (slope * fit.source_brightness for slope in source_gradient(model, fit.parameters))
    blur = model.blur(sigma)
    weighed = blur @ (fit.residuals / sigma**2) @ blur
    alpha_x, alpha_y = _deflections(sigma)
    found = -_correlated(by_x * weighed, alpha_x) - _correlated(by_y * weighed, alpha_y)
    weight = sigma**-2
    response = _correlated(by_x**2 * weight, alpha_x**2) + _correlated(by_y**2 * weight, alpha_y**2)
    response = response + 2 * _correlated(by_x * by_y * weight, alpha_x * alpha_y)
    return found / response.clamp(min=LEAST).sqrt()


def _deflections(like: Tensor) -> tuple[Tensor, Tensor]:
    """Deflection by a point mass of unit Einstein radius, (2 side - 1, 2 side - 1), by the offset from the mass."""
    side = like.shape[-1]
    offset = torch.arange(1 - side, side).to(like)
    square = offset[:, None] ** 2 + offset**2 + CORE**2
    return offset[None, :] / square, offset[:, None] / square


def _correlated(planes: Tensor, kernel: Tensor) -> Tensor:
    """Sum over rays of planes (N, side, side) times the kernel at the offset from each pixel."""
    side = planes.shape[-1]
    padded = (3 * side, 3 * side)
    spectrum = torch.fft.rfft2(planes, s=padded) * torch.fft.rfft2(kernel.flip(0, 1), s=padded)
    return torch.fft.irfft2(spectrum, s=padded)[..., side - 1 : 2 * side - 1, side - 1 : 2 * side - 1]
