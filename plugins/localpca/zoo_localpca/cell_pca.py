"""Local principal components: planes that many images share."""

from collections.abc import Sequence

import torch
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from torch import Tensor, nn

import zoo_core as zoo
from zoo_core.errors import SpecError, TrainingError

__all__ = ["CellPCA", "localpca", "train"]

LATENT = 12


class CellPCA(nn.Module):
    """The distance of an image from the plane, of many, that comes nearest to it.

    A cell is a mean image and the principal directions about it of the training images that are nearest to one place
    (k-means), each as it is and turned by 180 degrees. Means and directions lie in the space of the leading principal
    components of all images, which makes them small; what an image has outside of that space is left over by all.
    No training image is kept. Images are divided by their brightest pixel first.

    Source: Kambhatla & Leen (1997), Neural Computation 9, 1493; an image belongs to the cell that leaves least over.

    Arguments:
        channels, size: of the images.
        cells: how many there are.
        neighbours: images of a cell, which may be in others too.
        dimensions: of the planes, fewer than the neighbours.
        basis: principal components of all images; no fewer than LATENT.
    """

    mean: Tensor

    def __init__(self, channels: int, size: int, cells: int, neighbours: int, dimensions: int, basis: int):
        super().__init__()
        pixels = channels * size**2
        if not 0 < dimensions < min(neighbours, basis) or not LATENT <= basis <= pixels:
            raise SpecError(
                f"localpca: {dimensions} dimensions, {neighbours} neighbours, a basis of {basis} for {pixels} pixels; "
                f"dimensions must be the fewest, the basis {LATENT} or more"
            )
        self.neighbours = neighbours
        self.register_buffer("mean", torch.rand(pixels))
        # parameters, so that they are stored in half precision; no gradient trains them
        self.basis = nn.Parameter(torch.linalg.qr(torch.randn(pixels, basis)).Q.T, requires_grad=False)
        self.centres = nn.Parameter(torch.randn(cells, basis), requires_grad=False)
        planes = torch.linalg.qr(torch.randn(cells, basis, dimensions)).Q.mT
        self.planes = nn.Parameter(planes.contiguous(), requires_grad=False)

    @torch.no_grad()
    def learn(self, parts: Sequence[Tensor], seed: int) -> None:
        """Take cells from the images (n, channels, size, size) of all parts.

        Raises:
            TrainingError: there are fewer images than cells, neighbours or directions need.
        """
        images = torch.cat([scaled(part)[0] for part in parts])
        both = torch.cat([images, images.flip(-2, -1)]).flatten(1).double()
        needed = max(len(self.centres), self.neighbours, len(self.basis) + 1)
        if len(both) < needed:
            raise TrainingError(f"localpca: {len(images)} images to learn from; these cells need {-(-needed // 2)}")
        whole = PCA(len(self.basis), svd_solver="randomized", random_state=seed).fit(both.cpu().numpy())
        self.mean.copy_(torch.from_numpy(whole.mean_))
        self.basis.copy_(torch.from_numpy(whole.components_))
        places = (both - self.mean) @ self.basis.double().T
        means = KMeans(len(self.centres), n_init="auto", random_state=seed).fit(places.cpu().numpy()).cluster_centers_
        nearest = torch.cdist(torch.from_numpy(means).to(places), places).topk(self.neighbours, largest=False).indices
        for cell, rows in enumerate(nearest):
            centre = places[rows].mean(0)
            self.centres[cell] = centre
            self.planes[cell] = torch.linalg.svd(places[rows] - centre, full_matrices=False).Vh[: self.planes.shape[1]]

    def features(self, x: Tensor) -> Tensor:
        """Coordinates (batch, LATENT) along the principal directions of all training images."""
        return (scaled(x)[0].flatten(1) - self.mean) @ self.basis[:LATENT].T

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Score (batch,), reconstruction in the shape of x, and features.

        The score is the root mean square of what the plane leaves over, in units of the brightest pixel.
        """
        images, peak = scaled(x)
        both = torch.stack([images, images.flip(-2, -1)]).flatten(2).double() - self.mean  # (2, batch, pixels)
        places = both @ self.basis.double().T
        distance, plane = self._nearest(places.flatten(0, 1))
        turned = distance.unflatten(0, (2, -1)).argmin(0)
        rows = torch.arange(len(x)).to(turned)
        chosen = plane.unflatten(0, (2, -1))[turned, rows] @ self.basis.double()
        score = (both[turned, rows] - chosen).square().mean(1).sqrt()
        again = (chosen + self.mean).float().view_as(x)
        again = torch.where(turned.bool()[:, None, None, None], again.flip(-2, -1), again)
        return score.float(), again * peak, self.features(x)

    def _nearest(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Squared distance (n,) of places (n, basis) from the nearest plane, and the nearest point of it (n, basis)."""
        centres, planes = self.centres.double(), self.planes.double()
        along = torch.einsum("nd,ckd->nck", places, planes) - torch.einsum("cd,ckd->ck", centres, planes)
        distance = torch.cdist(places, centres, compute_mode="donot_use_mm_for_euclid_dist").square()
        least = (distance - along.square().sum(2)).min(1)
        chosen = along[torch.arange(len(places)).to(least.indices), least.indices]
        return least.values, centres[least.indices] + (chosen[:, None] @ planes[least.indices])[:, 0]


def localpca(
    channels: int, outputs: int, size: int, cells: int, neighbours: int, dimensions: int, basis: int
) -> CellPCA:
    """The detector with random cells; arguments as of the architecture."""
    return CellPCA(channels, size, cells, neighbours, dimensions, basis)


def train(detector: CellPCA, training: zoo.Training) -> None:
    """Learn from the training images, and from the validation images too: nothing is chosen on them."""
    detector.learn([training.images(), training.validation_images()], training.seed)


def scaled(x: Tensor) -> tuple[Tensor, Tensor]:
    """Images over their brightest pixel, and that pixel (batch, 1, 1, 1)."""
    peak = x.amax((1, 2, 3), keepdim=True).clamp(min=torch.finfo(x.dtype).tiny)
    return x / peak, peak
