"""How much better a small mass somewhere would make the fit of a smooth lens: a matched filter for subhalos.

To first order a deflection delta alpha changes the image, of a source of brightness s(beta), by

    t = - P (d s / d beta) . delta alpha,

where P is the PSF. What macro-lens, source and other lights can do as well, the columns of M, is taken out before t is
compared with the residual r, all in units of sigma, so that the significance is that of the mass alone:

    t' = t - M (M^T M)^-1 M^T t,    S/N = t' . r / |t'|.

Source: Koopmans (2005), MNRAS 363, 1136, for the linear response; here one point mass at a time. The filter is that of
Turin (1960), IRE Trans. Inf. Theory 6, 311, for white noise.
"""

import torch
from caustics.lenses.func import reduced_deflection_angle_point
from torch import Tensor

from .macrofit import MacroFit
from .macromodel import MacroModel, derivatives, source_gradient

__all__ = ["rings", "significance"]

CHUNK = 8  # images whose responses fit into a cache
CORE = 1.0  # pixels: a mass nearer to a ray than that deflects less than a point
RIDGE = 1e-6  # of the macro-lens's own responses, of unit norm
FAINTEST = 1e-3  # squared norm of a response, in units of sigma, that is anything but rounding


def rings(radii: tuple[float, ...], masses: tuple[int, ...]) -> Tensor:
    """Positions (M, 2) spread evenly on circles about the lens: so many on each.

    >>> rings((8.0, 11.0), (2, 3)).norm(dim=1).round()
    tensor([ 8.,  8., 11., 11., 11.])
    """
    angles = [2 * torch.pi * (torch.arange(count) + 0.5) / count for count in masses]
    circles = [radius * torch.stack([angle.cos(), angle.sin()], 1) for radius, angle in zip(radii, angles, strict=True)]
    return torch.cat(circles)


def significance(model: MacroModel, fit: MacroFit, positions: Tensor) -> Tensor:
    """Signal to noise (N, M) of a point mass at each position, negative where mass would have to be taken away.

    With r the response of the image to the mass, M the responses of the macro-lens and of the other lights, and d the
    residuals of the fit, all over sigma,

        S/N = r_perp d / |r_perp|,    r_perp = r - r M^T (M M^T)^-1 M

    is that of a matched filter for what the smooth lens cannot take up.

    Arguments:
        model: that was fitted.
        fit: of N images.
        positions: (M, 2), pixels from the centre of the frame.
    """
    deflections = _deflections(model, positions.to(fit.parameters))
    parts = [slice(start, start + CHUNK) for start in range(0, len(fit.parameters), CHUNK)]
    return torch.cat([_of_some(model, fit, part, deflections) for part in parts])


def _deflections(model: MacroModel, positions: Tensor) -> tuple[Tensor, Tensor]:
    axis = model.axis(positions)
    x0, y0 = positions[:, :, None, None].unbind(1)
    return reduced_deflection_angle_point(x0, y0, torch.ones_like(x0), axis[None, None, :], axis[None, :, None], CORE)


def _of_some(model: MacroModel, fit: MacroFit, part: slice, deflections: tuple[Tensor, Tensor]) -> Tensor:
    """S/N (n, M) of some of the images; `RIDGE` is added to M^T M, whose columns may be alike."""
    parameters, weight = fit.parameters[part], 1 / fit.sigma[part].flatten(1)[:, None]
    by_x, by_y = source_gradient(model, parameters)
    blur = model.blur(parameters)
    moved = -(by_x[:, None] * deflections[0] + by_y[:, None] * deflections[1])
    response = (blur @ moved @ blur).flatten(2) * weight * fit.source_brightness[part]
    others = model.others(parameters).flatten(1).expand(len(parameters), -1, -1)
    macro = torch.cat([derivatives(model, parameters).flatten(2), others], dim=1) * weight
    macro = macro / macro.norm(dim=2, keepdim=True).clamp(min=torch.finfo(macro.dtype).tiny)
    overlap = macro @ macro.mT + RIDGE * torch.eye(macro.shape[1]).to(macro)
    response = response - (response @ macro.mT) @ torch.linalg.solve(overlap, macro)
    found = (response @ (fit.residuals[part].flatten(1)[..., None] * weight.mT))[..., 0]
    return found / response.square().sum(2).clamp(min=FAINTEST).sqrt()
