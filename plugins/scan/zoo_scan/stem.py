"""What of an image is compared: its pixels, or what a macro-lens leaves of them.

Contrast finds whatever differs most from image to image, and that is where the source stands. A fit of the macro-lens
takes the source away: its residual holds the substructure, and the fitted lens, shown with a source that is the same
for all, holds the mass.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from zoo_core.errors import SpecError
from zoo_core.sim.macrofit import MacroFit, binned, fit_macro
from zoo_core.sim.macromodel import PARAMETERS, MacroModel, source_image

__all__ = ["SHOWN", "Macro", "Pixels"]

GLOW = {"log_R": 1.4, "n": 2.5}
"""Sersic profile from which the light of the lens is learned: half-light radius of 4 pixels."""
STANDARD = {"x": 0.0, "y": 0.0, "log_R": 0.7, "e1": 0.0, "e2": 0.0, "n": 1.0}
"""The source behind which every fitted lens is shown: round, 2 pixels, in the middle."""
ROUNDS, FITTED = 3, 256  # in which the light of the lens is learned, and images that serve it
LIMIT = 8.0  # of the residual, in units of the noise


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
    """What a fit of the macro-lens to one band says.

    Arguments:
        channels: of the input: one.
        size: pixels a side of the input.
        shows: names out of SHOWN, a channel each.
        priors, grid, psf, binning, noise: see `zoo_core.sim.macromodel.MacroModel`; images are scaled to unit peak.
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
        glow: bool = False,
    ):
        super().__init__()
        if channels != 1:
            raise SpecError(f"the macro-lens is fitted to one channel, got {channels}")
        if unknown := [name for name in shows if name not in SHOWN]:
            raise SpecError(f"shows: {', '.join(unknown)} is none of {', '.join(SHOWN)}")
        self.shows, self.channels = tuple(shows), len(shows)
        self.model = MacroModel(
            size,
            binning,
            psf,
            {name: (float(mean), float(deviation)) for name, (mean, deviation) in priors.items()},
            {name: tuple(map(float, values)) for name, values in grid.items()},
            noise=noise,
        )
        self.register_buffer("light", _glow(self.model) if glow else torch.zeros(0, self.model.side, self.model.side))

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """(B, len(shows), side, side) of images (B, 1, size, size)."""
        model, fit = self._fitted(x)
        return torch.stack([SHOWN[name](model, fit) for name in self.shows], dim=1)

    @torch.no_grad()
    def learn(self, images: Tensor) -> None:
        """Set the light of the lens to what the images have in common beyond the lensed source."""
        for _ in range(ROUNDS if len(self.light) else 0):
            fit = self._fitted(images[:FITTED])[1]
            brightness = fit.amplitudes[:, 2, None, None]
            self.light += (brightness * fit.residuals).sum(0) / brightness.square().sum()

    def _fitted(self, x: Tensor) -> tuple[MacroModel, MacroFit]:
        peak = binned(x[:, 0], self.model.binning).amax((-2, -1)).clamp(min=1e-12)
        model = replace(self.model, light=self.light)
        return model, fit_macro(x[:, 0] / peak[:, None, None], model)


def _glow(model: MacroModel) -> Tensor:
    return source_image(model, _changed(torch.zeros(1, len(PARAMETERS)), GLOW))


def _residual(model: MacroModel, fit: MacroFit) -> Tensor:
    """In units of its own noise, robustly estimated."""
    centred = fit.residuals - fit.residuals.flatten(1).median(1).values[:, None, None]
    noise = 1.4826 * centred.abs().flatten(1).median(1).values
    return (centred / noise.clamp(min=1e-6)[:, None, None]).clamp(-LIMIT, LIMIT)


def _lens(model: MacroModel, fit: MacroFit) -> Tensor:
    """The standard source behind the fitted lens: a ring as large as the mass, as drawn out as the shear."""
    return source_image(model, _changed(fit.parameters, STANDARD))


def _changed(parameters: Tensor, values: Mapping[str, float]) -> Tensor:
    changed = parameters.clone()
    for name, value in values.items():
        changed[:, PARAMETERS.index(name)] = value
    return changed


SHOWN: Mapping[str, Callable[[MacroModel, MacroFit], Tensor]] = {"residual": _residual, "lens": _lens}
