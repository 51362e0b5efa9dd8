"""Training on ordinary images: descent, then what the score has to know of ordinary residuals."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

import zoo_core as zoo

from .bending import Bending
from .network import Autoencoder
from .synthesis import Supply, supply_of

__all__ = ["Looks", "fit_score", "learn", "varied"]

STAGE = "descent"
BATCH = 128


class Looks:
    """What is seen of a batch of training images, and what is wanted back.

    Arguments:
        settings: of the recipe, see `learn`.
        supply: of synthetic images; not called unless the settings want them.
    """

    def __init__(self, settings: Mapping[str, Any], supply: Callable[[], Supply]):
        self.noise, self.half_turns = float(settings.get("noise", 0.0)), bool(settings.get("half_turns", False))
        self.bending = Bending(**settings.get("bending", {}))
        self.share = float(settings.get("synthetic", {}).get("share", 0.0))
        self.supply = supply

    def __call__(self, images: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Images as the encoder sees them and as they should come back, in the shape of `images`."""
        wanted = varied(images, generator) if self.half_turns else images
        seen = wanted
        if drawn := round(self.share * len(images)):
            grainy, smooth = self.supply().draw(drawn, generator)
            seen = torch.cat([wanted[drawn:], grainy.to(images)])
            wanted = torch.cat([wanted[drawn:], smooth.to(images)])
        added = self.noise * torch.randn(wanted.shape, generator=generator).to(wanted)
        return self.bending(seen, generator) + added, wanted


def learn(network: nn.Module, training: "zoo.Training") -> None:
    """See `Architecture.train`. Settings of the recipe:

    - noise: standard deviation that is added to what the encoder sees, not to what is wanted (Vincent et al. 2008);
    - half_turns: turn half of the images by 180 degrees, for data that have no other symmetry;
    - bending: of what the encoder sees, not of what is wanted, see `Bending`;
    - synthetic: `share` of each batch that is synthetic, out of `count` images of the lens `macro`, see `supply_of`.
    """
    assert isinstance(network, Autoencoder)

    @cache
    def supply() -> Supply:
        wanted = training.settings["synthetic"]
        return supply_of(training.images(), wanted["count"], wanted["macro"], training.seed)

    looks = Looks(training.settings, supply)
    training.descend(STAGE, partial(_loss, looks=looks), _error)
    fit_score(network, training.images(), looks.half_turns, training.seed)


def varied(images: Tensor, generator: Generator) -> Tensor:
    """Each image turned by 180 degrees, or not."""
    turned = (torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5).to(images.device)
    return torch.where(turned, images.flip(-1, -2), images)


@torch.no_grad()
def fit_score(network: Autoencoder, images: Tensor, half_turns: bool, seed: int) -> None:
    """Tell the score what ordinary residuals and latents look like."""
    network.eval()
    looks = [images, images.flip(-1, -2)] if half_turns else [images]
    parts = [part for look in looks for part in look.split(BATCH)]
    latents = [network.encode(part) for part in parts]
    residuals = [part - network.decode(latent) for part, latent in zip(parts, latents, strict=True)]
    network.score.fit(torch.cat(residuals), torch.cat(latents), seed)


def _loss(network: nn.Module, images: Tensor, rows: Tensor, generator: Generator, looks: Looks) -> Tensor:
    assert isinstance(network, Autoencoder)
    return network.objective(*looks(images, generator), generator)


@torch.no_grad()
def _error(network: nn.Module, training: "zoo.Training") -> float:
    """Mean squared error of the validation images."""
    errors = [F.mse_loss(network(part)[1], part, reduction="sum") for part in training.validation_images().split(BATCH)]
    return float(sum(errors)) / training.validation_images().numel()
