"""A backbone with two heads: one for contrast, one (or several, of which one is chosen) for clusters."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo_core.errors import SpecError

from .trunk import Contrasted, TrunkArguments

__all__ = ["ClusterHeads", "Scan"]


class ClusterHeads(nn.Module):
    """Linear cluster heads that are trained side by side, of which one gives the answer.

    Arguments:
        dimension: of the features.
        clusters: of each head.
        count: of heads.
    """

    chosen: Tensor

    def __init__(self, dimension: int, clusters: int, count: int):
        super().__init__()
        bound = 1 / math.sqrt(dimension)
        self.weight = nn.Parameter(torch.empty(count, clusters, dimension).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(count, clusters))
        self.register_buffer("chosen", torch.tensor(0))

    def all(self, features: Tensor) -> Tensor:
        """Logits (count, batch, clusters)."""
        return torch.einsum("bd,hkd->hbk", features, self.weight) + self.bias[:, None]

    def forward(self, features: Tensor) -> Tensor:
        """Logits (batch, clusters) of the chosen head."""
        return F.linear(features, self.weight[self.chosen], self.bias[self.chosen])


class Scan(Contrasted):
    """Logits of the clusters, and the embedding that they are read from.

    Arguments:
        trunk, projected: see `trunk.Contrasted`.
        outputs: clusters.
        heads: cluster heads that compete.

    Source: Van Gansbeke et al. (2020), arXiv 2005.12320.
    """

    def __init__(self, trunk: TrunkArguments, outputs: int, heads: int = 1, projected: int = 128):
        if outputs < 2:
            raise SpecError(f"clustering needs at least two clusters, got {outputs}")
        super().__init__(trunk, projected)
        self.heads = ClusterHeads(self.dimension, outputs, heads)

    def logits_of(self, stemmed: Tensor) -> Tensor:
        """Logits (B, outputs) of what the stem gave."""
        return self.heads(self.features_of(stemmed))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, outputs) and features (B, D) of images (B, channels, H, W)."""
        features = self.features(x)
        return self.heads(features), features

    def contrasting(self, on: bool) -> None:
        """Let the projection learn, and not the cluster heads; or the other way round."""
        super().contrasting(on)
        self.heads.requires_grad_(not on)
