"""Training on ordinary images: descent, then what the score has to know of ordinary residuals."""

import hashlib
from collections.abc import Callable
from functools import cache, partial

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

import zoo_core as zoo

from .network import Autoencoder
from .settings import Settings, Synthetic
from .synthesis import Supply, supply_of

__all__ = ["TrainingPairs", "fit_score", "learn", "varied"]

STAGE = "descent"
BATCH = 128


class TrainingPairs:
    """Inputs and targets of a denoising autoencoder, made of a batch of training images.

    Inputs are corrupted: bent, with noise, some of them synthetic with the grain of a camera. Targets are the images
    without any of it.

    Arguments:
        settings: of the recipe.
        supply: of synthetic images; not called unless the settings want them.
    """

    def __init__(self, settings: Settings, supply: Callable[[], Supply]):
        self.settings, self.supply = settings, supply

    def __call__(self, images: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Input of the encoder and target of the decoder, in the shape of `images`."""
        settings = self.settings
        target = varied(images, generator) if settings.half_turns else images
        clean = target
        if drawn := round((settings.synthetic.share if settings.synthetic else 0) * len(images)):
            grainy, smooth = self.supply().draw(drawn, generator)
            clean = torch.cat([target[drawn:], grainy.to(images)])
            target = torch.cat([target[drawn:], smooth.to(images)])
        added = settings.noise * torch.randn(target.shape, generator=generator).to(target)
        return settings.bending(clean, generator) + added, target


def learn(network: Autoencoder, training: "zoo.Training") -> None:
    """Train by descent, then fit the score; `settings.Settings` has the keys of the recipe."""
    settings: Settings = training.settings

    @cache
    def supply() -> Supply:
        assert settings.synthetic is not None
        return _kept_supply(settings.synthetic, training)

    training.descend(STAGE, partial(_loss, pairs=TrainingPairs(settings, supply)), _error)
    fit_score(network, training.images(), settings.half_turns, training.seed)


def _kept_supply(wanted: Synthetic, training: "zoo.Training") -> Supply:
    """The fits take long: a run that is resumed finds what they gave in its folder."""
    digest = hashlib.sha256(repr((wanted.count, wanted.macro, training.seed)).encode()).hexdigest()[:16]

    @cache
    def made() -> Supply:
        return supply_of(training.images(), wanted.count, wanted.macro, training.seed)

    parts = {part: lambda part=part: getattr(made(), part) for part in ("smooth", "grain", "origin")}
    return Supply(**{part: training.cached(f"{part}-{digest}", make).cpu() for part, make in parts.items()})


def varied(images: Tensor, generator: Generator) -> Tensor:
    """Each image turned by 180 degrees, or not."""
    turned = (torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5).to(images.device)
    return torch.where(turned, images.flip(-1, -2), images)


@torch.no_grad()
def fit_score(network: Autoencoder, images: Tensor, half_turns: bool, seed: int) -> None:
    """Fit the score to the residuals and latents of ordinary images."""
    network.eval()
    turns = [images, images.flip(-1, -2)] if half_turns else [images]
    parts = [part for turned in turns for part in turned.split(BATCH)]
    latents = [network.encode(part) for part in parts]
    residuals = [part - network.decode(latent) for part, latent in zip(parts, latents, strict=True)]
    network.score.fit(torch.cat(residuals), torch.cat(latents), seed)


def _loss(network: nn.Module, batch: zoo.Batch, pairs: TrainingPairs) -> Tensor:
    assert isinstance(network, Autoencoder)
    return network.objective(*pairs(batch.images, batch.generator), batch.generator)


@torch.no_grad()
def _error(network: nn.Module, training: "zoo.Training") -> float:
    """Mean squared error of the validation images."""
    errors = [F.mse_loss(network(part)[1], part, reduction="sum") for part in training.validation_images().split(BATCH)]
    return float(sum(errors)) / training.validation_images().numel()
