"""What clusters and classes are read from: a stem, channels made of what it shows, and a backbone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo_core.errors import SpecError
from zoo_core.images.channels import asinh, high_pass

from . import MacroLens
from .backbones import SMALL, backbone
from .stem import Macro, Pixels

__all__ = ["LOOKS", "Contrasted", "Sight", "Trunk"]

LOOKS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "plain": lambda x: x,
    "asinh": lambda x: asinh(x, 3.0),
    "sharp": lambda x: high_pass(x, 1.5, 0.05),
}
"""Channels that the network makes of each of its own; views add noise before, so that every look has it."""


@dataclass(frozen=True)
class Sight:
    """What a network looks at, and through which backbone.

    Arguments:
        channels: of the input.
        size: pixels a side of the images.
        macro: the fit that stands before everything else; None: the pixels as they are.
        model: see `backbones.backbone`.
        options: of the backbone.
        looks: names out of LOOKS.
    """

    channels: int
    size: int = 64
    macro: MacroLens | None = None
    model: str = SMALL
    options: Mapping[str, Any] | None = None
    looks: Sequence[str] = ("plain",)


class Trunk(nn.Module):
    """Features of images; the networks of this plugin share it, so that each can begin with the weights of another."""

    def __init__(self, sight: Sight):
        super().__init__()
        if unknown := [look for look in sight.looks if look not in LOOKS]:
            raise SpecError(f"looks: {', '.join(unknown)} is none of {', '.join(LOOKS)}")
        self.looks = tuple(sight.looks)
        self.stem = Macro(sight.channels, sight.size, **vars(sight.macro)) if sight.macro else Pixels(sight.channels)
        channels = self.stem.channels * len(self.looks)
        self.backbone, self.dimension = backbone(sight.model, channels, sight.options or {})

    def features(self, x: Tensor) -> Tensor:
        """(B, D) of images (B, channels, H, W)."""
        return self.features_of(self.stem(x))

    def features_of(self, seen: Tensor) -> Tensor:
        """(B, D) of what the stem gave, which no stage needs to compute twice."""
        return self.backbone(torch.cat([LOOKS[look](seen) for look in self.looks], dim=1))


class Contrasted(Trunk):
    """A trunk with the projection that contrast is learned through.

    Arguments:
        sight: see `Sight`.
        projected: dimensions of the contrastive embedding.

    Source: Chen et al. (2020), arXiv 2002.05709.
    """

    def __init__(self, sight: Sight, projected: int = 128):
        super().__init__(sight)
        self.projection = nn.Sequential(
            nn.Linear(self.dimension, self.dimension), nn.ReLU(), nn.Linear(self.dimension, projected)
        ).requires_grad_(False)

    def projections_of(self, seen: Tensor) -> Tensor:
        """Contrastive embeddings (B, projected) of unit length, of what the stem gave."""
        return F.normalize(self.projection(self.features_of(seen)), dim=1)

    def contrasting(self, on: bool) -> None:
        """Let the projection, which serves the pretext task alone, learn or not."""
        self.projection.requires_grad_(on)
