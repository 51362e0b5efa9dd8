"""What is normal: statistics of a fit, standardised by how they are distributed over training images."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zoo_core.errors import SpecError
from zoo_core.fit.macrolearn import robust_spread

__all__ = ["STATISTICS", "Normal"]

SHRINKAGE = 0.01  # added to the variances of standardised parameters
LIMIT = 3.0  # standard deviations beyond which a parameter counts as an outlier
SMALLEST = 1e-6  # of what is divided by
STATISTICS = ("residual", "directions", "mass", "parameters")


class Normal(nn.Module):
    """How far statistics of a fit are above the usual ones, in standard deviations, summed.

    The statistics are `residual`, the root mean square of residual over sigma; `directions`, the same in the principal
    directions of the residuals, each over its standard deviation; `mass`, the largest significance of a point mass; and
    `parameters`, the Mahalanobis distance of what was fitted.

    Arguments:
        pixels: of a residual.
        components: principal directions.
        latent_size: numbers that describe a fit.
        statistics: names of those that count.
    """

    typical: Tensor
    directions: Tensor
    centre: Tensor
    precision: Tensor
    usual: Tensor
    spread: Tensor

    def __init__(self, pixels: int, components: int, latent_size: int, statistics: Sequence[str]):
        super().__init__()
        if not statistics or set(statistics) - set(STATISTICS):
            raise SpecError(f"lensfit: statistics are {list(statistics)}; choose some of {', '.join(STATISTICS)}")
        self.counted = [STATISTICS.index(name) for name in statistics]
        self.register_buffer("typical", torch.zeros(pixels))
        self.register_buffer("directions", torch.linalg.qr(torch.randn(pixels, components)).Q)
        self.register_buffer("centre", torch.zeros(latent_size))
        self.register_buffer("precision", torch.eye(latent_size))
        self.register_buffer("usual", torch.zeros(len(STATISTICS)))
        self.register_buffer("spread", torch.ones(len(STATISTICS)))

    def forward(self, residuals: Tensor, significance: Tensor, latent: Tensor) -> Tensor:
        """Score (N,) of residuals over sigma (N, side, side), significances (N, M) and latents (N, latent_size)."""
        standard = (self.statistics(residuals, significance, latent) - self.usual) / self.spread
        return standard[:, self.counted].sum(1)

    def statistics(self, residuals: Tensor, significance: Tensor, latent: Tensor) -> Tensor:
        """All of them (N, 4), in the order of STATISTICS."""
        flat = residuals.flatten(1)
        apart = latent - self.centre
        statistics = (
            flat.square().mean(1).sqrt(),
            ((flat - self.typical) @ self.directions.to(flat)).square().mean(1).sqrt(),
            significance.amax(1),
            (apart @ self.precision.to(apart) * apart).sum(1).clamp(min=0).sqrt(),
        )
        return torch.stack(statistics, dim=1)

    def learn(self, residuals: Tensor, significance: Tensor, latent: Tensor) -> None:
        """Take these N fits as normal; N is more than there are components."""
        flat = residuals.flatten(1)
        self.typical.copy_(flat.mean(0))
        variances, vectors = torch.linalg.eigh((flat - flat.mean(0)).T @ (flat - flat.mean(0)) / len(flat))
        kept = self.directions.shape[1]
        self.directions.copy_(vectors[:, -kept:] / variances[-kept:].clamp(min=SMALLEST).sqrt())
        self.centre.copy_(robust_spread(latent)[0])
        self.precision.copy_(_precision(latent))
        usual, spread = robust_spread(self.statistics(residuals, significance, latent))
        self.usual.copy_(usual)
        self.spread.copy_(spread.clamp(min=SMALLEST))


def _precision(latent: Tensor) -> Tensor:
    """Inverse covariance of (N, D): of the bulk, since a fit that lacks a counter-image strays far."""
    middle, scale = robust_spread(latent)
    scale = scale.clamp(min=SMALLEST)
    standard = ((latent - middle) / scale).clamp(-LIMIT, LIMIT)
    covariance = standard.T @ standard / len(latent)
    covariance = covariance + SHRINKAGE * torch.eye(len(scale)).to(latent)  # shares of amplitudes sum to one
    return torch.linalg.inv(covariance) / scale / scale[:, None]
