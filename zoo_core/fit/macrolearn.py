"""What all images of a data set share of their macro-lens, learned from the images."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from caustics.light.func import brightness_sersic, k_sersic
from torch import Tensor

from ..errors import SpecError
from ..typed import read_typed
from .macrofit import CHUNK, MacroFit, binned, fit_macro
from .macromodel import PARAMETERS, MacroModel, source_image

__all__ = ["LensGuess", "elliptical_lights", "learn_macro", "robust_spread", "sersic_light", "with_lens_light"]

OVERSAMPLED = 8  # samples along a pixel of a profile with a cusp
PSF_STEP = 0.1  # relative


@dataclass(frozen=True)
class LensGuess:
    """The first guess of what all images of a data set share, as recipes and registries write it down.

    Arguments:
        pixel: length of the pixels of the images, in the unit of the lengths that follow.
        psf, noise, photon, priors, grid: see `MacroModel`.
        light: R, n, e1, e2 of the lens galaxy, see `elliptical_lights`; None: there is none.

    Raises:
        ValueError: a name is none of a parameter of a macro-lens, or of a lens galaxy.
    """

    pixel: int
    psf: float
    noise: float
    photon: float
    priors: Mapping[str, tuple[float, float]]
    grid: Mapping[str, tuple[float, ...]]
    light: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        try:
            self.model(1)
        except SpecError as error:
            raise ValueError(str(error)) from None

    def model(self, side: int) -> MacroModel:
        """The model of images of so many pixels a side."""
        written = {"binning": self.pixel, "psf": self.psf, "noise": self.noise, "photon": self.photon}
        model = MacroModel.from_mapping(side * self.pixel, written | {"priors": self.priors, "grid": self.grid})
        return with_lens_light(model, self.light) if self.light else model


def sersic_light(
    model: MacroModel, R: float, n: float, e1: float = 0.0, e2: float = 0.0, x: float = 0.0, y: float = 0.0
) -> Tensor:
    """A Sersic profile through the model's PSF, (1, side, side), of unit brightness at R.

    Arguments:
        model: for the frame and the PSF.
        R: geometric mean of the half-light axes, pixels.
        n: Sersic index.
        e1, e2: ellipticity, as in `PARAMETERS`.
        x, y: centre, pixels from that of the frame.
    """
    e = torch.tensor([e1, e2], dtype=torch.float64)
    q, phi = (1 - e.norm()) / (1 + e.norm()), torch.atan2(e[1], e[0]) / 2
    fine = ((torch.arange(model.side * OVERSAMPLED) + 0.5) / OVERSAMPLED - model.side / 2).double() * model.binning
    k = k_sersic(torch.tensor(n, dtype=torch.float64))
    light = brightness_sersic(x, y, q, phi, n, R / q.sqrt(), 1.0, fine[None, :], fine[:, None], k, s=1e-3)
    blur = model.blur(light)
    return (blur @ binned(light[None], OVERSAMPLED) @ blur).float()


def elliptical_lights(model: MacroModel, R: float, n: float, e1: float, e2: float, reach: float = 0.1) -> Tensor:
    """A Sersic profile whose ellipticity varies from image to image, (4, side, side).

    The profile, half of what it changes by when either ellipticity changes by 2 `reach`, and the curvature along the
    first: sums of the four are profiles of all ellipticities that are not much farther away than `reach`.
    """
    middle = sersic_light(model, R, n, e1, e2)
    low, high = (sersic_light(model, R, n, e1 + step, e2) for step in (-reach, reach))
    left, right = (sersic_light(model, R, n, e1, e2 + step) for step in (-reach, reach))
    return torch.cat([middle, (high - low) / 2, (right - left) / 2, (high + low) / 2 - middle])


def with_lens_light(model: MacroModel, content: Mapping[str, float], where: str = "light") -> MacroModel:
    """The model with a lens galaxy, see `elliptical_lights`.

    Arguments:
        model: what stands there without it.
        content: R, n, e1 and e2 of the galaxy.
        where: the beginning of the message of an error.

    Raises:
        SpecError: a name is unknown or missing; it names the valid ones.

    Example:
        >>> with_lens_light(MacroModel(16), {"R": 3.0, "n": 1.0, "e1": 0.1, "e2": 0.0}).light.shape
        torch.Size([4, 16, 16])
    """
    return replace(model, light=elliptical_lights(model, **vars(read_typed(_LensLight, content, where, SpecError))))


def learn_macro(images: Tensor, model: MacroModel, rounds: int = 3) -> MacroModel:
    """The model with PSF, lights and means of the priors as the images say; the spreads stay.

    Each round fits all images, then moves what they share to where the sum of their squared residuals is least.

    Arguments:
        images: (N, size, size) as for `fit_macro`, none of them anomalous.
        model: where to start; its free parameters are fitted, and its light is a first guess.
        rounds: of fits.
    """
    for _ in range(rounds):
        fit = fit_macro(images, model)
        model = _relit(_sharpened(model, fit), fit)
    return _centred(model, fit_macro(images, model))


def robust_spread(values: Tensor) -> tuple[Tensor, Tensor]:
    """Median and standard deviation of the columns (N, D), the latter from the central 68 %."""
    low, middle, high = torch.quantile(values, torch.tensor([0.1587, 0.5, 0.8413]).to(values), dim=0)
    return middle, (high - low) / 2


def _relit(model: MacroModel, fit: MacroFit) -> MacroModel:
    """The lights plus what the residuals have in common in proportion to their amplitudes."""
    if not len(model.light):
        return model
    missing = torch.linalg.lstsq(fit.light_brightness.double(), fit.residuals.flatten(1).double()).solution
    return replace(model, light=model.light + missing.to(model.light).unflatten(1, model.light.shape[1:]))


def _sharpened(model: MacroModel, fit: MacroFit) -> MacroModel:
    """The PSF at the vertex of the parabola through the misfits of three widths, with the source as fitted.

    With M_-, M_0 and M_+ the sums of squared residuals of a PSF that is PSF_STEP narrower, as it is, and wider,

        width' = width [1 + PSF_STEP (M_- - M_+) / (2 (M_- - 2 M_0 + M_+))],

    and no more than one step away.
    """
    here = fit.source_brightness * _sources(model, fit)
    misfits = [fit.residuals.square().sum()]
    for step in (-PSF_STEP, PSF_STEP):
        there = fit.source_brightness * _sources(replace(model, psf=model.psf * (1 + step)), fit)
        misfits.append((fit.residuals + here - there).square().sum())
    middle, below, above = (misfit.item() for misfit in misfits)
    curvature = below - 2 * middle + above
    step = 0.5 * (below - above) / curvature * PSF_STEP if curvature > 0 else 0.0
    return replace(model, psf=model.psf * (1 + min(max(step, -PSF_STEP), PSF_STEP)))


def _sources(model: MacroModel, fit: MacroFit) -> Tensor:
    return torch.cat([source_image(model, part) for part in fit.parameters.split(CHUNK)])


def _centred(model: MacroModel, fit: MacroFit) -> MacroModel:
    medians, _ = robust_spread(fit.parameters)
    for name, median in zip(PARAMETERS, medians.tolist(), strict=True):
        if name in model.free:
            model = model.with_prior(name, median, model.prior(name)[1])
    return model


@dataclass(frozen=True)
class _LensLight:
    """The light of a lens galaxy as recipes and registries write it down."""

    R: float
    n: float
    e1: float
    e2: float
