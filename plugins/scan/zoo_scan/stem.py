"""What of an image is compared: its pixels, or what a macro-lens leaves of them.

Contrast finds whatever differs most from image to image, and that is where the source stands. A fit of the macro-lens
takes the source away: its residual holds the substructure, and the fitted lens, shown with a source that is the same
for all and without the shear of its surroundings, holds the mass.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo_core.errors import SpecError
from zoo_core.fit.macrofit import MacroFit, binned, fit_macro
from zoo_core.fit.macromodel import PARAMETERS, MacroModel, changed, source_image

from .masses import mass_map
from .spectrum import QUARTILE

__all__ = ["SHOWN", "Macro", "Pixels"]

GLOW = {"log_R": 1.4, "n": 2.5}
"""Sersic profile from which the light of the lens is learned: half-light radius of 4 pixels."""
STANDARD = {"x": 0.0, "y": 0.0, "log_R": 0.7, "e1": 0.0, "e2": 0.0, "n": 1.0, "gamma_1": 0.0, "gamma_2": 0.0}
"""What stands behind every fitted lens when it is shown: a round source of 2 pixels in the middle, and no shear."""
ROUNDS, FITTED = 3, 256  # in which the light of the lens is learned, and images that serve it
LIMIT = 8.0  # of the residual, in units of the noise
NEIGHBOURS = torch.tensor([[0.0, -0.25, 0.0], [-0.25, 1.0, -0.25], [0.0, -0.25, 0.0]])[None, None]
ON_ARCS = 5.0  # noise of the sky: in brighter pixels of the model the noise of the photons is measured


class Pixels(nn.Module):
    """The pixels as they are.

    Arguments:
        channels: of the input.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        """The input."""
        return x

    def learn(self, images: Tensor) -> None:
        """Nothing."""


class Macro(nn.Module):
    """Images of the fit of a macro-lens to one band.

    Arguments:
        channels: of the input: one.
        size: pixels a side of the input.
        shows: names out of SHOWN, a channel each.
        priors, grid, psf, binning, noise: see `zoo_core.fit.macromodel.MacroModel`; images are scaled to unit peak.
        iterations: of each fit at most.
        photons: least and largest variance of the photon noise of light as bright as the sky's noise, over the variance
            of the latter, over the exposures of the data. That of an image is measured on its light, within these.
        glow: the lens shines, as brightly as each image wants, with a profile that is learned from the images.
    """

    light: Tensor

    def __init__(
        self,
        channels: int,
        size: int,
        shows: Sequence[str],
        priors: Mapping[str, Sequence[float]],
        grid: Mapping[str, Sequence[float]],
        psf: float = 1.5,
        binning: int = 1,
        noise: float = 0.01,
        iterations: int = 15,
        photons: Sequence[float] = (0.0, 0.0),
        glow: bool = False,
    ):
        super().__init__()
        if channels != 1:
            raise SpecError(f"the macro-lens is fitted to one channel, got {channels}")
        if unknown := [name for name in shows if name not in SHOWN]:
            raise SpecError(f"shows: {', '.join(unknown)} is none of {', '.join(SHOWN)}")
        self.shows, self.channels = tuple(shows), len(shows)
        self.iterations, self.photons = iterations, (float(photons[0]), float(photons[1]))
        self.settings = size, dict(priors), dict(grid), psf, binning, noise, self.shows, iterations, self.photons, glow
        written = {"binning": binning, "psf": psf, "noise": noise, "priors": priors, "grid": grid}
        self.model = MacroModel.from_mapping(size, written, "macro")
        self.register_buffer("light", _glow(self.model) if glow else torch.zeros(0, self.model.side, self.model.side))

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """(B, len(shows), side, side) of images (B, 1, size, size)."""
        model, fit = self._fitted(x)
        return torch.stack([SHOWN[name](self, model, fit) for name in self.shows], dim=1).to(x.dtype)

    @torch.no_grad()
    def learn(self, images: Tensor) -> None:
        """Set the light of the lens to what the images have in common beyond the lensed source."""
        for _ in range(ROUNDS if len(self.light) else 0):
            fit = self._fitted(images[:FITTED])[1]
            brightness = fit.light_brightness[:, :1, None]
            missing = (brightness * fit.residuals).sum(0) / brightness.square().sum()
            self.light += missing.to(self.light)

    def _fitted(self, x: Tensor) -> tuple[MacroModel, MacroFit]:
        """The fit, in double precision: the steps of a fit magnify the order in which a batch is summed."""
        pixels = x[:, 0].double()
        peak = binned(pixels, self.model.binning).amax((-2, -1), keepdim=True).clamp(min=1e-12)
        model = replace(self.model, light=self.light)
        return model, fit_macro(pixels / peak, model, iterations=self.iterations)


def _glow(model: MacroModel) -> Tensor:
    return source_image(model, changed(torch.zeros(1, len(PARAMETERS)), GLOW))


def _residual(macro: Macro, model: MacroModel, fit: MacroFit) -> Tensor:
    """The residuals in units of the noise."""
    return (fit.residuals / _noise(fit, *macro.photons)).clamp(-LIMIT, LIMIT)


def _noise(fit: MacroFit, least: float, largest: float) -> Tensor:
    """Noise of each pixel (B, side, side): of the sky, and of photons in proportion to the light.

    Read from how pixels differ from their neighbours, by medians: substructure changes neither much.
    """
    grain = F.conv2d(fit.residuals[:, None], NEIGHBOURS.to(fit.residuals), padding=1).flatten(1)
    variance = grain.square() / NEIGHBOURS.square().sum() / QUARTILE
    light = fit.model_images.flatten(1).clamp(min=0)
    dark = light <= light.median(1, keepdim=True).values
    sky = variance.where(dark, torch.nan).nanmedian(1, keepdim=True).values.clamp(min=1e-12)
    excess = ((variance - sky) / (light * sky.sqrt())).where(light > ON_ARCS * sky.sqrt(), torch.nan)
    photons = excess.nanmedian(1, keepdim=True).values.nan_to_num().clamp(least, largest)
    return (sky + photons * sky.sqrt() * light).sqrt().view_as(fit.residuals)


def _lens(macro: Macro, model: MacroModel, fit: MacroFit) -> Tensor:
    """The standard source behind the fitted lens: a ring as large as its mass."""
    return source_image(model, changed(fit.parameters, STANDARD))


def _masses(macro: Macro, model: MacroModel, fit: MacroFit) -> Tensor:
    return mass_map(model, fit, _noise(fit, *macro.photons))


SHOWN: Mapping[str, Callable[[Macro, MacroModel, MacroFit], Tensor]] = {
    "residual": _residual,
    "lens": _lens,
    "masses": _masses,
}
