"""A lens as a telescope sees it, as a function of few parameters: isothermal mass, shear, source, lens galaxy, PSF.

    image = P [ a_s s(theta - alpha(theta)) + sum_k a_k g_k(theta) ] + a_0

with the Sersic profile s of the source, the Gaussians g_k of the lens galaxy, a constant background and the PSF P. The
amplitudes a are linear. Lengths are arcsec, all derivatives are written out, see `macromodel`.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from .gaussians import Gaussians, widths
from .isothermal import ROUND, ray_slopes, rays
from .macromodel import LENS, SOURCE
from .observed import PER_FWHM, Observed
from .sersic import Sersic

__all__ = ["LIGHT", "PARAMETERS", "LensModel", "Lights", "changed", "named", "value"]

LIGHT = ("light_x", "light_y", "light_e1", "light_e2", "light_twist_1", "light_twist_2")
PARAMETERS = (*LENS, *SOURCE, *LIGHT, "log_fwhm")
"""Those of `macromodel`; centre and ellipticity of the light of the lens galaxy, and how the latter changes outwards
(`gaussians`); log of the FWHM of a Gaussian PSF, which has no say where the PSF is known."""

GAUSSIANS = 14  # of the lens galaxy: from half a pixel to the frame, each some 1.5 times as wide as the one before
FINEST = 0.5  # pixels, standard deviation of the smallest: finer ones are not sampled
SOFTENING = 0.05  # pixels: of the cusp of the source
OFF_CENTRE = 1e-3  # pixels: no ray passes nearer to the middle of the lens, where the deflection has no derivative
LEAST_ELLIPTICITY = 1e-5


class Lights(NamedTuple):
    """What shines, each (B, planes, H, W) of unit amplitude: background, lens galaxy, and source through the lens."""

    background: Tensor
    galaxy: Tensor
    source: Tensor

    def together(self) -> Tensor:
        """All planes, in this order."""
        return torch.cat(self, dim=1)


@dataclass(frozen=True)
class LensModel:
    """The model of B images.

    Arguments:
        observed: for the pixels' places and the PSF; the pixels themselves are not looked at.
        sigma: standard deviations (B, K) of the Gaussians of the lens galaxy, arcsec.
        free: parameters whose derivatives `slopes` gives, in the order of `PARAMETERS`.
        rays: along the side of a pixel.
    """

    observed: Observed
    sigma: Tensor
    free: tuple[str, ...] = PARAMETERS
    rays: int = 1

    @classmethod
    def of(
        cls, observed: Observed, radius: Tensor, free: Collection[str], rays: int = 1, gaussians: int = GAUSSIANS
    ) -> "LensModel":
        """The model of what lies within radii (B,), arcsec, with so many Gaussians."""
        sigma = widths(FINEST * observed.pixel_scale, radius, gaussians)
        return cls(observed, sigma, tuple(name for name in PARAMETERS if name in free), rays)

    def rows(self, rows: Tensor) -> "LensModel":
        """That of some of the images."""
        return LensModel(self.observed.rows(rows), self.sigma[rows], self.free, self.rays)

    def lights(self, parameters: Tensor) -> Lights:
        """The planes of parameters (B, P)."""
        at = named(parameters)
        planes = torch.cat([self._galaxy(at).planes, self._pixels(self._source(at).brightness[:, None])], 1)
        return self._lit(self._image(self._spectra(planes) * self._transfer(at)))

    def slopes(self, parameters: Tensor, galaxy: Tensor, source: Tensor) -> tuple[Lights, Tensor]:
        """The planes, and the derivatives of their sum by the free parameters, (B, free, H, W).

        Arguments:
            parameters: (B, P).
            galaxy, source: amplitudes (B, K) and (B, 1).
        """
        at = named(parameters)
        light, arcs = self._galaxy(at), self._pixels(self._arcs(at))
        shapes = light.slopes(galaxy)[:, [LIGHT.index(name) for name in self.free if name in LIGHT]]
        spectra, transfer = self._spectra(torch.cat([light.planes, arcs, shapes], 1)), self._transfer(at)
        planes, count = self._image(spectra * transfer), self.sigma.shape[1] + 1
        arcs, shapes = planes[:, count:].split([arcs.shape[1] - 1, shapes.shape[1]], 1)
        slopes = [arcs * source[:, :, None, None], shapes]
        if "log_fwhm" in self.free:
            shining = torch.cat([galaxy, source], 1)[:, :, None, None]
            total = (spectra[:, :count] * shining).sum(1, keepdim=True)
            slopes.append(self._image(total * transfer * self._log_transfer(at) * 2))
        return self._lit(planes[:, :count]), torch.cat(slopes, 1)

    def beta(self, at: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Where the rays meet the source plane, relative to the lens, (B, rays H, rays W) each."""
        return rays(*self._lens(at))

    def sources(self, brightness: Tensor, at: Mapping[str, Tensor]) -> Tensor:
        """The images (B, H, W) of sources whose brightness (B, rays H, rays W) the rays meet."""
        return self._image(self._spectra(self._pixels(brightness[:, None])) * self._transfer(at))[:, 0]

    def _lit(self, planes: Tensor) -> Lights:
        return Lights(torch.ones_like(planes[:, :1]), *planes.split([self.sigma.shape[1], 1], 1))

    def _arcs(self, at: Mapping[str, Tensor]) -> Tensor:
        """The source where the rays meet it, and its derivatives by the free parameters of mass and source."""
        profile = self._source(at)
        gradient = profile.gradient()
        planes, moved = [profile.brightness], [name for name in self.free if name in LENS]
        if moved:
            along_x, along_y = ray_slopes(*self._lens(at), names=moved)
            planes += list(gradient[0] * along_x + gradient[1] * along_y)
        return torch.stack(planes + profile.slopes([name for name in self.free if name in SOURCE], gradient), 1)

    def _galaxy(self, value: Mapping[str, Tensor]) -> Gaussians:
        shape = {name.removeprefix("light_"): value[name] for name in LIGHT}
        return Gaussians.at(shape, self.sigma, *self.observed.axes())

    def _source(self, value: Mapping[str, Tensor]) -> Sersic:
        """The source where the rays meet it."""
        scale = self.observed.pixel_scale[:, None, None]
        return Sersic.at(value, *self.beta(value), softening=SOFTENING * scale)

    def _lens(self, value: Mapping[str, Tensor]) -> tuple[Mapping[str, Tensor], Tensor, Tensor, bool]:
        """The lens as `isothermal` has it, and the places of the rays."""
        x, y = self.observed.axes(self.rays)
        tiny = OFF_CENTRE * self.observed.pixel_scale[:, None, None]
        across, along = x - value["lens_x"], y - value["lens_y"]
        x = torch.where(across.abs() < tiny, value["lens_x"] + tiny, x)
        y = torch.where(along.abs() < tiny, value["lens_y"] + tiny, y)
        e1, e2 = value["lens_e1"], value["lens_e2"]
        round_one = torch.hypot(e1, e2) < LEAST_ELLIPTICITY
        e1 = torch.where(round_one, e1 + 2 * LEAST_ELLIPTICITY, e1)
        return {**value, "lens_e1": e1 - ROUND, "lens_e2": e2}, x, y, False

    def _pixels(self, planes: Tensor) -> Tensor:
        """Means over the rays of each pixel."""
        return F.avg_pool2d(planes, self.rays) if self.rays > 1 else planes

    def _spectra(self, planes: Tensor) -> Tensor:
        return torch.fft.rfft2(planes)

    def _image(self, spectra: Tensor) -> Tensor:
        return torch.fft.irfft2(spectra, s=self.observed.pixels.shape[1:])

    def _transfer(self, value: Mapping[str, Tensor]) -> Tensor:
        """Fourier transform (B, 1, H, W / 2 + 1) of the PSF."""
        psf = self.observed.psf
        if psf is None:
            return self._log_transfer(value).exp()
        height, width = self.observed.pixels.shape[1:]
        half = psf.shape[-1] // 2
        wide = F.pad(psf, (0, width - psf.shape[-1], 0, height - psf.shape[-1]))
        return torch.fft.rfft2(wide.roll((-half, -half), (1, 2)))[:, None]

    def _log_transfer(self, value: Mapping[str, Tensor]) -> Tensor:
        """-2 pi^2 sigma^2 f^2 of frequencies f: the log of the transform of a Gaussian, half its slope by log sigma."""
        height, width = self.observed.pixels.shape[1:]
        like, scale = self.observed.pixels, self.observed.pixel_scale[:, None, None]
        f_x, f_y = (torch.fft.rfftfreq(width).to(like)[None, None], torch.fft.fftfreq(height).to(like)[None, :, None])
        sigma = value["log_fwhm"].exp() / PER_FWHM / scale
        return (-2 * math.pi**2 * sigma**2 * (f_x**2 + f_y**2))[:, None]


def named(parameters: Tensor) -> dict[str, Tensor]:
    """Parameters (B, P) by name, (B, 1, 1) each."""
    return {name: parameters[:, k, None, None] for k, name in enumerate(PARAMETERS)}


def value(parameters: Tensor, name: str) -> Tensor:
    """One parameter of rows (B, P), (B,)."""
    return parameters[:, PARAMETERS.index(name)]


def changed(parameters: Tensor, values: Mapping[str, Tensor | float]) -> Tensor:
    """Rows (B, P) with other values, one for all rows or (B,), of some parameters."""
    rows = parameters.clone()
    for name, other in values.items():
        rows[:, PARAMETERS.index(name)] = torch.as_tensor(other).to(rows)
    return rows
