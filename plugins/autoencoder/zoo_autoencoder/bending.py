"""Bent images: what mass that is not in the macro-lens does to them.

A denoising autoencoder (Vincent et al. 2008) that is shown bent images and asked for the images as they were learns to
leave out what no ordinary lens shows; a plain one reproduces part of it.
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

__all__ = ["Bending"]

KNOTS = 7  # a side, between which a deflection is smooth


@dataclass(frozen=True)
class Bending:
    """How images are bent.

    Arguments:
        share: of the images that are.
        deflection: root mean square along either axis at the knots, pixels; each image has a strength of its own.
        zoom: standard deviation of the magnification about the centre.
    """

    share: float = 0.0
    deflection: float = 0.6
    zoom: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"share = {self.share} is not between 0 and 1")

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        """Images (B, C, side, side), some of them bent."""
        if not self.share:
            return images
        count, side = len(images), images.shape[-1]
        chosen = torch.rand(count, 1, 1, 1, generator=generator) < self.share
        strength = self.deflection * torch.randn(count, 1, 1, 1, generator=generator).abs()
        knots = torch.randn(count, 2, KNOTS, KNOTS, generator=generator) * strength * 2 / (side - 1)
        shift = F.interpolate(knots, side, mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
        zoom = 1 + self.zoom * torch.randn(count, 1, 1, 1, generator=generator)
        axis = torch.linspace(-1, 1, side)
        places = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1)
        bent = F.grid_sample(images, (places * zoom + shift).to(images), padding_mode="border", align_corners=True)
        return torch.where(chosen.to(images.device), bent, images)
