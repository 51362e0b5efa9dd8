"""How strange a residual is. What a score has to know of ordinary residuals is part of the network's state."""

from collections.abc import Callable

import numpy as np
import torch
from sklearn.decomposition import PCA
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["SCORES", "LatentDistance", "Likelihood", "LocalMaximum", "MeanSquare", "Score", "WhitenedResidual"]

LEAST = 1e-12  # of a variance
TAMED = 1.5  # power of its length by which a vector is divided


class Score(nn.Module):
    """(B,) of residuals (B, C, H, W) and latents (B, D), higher is stranger."""

    def fit(self, residuals: Tensor, latents: Tensor, seed: int) -> None:
        """Learn what is ordinary from images without anomalies."""


class MeanSquare(Score):
    """The published rule: mean squared residual."""

    def forward(self, residual: Tensor, latent: Tensor) -> Tensor:
        """Score (B,) of residuals (B, C, H, W) and latents (B, D)."""
        return residual.square().flatten(1).mean(1)


class LocalMaximum(Score):
    """The largest mean of 3 x 3 pixels of the residual, of either sign."""

    def forward(self, residual: Tensor, latent: Tensor) -> Tensor:
        """Score (B,) of residuals (B, C, H, W) and latents (B, D)."""
        return F.avg_pool2d(residual, 3, stride=1).abs().flatten(1).amax(1)


class Principal(nn.Module):
    """Mean, principal directions and variances of vectors, most of which are ordinary.

    Lengths have a heavy tail: a few images that are reconstructed badly would set directions and variances. So a vector
    counts the less the longer it is, more so than under the spatial sign covariance (Visuri, Koivunen & Oja 2000). That
    finds more of the ordinary images that were magnified or warped, which is how it was chosen.

    Arguments:
        inputs: components of a vector.
        directions: that are kept.
    """

    mean: Tensor
    directions: Tensor
    variances: Tensor
    remainder: Tensor

    def __init__(self, inputs: int, directions: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("directions", torch.eye(inputs, directions))
        self.register_buffer("variances", torch.ones(directions))
        self.register_buffer("remainder", torch.ones(()))  # mean variance of all other directions

    def fit(self, vectors: Tensor, seed: int) -> None:
        """The whitening of vectors (N, inputs)."""
        kept = self.directions.shape[1]
        mean = vectors.double().mean(0)
        tamed = _tamed(vectors.double() - mean)
        found = PCA(kept, svd_solver="randomized", random_state=seed).fit(tamed.cpu().numpy())
        left = tamed.var(0).sum() - found.explained_variance_.sum()
        self.mean.copy_(mean)
        self.directions.copy_(torch.from_numpy(np.array(found.components_).T.copy()))
        self.variances.copy_(torch.from_numpy(found.explained_variance_).clamp(min=LEAST))
        self.remainder.fill_(max(float(left) / max(len(self.mean) - kept, 1), LEAST))

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Squared Mahalanobis distance (B,) in the directions kept, and the squared length of what is left (B,)."""
        centred = vectors - self.mean
        along = centred @ self.directions
        left = centred.square().sum(1) - along.square().sum(1)
        return (along.square() / self.variances).sum(1), left


def _tamed(vectors: Tensor) -> Tensor:
    """Shortened the more the longer they are; of median length they keep it."""
    lengths = vectors.norm(dim=1, keepdim=True)
    typical = lengths.median()
    return vectors * (typical / lengths.clamp(min=1e-3 * typical.clamp(min=LEAST))) ** TAMED


class WhitenedResidual(Score):
    """Mahalanobis distance of the residual in its leading principal directions, squared, per direction.

    Of ordinary images it is of order 1. The many directions of little variance are left out: they are noise, and a
    hundred times as many as those in which the network errs.
    """

    def __init__(self, pixels: int, latent: int, directions: int):
        super().__init__()
        self.residual = Principal(pixels, directions)

    def fit(self, residuals: Tensor, latents: Tensor, seed: int) -> None:
        """See `Score.fit`."""
        self.residual.fit(residuals.flatten(1), seed)

    def forward(self, residual: Tensor, latent: Tensor) -> Tensor:
        """Score (B,) of residuals (B, C, H, W) and latents (B, D)."""
        distance, _ = self.residual(residual.flatten(1))
        return distance / len(self.residual.variances)


class Likelihood(WhitenedResidual):
    """-2 log likelihood of the residual per pixel under probabilistic PCA, without its constant.

    Source: Tipping & Bishop (1999), J. R. Statist. Soc. B 61, 611.
    """

    def forward(self, residual: Tensor, latent: Tensor) -> Tensor:
        """Score (B,) of residuals (B, C, H, W) and latents (B, D)."""
        distance, left = self.residual(residual.flatten(1))
        return (distance + left / self.residual.remainder) / len(self.residual.mean)


class LatentDistance(Score):
    """Mahalanobis distance of the latent, squared, per dimension."""

    def __init__(self, pixels: int, latent: int, directions: int):
        super().__init__()
        self.latent = Principal(latent, latent)

    def fit(self, residuals: Tensor, latents: Tensor, seed: int) -> None:
        """See `Score.fit`."""
        self.latent.fit(latents, seed)

    def forward(self, residual: Tensor, latent: Tensor) -> Tensor:
        """Score (B,) of residuals (B, C, H, W) and latents (B, D)."""
        distance, _ = self.latent(latent)
        return distance / latent.shape[1]


SCORES: dict[str, Callable[[int, int, int], Score]] = {
    "mse": lambda pixels, latent, directions: MeanSquare(),
    "maximum": lambda pixels, latent, directions: LocalMaximum(),
    "whitened": WhitenedResidual,
    "likelihood": Likelihood,
    "latent": LatentDistance,
}
