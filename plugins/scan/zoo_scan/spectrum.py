"""At which scales a smooth lens fails to explain an image: few numbers, whatever the strength of the failure."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from zoo_core.errors import SpecError

__all__ = ["Spectrum", "power"]

SCALES = (0.7, 1.4, 2.8, 5.6)  # pixels: standard deviations of the Gaussians whose differences are the octaves
QUARTILE = 0.4549  # median of the square of a standard normal variable
LEAST = 4.0  # of the noise's power, in parts of sqrt(2 / pixels): less power than that counts as so much


class Spectrum(nn.Module):
    """A perceptron on the steps of a residual's power from octave to octave.

    The steps know the shape of a disturbance and not its strength; and they vanish where no point mass would be
    significant, so that noise has no shape. No direction and no place is left in them.

    Arguments:
        channels: two, the residual and the map of masses of `stem.Macro`.
        width: of the hidden layer, and of the features.
        threshold: of the map's extremes, in its unit of signal to noise, that half a disturbance takes.
        soft: how far around the threshold a disturbance counts in part.
    """

    def __init__(self, channels: int, width: int = 64, threshold: float = 4.5, soft: float = 0.5):
        super().__init__()
        if channels != 2:
            raise SpecError(f"the spectrum is that of a residual beside a map of masses, got {channels} channels")
        self.threshold, self.soft, self.dimension = threshold, soft, width
        self.normalise = nn.BatchNorm1d(len(SCALES) - 1, affine=False)
        self.layers = nn.Sequential(nn.Linear(len(SCALES) - 1, width), nn.ReLU(), nn.Linear(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """Features (batch, width) of (batch, 2, H, W)."""
        return self.layers(self.normalise(self.steps(x)))

    def steps(self, x: Tensor) -> Tensor:
        """Log ratio of the power in each octave to that in the finer one (batch, octaves - 1), 0 where all is noise."""
        residual, masses = x.float().unbind(1)
        found = power(residual)
        significant = torch.sigmoid((masses.abs().amax((1, 2)) - self.threshold) / self.soft)
        return (found[:, 1:] / found[:, :-1]).log() * significant[:, None]


def power(residual: Tensor) -> Tensor:
    """Mean square of images (batch, H, W) in each octave (batch, octaves), beyond that of white noise.

    The noise is estimated from differences of neighbours, by the median, which a disturbance hardly changes. What is
    left of it scatters by 3 to 13 per cent of its power, more in the wider octaves; the floor is 9 per cent of 64 x 64
    pixels.
    """
    blurs = [torch.eye(residual.shape[-1]).to(residual), *(_blur(scale, residual) for scale in SCALES)]
    smooth = [blur @ residual @ blur.T for blur in blurs]
    found = torch.stack([(a - b).square().mean((1, 2)) for a, b in pairwise(smooth)], 1)
    left, right = residual[..., ::2], residual[..., 1::2]
    diagonal = (left[:, ::2] - left[:, 1::2] - right[:, ::2] + right[:, 1::2]) / 2
    noise = diagonal.square().flatten(1).median(1).values / QUARTILE
    expected = noise[:, None] * torch.stack([_passed(a, b) for a, b in pairwise(blurs)])
    least = LEAST * expected * (2 / residual[0].numel()) ** 0.5
    return torch.maximum(found - expected, least).clamp(min=torch.finfo(found.dtype).tiny)


def _blur(scale: float, like: Tensor) -> Tensor:
    """Matrix (side, side) of a Gaussian along one axis; weights at the border add up to one."""
    axis = torch.arange(like.shape[-1]).to(like)
    kernel = torch.exp(-0.5 * ((axis[:, None] - axis) / scale) ** 2)
    return kernel / kernel.sum(1, keepdim=True)


def _passed(fine: Tensor, coarse: Tensor) -> Tensor:
    """Share of the variance of white noise that the difference of two separable blurs lets through."""
    own, other, both = ((a * b).sum() for a, b in ((fine, fine), (coarse, coarse), (fine, coarse)))
    return (own**2 - 2 * both**2 + other**2) / fine.numel()
