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

__all__ = ["CHANNELS", "Contrasted", "Trunk", "TrunkArguments"]

CHANNELS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "plain": lambda x: x,
    "asinh": lambda x: asinh(x, 3.0),
    "sharp": lambda x: high_pass(x, 1.5, 0.05),
}
"""Transforms of a channel, one for each channel of the backbone; views add their noise before."""


@dataclass(frozen=True)
class TrunkArguments:
    """The stem and the backbone of a network, from the arguments of its architecture.

    Arguments:
        channels: of the input.
        size: pixels a side of the images.
        macro: the fit that stands before everything else; None: the pixels as they are.
        model: see `backbones.backbone`.
        options: of the backbone.
        looks: names of CHANNELS, each applied to every channel of the stem.
    """

    channels: int
    size: int = 64
    macro: MacroLens | None = None
    model: str = SMALL
    options: Mapping[str, Any] | None = None
    looks: Sequence[str] = ("plain",)


class Trunk(nn.Module):
    """Features of images; the networks of this plugin share it, so that each can begin with the weights of another."""

    def __init__(self, trunk: TrunkArguments):
        super().__init__()
        if unknown := [name for name in trunk.looks if name not in CHANNELS]:
            raise SpecError(f"looks: {', '.join(unknown)} is none of {', '.join(CHANNELS)}")
        self.looks = tuple(trunk.looks)
        self.stem = Macro(trunk.channels, trunk.size, **vars(trunk.macro)) if trunk.macro else Pixels(trunk.channels)
        channels = self.stem.channels * len(self.looks)
        self.backbone, self.dimension = backbone(trunk.model, channels, trunk.options or {})

    def features(self, x: Tensor) -> Tensor:
        """(B, D) of images (B, channels, H, W)."""
        return self.features_of(self.stem(x))

    def features_of(self, stemmed: Tensor) -> Tensor:
        """(B, D) of what the stem gave, which no stage needs to compute twice."""
        return self.backbone(torch.cat([CHANNELS[name](stemmed) for name in self.looks], dim=1))


class Contrasted(Trunk):
    """A trunk with the projection that contrast is learned through.

    Arguments:
        trunk: see `TrunkArguments`.
        projected: dimensions of the contrastive embedding.

    Source: Chen et al. (2020), arXiv 2002.05709.
    """

    def __init__(self, trunk: TrunkArguments, projected: int = 128):
        super().__init__(trunk)
        self.projection = nn.Sequential(
            nn.Linear(self.dimension, self.dimension), nn.ReLU(), nn.Linear(self.dimension, projected)
        ).requires_grad_(False)

    def projections_of(self, stemmed: Tensor) -> Tensor:
        """Contrastive embeddings (B, projected) of unit length, of what the stem gave."""
        return F.normalize(self.projection(self.features_of(stemmed)), dim=1)

    def contrasting(self, on: bool) -> None:
        """Let the projection, which serves the pretext task alone, learn or not."""
        self.projection.requires_grad_(on)
