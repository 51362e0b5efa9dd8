"""What SCAN must beat: k-means on the features of the pretext task."""

import logging
from typing import Any

import torch
from sklearn.cluster import KMeans
from torch import Tensor
from torch.nn import functional as F

from zoo_core.errors import SpecError
from zoo_core.interfaces import Training

from .mining import mine, neighbour_accuracy
from .pretext import contrast
from .settings import Settings
from .stem_outputs import StemOutputs, in_parts
from .trunk import Contrasted, TrunkArguments

__all__ = ["NearestCentroid", "train"]

STARTS = 10  # of k-means, of which the best is kept

log = logging.getLogger("zoo")


class NearestCentroid(Contrasted):
    """Logits of equal round Gaussians about centroids in feature space, and the features.

    Arguments:
        trunk, projected: see `trunk.Contrasted`.
        outputs: clusters.
        cosine: features are brought to unit length first, as the contrast compares their directions.
    """

    centroids: Tensor
    variance: Tensor

    def __init__(self, trunk: TrunkArguments, outputs: int, projected: int = 128, cosine: bool = False):
        if outputs < 2:
            raise SpecError(f"clustering needs at least two clusters, got {outputs}")
        super().__init__(trunk, projected)
        self.cosine = cosine
        self.register_buffer("centroids", torch.randn(outputs, self.dimension))
        self.register_buffer("variance", torch.tensor(1.0))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, outputs) and features (B, D) of images (B, channels, H, W)."""
        features = self.embedded(self.stem(x))
        offsets = features[:, None] - self.centroids
        return -offsets.square().sum(2) / (2 * self.variance), features

    def embedded(self, stemmed: Tensor) -> Tensor:
        """Features (B, D) that are clustered, of what the stem gave."""
        features = self.features_of(stemmed)
        return F.normalize(features, dim=1) if self.cosine else features


def train(network: NearestCentroid, training: Training) -> None:
    """The stage `simclr`, as of `scan`, from the same first weights under the same seed; then k-means.

    Labels are read only to log how often neighbours share one.

    Source: Lloyd (1982), IEEE Trans. Inf. Theory 28, 129.
    """
    settings: Settings = training.settings
    stem_outputs = StemOutputs.of(network.stem, training)
    contrast(network, training, stem_outputs, settings)
    features = in_parts(network.embedded, stem_outputs.training).double().cpu().numpy()
    share = neighbour_accuracy(mine(features, settings.neighbours), training.targets())
    log.info("kmeans: %.1f %% of %d neighbours have the same label", 100 * share, settings.neighbours)
    starts: Any = STARTS  # declared as the word "auto"
    found = KMeans(len(network.centroids), n_init=starts, random_state=training.seed).fit(features)
    network.centroids.copy_(torch.from_numpy(found.cluster_centers_))
    nearest = network.centroids.cpu().double().numpy()[found.labels_]
    network.variance.fill_(float(((features - nearest) ** 2).mean()))
