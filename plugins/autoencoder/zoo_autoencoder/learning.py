"""Training on ordinary images: descent, then what the score has to know of ordinary residuals."""

from functools import partial

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

import zoo_core as zoo

from .network import Autoencoder

__all__ = ["fit_score", "learn", "varied"]

STAGE = "descent"
BATCH = 128


def learn(network: nn.Module, training: "zoo.Training") -> None:
    """See `Architecture.train`. Settings of the recipe:

    - noise: standard deviation that is added to what the encoder sees, not to what is wanted (Vincent et al. 2008);
    - half_turns: turn half of the images by 180 degrees, for data that have no other symmetry.
    """
    assert isinstance(network, Autoencoder)
    noise, half_turns = float(training.settings.get("noise", 0.0)), bool(training.settings.get("half_turns", False))
    training.descend(STAGE, partial(_loss, noise=noise, half_turns=half_turns), _error)
    fit_score(network, training.images(), half_turns, training.seed)


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


def _loss(
    network: nn.Module, images: Tensor, rows: Tensor, generator: Generator, noise: float, half_turns: bool
) -> Tensor:
    assert isinstance(network, Autoencoder)
    wanted = varied(images, generator) if half_turns else images
    added = noise * torch.randn(wanted.shape, generator=generator).to(wanted)
    return network.objective(wanted + added, wanted, generator)


@torch.no_grad()
def _error(network: nn.Module, training: "zoo.Training") -> float:
    """Mean squared error of the validation images."""
    errors = [F.mse_loss(network(part)[1], part, reduction="sum") for part in training.validation_images().split(BATCH)]
    return float(sum(errors)) / training.validation_images().numel()
