"""Local principal components of remembered images."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zoo_core.errors import SpecError, TrainingError

__all__ = ["LocalPCA"]

LATENT = 12


class LocalPCA(nn.Module):
    """The distance of an image from the plane through its nearest neighbours.

    Every image is divided by its brightest pixel first, so that its unit does not matter. A neighbour may be turned by
    180 degrees, which a lens survives whatever the direction of its shear.

    Source: Kambhatla & Leen (1997), Neural Computation 9, 1493.

    Arguments:
        channels, size: of the images.
        images: that are remembered.
        neighbours: of an image.
        dimensions: of the plane, fewer than its neighbours.
    """

    mean: Tensor
    directions: Tensor

    def __init__(self, channels: int, size: int, images: int, neighbours: int, dimensions: int):
        super().__init__()
        if not 0 < dimensions < neighbours <= images:
            raise SpecError(
                f"localpca: {dimensions} dimensions, {neighbours} neighbours, {images} images; each must be more"
            )
        self.neighbours, self.dimensions = neighbours, dimensions
        pixels = channels * size**2
        # a parameter, so that it is stored in half precision; no gradient trains it
        self.memory = nn.Parameter(torch.rand(images, channels, size, size), requires_grad=False)
        self.register_buffer("mean", torch.rand(pixels))
        self.register_buffer("directions", torch.linalg.qr(torch.randn(pixels, LATENT)).Q)

    @torch.no_grad()
    def learn(self, parts: Sequence[Tensor], seed: int) -> None:
        """Take the images (n, channels, size, size) of all parts into the memory; nothing is drawn with the seed.

        Raises:
            TrainingError: they are not as many as the memory holds.
        """
        images = torch.cat([scaled(part)[0] for part in parts])
        if len(images) != len(self.memory):
            count = len(images)
            raise TrainingError(f"localpca: there are {count} images to remember; set arguments: {{images: {count}}}")
        self.memory.copy_(images)
        self.mean.copy_(images.flatten(1).mean(0))
        centred = images.flatten(1).double() - self.mean
        self.directions.copy_(torch.linalg.eigh(centred.T @ centred).eigenvectors[:, -LATENT:].flip(1))

    def features(self, x: Tensor) -> Tensor:
        """Coordinates (batch, LATENT) along the principal directions of all remembered images."""
        return (scaled(x)[0].flatten(1) - self.mean) @ self.directions

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Score (batch,), reconstruction in the shape of x, and features.

        The score is the root mean square of what the plane leaves over, in units of the brightest pixel. The plane is
        that of the neighbours' principal components, which their scalar products give: with deviations D (k, pixels)
        from their mean and D D^T = U S^2 U^T, the directions are D^T U / S.
        """
        images, peak = scaled(x)
        flat = images.flatten(1).double()
        near = self._neighbours(images)
        centre = near.mean(1)
        deviations, offset = near - centre[:, None], flat - centre
        variance, vectors = torch.linalg.eigh(deviations @ deviations.mT)  # ascending
        variance, vectors = variance[:, -self.dimensions :], vectors[..., -self.dimensions :]
        along = (vectors.mT @ (deviations @ offset[..., None])) / variance.clamp(min=1e-12)[..., None]
        plane = centre + (deviations.mT @ (vectors @ along))[..., 0]
        score = (flat - plane).square().mean(1).sqrt()
        return score.float(), plane.float().view_as(x) * peak, self.features(x)

    def _neighbours(self, images: Tensor) -> Tensor:
        """The nearest remembered images (batch, neighbours, pixels), float64, turned where that brings them nearer."""
        memory = self.memory.flatten(1).double()
        norm = memory.square().sum(1)
        # a turned neighbour is as far from an image as the neighbour is from the turned image
        distance = [norm - 2 * looked.flatten(1).double() @ memory.T for looked in (images, images.flip(-2, -1))]
        nearest, turned = torch.stack(distance).min(0)
        rows = nearest.topk(self.neighbours, dim=1, largest=False).indices
        found = self.memory[rows]
        is_turned = turned.gather(1, rows).bool()[..., None, None, None]
        return torch.where(is_turned, found.flip(-2, -1), found).flatten(2).double()


def scaled(x: Tensor) -> tuple[Tensor, Tensor]:
    """Images over their brightest pixel, and that pixel (batch, 1, 1, 1)."""
    peak = x.amax((1, 2, 3), keepdim=True).clamp(min=torch.finfo(x.dtype).tiny)
    return x / peak, peak
