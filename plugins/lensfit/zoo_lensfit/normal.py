"""What is normal: figures of a fit, each standardised by how it is distributed over training images."""

import torch
from torch import Tensor, nn

from zoo_core.sim.macrolearn import robust_spread

__all__ = ["Normal"]

SHRINKAGE = 0.01  # of the parameters' correlations towards none
SMALLEST = 1e-6  # a figure, before its logarithm is taken
FIGURES = 4


class Normal(nn.Module):
    """How far the figures of a fit are above the usual ones, in standard deviations, summed.

    The figures are logarithms of the mean squared residual, of its squared Mahalanobis distance in the principal
    directions of the residuals, of the largest squared significance of a mass, and of the squared Mahalanobis distance
    of what was fitted.

    Arguments:
        pixels: of a residual.
        components: principal directions.
        latent_size: numbers that describe a fit.
        parameters_count: whether the last figure does.
    """

    typical: Tensor
    directions: Tensor
    centre: Tensor
    precision: Tensor
    usual: Tensor
    spread: Tensor

    def __init__(self, pixels: int, components: int, latent_size: int, parameters_count: bool):
        super().__init__()
        self.counted = FIGURES if parameters_count else FIGURES - 1
        self.register_buffer("typical", torch.zeros(pixels))
        self.register_buffer("directions", torch.linalg.qr(torch.randn(pixels, components)).Q)
        self.register_buffer("centre", torch.zeros(latent_size))
        self.register_buffer("precision", torch.eye(latent_size))
        self.register_buffer("usual", torch.zeros(FIGURES))
        self.register_buffer("spread", torch.ones(FIGURES))

    def forward(self, residuals: Tensor, significance: Tensor, latent: Tensor) -> Tensor:
        """Score (N,) of residuals over sigma (N, side, side), significances (N, M) and latents (N, latent_size)."""
        standard = (self.figures(residuals, significance, latent) - self.usual) / self.spread
        return standard[:, : self.counted].sum(1)

    def figures(self, residuals: Tensor, significance: Tensor, latent: Tensor) -> Tensor:
        """The four logarithms (N, 4)."""
        flat = residuals.flatten(1)
        apart = latent - self.centre
        squares = (
            flat.square().mean(1),
            ((flat - self.typical) @ self.directions.to(flat)).square().mean(1),
            significance.square().amax(1),
            (apart @ self.precision.to(apart) * apart).sum(1),
        )
        return torch.stack(squares, dim=1).clamp(min=SMALLEST).log()

    def learn(self, residuals: Tensor, significance: Tensor, latent: Tensor) -> None:
        """Take these N fits as normal; N is more than there are components."""
        flat = residuals.flatten(1)
        self.typical.copy_(flat.mean(0))
        variances, vectors = torch.linalg.eigh((flat - flat.mean(0)).T @ (flat - flat.mean(0)) / len(flat))
        kept = self.directions.shape[1]
        self.directions.copy_(vectors[:, -kept:] / variances[-kept:].clamp(min=SMALLEST).sqrt())
        self.centre.copy_(latent.mean(0))
        self.precision.copy_(_precision(latent))
        usual, spread = robust_spread(self.figures(residuals, significance, latent))
        self.usual.copy_(usual)
        self.spread.copy_(spread.clamp(min=SMALLEST))


def _precision(latent: Tensor) -> Tensor:
    """Inverse covariance of (N, D), finite although the amplitudes' shares sum to one."""
    scale = latent.std(0).clamp(min=SMALLEST)
    correlation = torch.corrcoef((latent / scale).T)
    correlation = (1 - SHRINKAGE) * correlation.nan_to_num() + SHRINKAGE * torch.eye(len(scale)).to(latent)
    return torch.linalg.inv(correlation) / scale / scale[:, None]
