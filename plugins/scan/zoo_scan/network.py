"""A backbone with two heads: one for contrast, one (or several, of which one is chosen) for clusters."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo_core.errors import SpecError
from zoo_core.images.channels import asinh, high_pass

from .backbones import SMALL, backbone
from .stem import Macro, Pixels

__all__ = ["LOOKS", "Heads", "Scan"]

LOOKS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "plain": lambda x: x,
    "asinh": lambda x: asinh(x, 3.0),
    "sharp": lambda x: high_pass(x, 1.5, 0.05),
}
"""Channels that the network makes of each of its own; views add noise before, so that every look has it."""


class Heads(nn.Module):
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


class Scan(nn.Module):
    """Logits of the clusters, and the embedding that they are read from.

    The projection serves the pretext task alone: it takes no gradient until `contrasting` turns it on.

    Arguments:
        channels: of the input.
        outputs: clusters.
        size: pixels a side of the images.
        macro: arguments of `stem.Macro`, which then stands before everything else; None: the pixels as they are.
        model: see `backbones.backbone`.
        options: of the backbone.
        looks: names out of LOOKS.
        heads: cluster heads that compete.
        projected: dimensions of the contrastive embedding.

    Source: Van Gansbeke et al. (2020), arXiv 2005.12320; Chen et al. (2020), arXiv 2002.05709.
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        size: int = 64,
        macro: Mapping[str, Any] | None = None,
        model: str = SMALL,
        options: Mapping[str, Any] | None = None,
        looks: Sequence[str] = ("plain",),
        heads: int = 1,
        projected: int = 128,
    ):
        super().__init__()
        if outputs < 2:
            raise SpecError(f"clustering needs at least two clusters, got {outputs}")
        if unknown := [look for look in looks if look not in LOOKS]:
            raise SpecError(f"looks: {', '.join(unknown)} is none of {', '.join(LOOKS)}")
        self.looks = tuple(looks)
        self.stem = Macro(channels, size, **macro) if macro else Pixels(channels)
        self.backbone, dimension = backbone(model, self.stem.channels * len(self.looks), options or {})
        self.projection = nn.Sequential(
            nn.Linear(dimension, dimension), nn.ReLU(), nn.Linear(dimension, projected)
        ).requires_grad_(False)
        self.heads = Heads(dimension, outputs, heads)

    def features(self, x: Tensor) -> Tensor:
        """(B, D) of images (B, channels, H, W)."""
        return self.features_of(self.stem(x))

    def features_of(self, seen: Tensor) -> Tensor:
        """(B, D) of what the stem gave, which no stage needs to compute twice."""
        return self.backbone(torch.cat([LOOKS[look](seen) for look in self.looks], dim=1))

    def projections_of(self, seen: Tensor) -> Tensor:
        """Contrastive embeddings (B, projected) of unit length, of what the stem gave."""
        return F.normalize(self.projection(self.features_of(seen)), dim=1)

    def logits_of(self, seen: Tensor) -> Tensor:
        """Logits (B, outputs) of what the stem gave."""
        return self.heads(self.features_of(seen))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, outputs) and features (B, D) of images (B, channels, H, W)."""
        features = self.features(x)
        return self.heads(features), features

    def contrasting(self, on: bool) -> None:
        """Let the projection learn, and not the cluster heads; or the other way round."""
        self.projection.requires_grad_(on)
        self.heads.requires_grad_(not on)
