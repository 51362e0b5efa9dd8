"""How a bottleneck learns: with each beta from the same start, of which validation images choose."""

import logging
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

import zoo_core as zoo

from .network import Bottleneck

if TYPE_CHECKING:
    from . import Settings

__all__ = ["learn", "objective"]

BATCH = 128

log = logging.getLogger("zoo")


def learn(network: Bottleneck, training: "zoo.Training") -> None:
    """Train with each beta of the settings; keep the weights with the least loss of the validation images."""
    settings: Settings = training.settings
    start = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    losses, trained = [], []
    for number, beta in enumerate(settings.betas):
        network.load_state_dict(start)
        training.descend(f"beta_{number}", partial(_loss, beta=beta, heads=training.heads), _unexplained)
        losses.append(_unexplained(network, training))
        trained.append({name: tensor.cpu().clone() for name, tensor in network.state_dict().items()})
        log.info("beta %g: loss of the validation images %.4g", beta, losses[-1])
    best = min(range(len(losses)), key=losses.__getitem__)
    log.info("beta %g is kept", settings.betas[best])
    network.load_state_dict(trained[best])


def objective(
    network: Bottleneck, images: Tensor, targets: Tensor, normal: Tensor, beta: float, heads: zoo.Heads
) -> Tensor:
    """What is minimised: the loss of the answers to a sample of the latent, and what the latent is told.

        L = E_q(z | x) [-ln q(y | z)] + beta KL(q(z | x) || N(0, 1))

    Source: Alemi et al. (2017), arXiv:1612.00410.

    Arguments:
        network: the bottleneck.
        images, targets: of a batch.
        normal: numbers of the normal distribution, (B, latent).
        beta: price of a nat.
        heads: of the network.
    """
    answers, nats = network.answered(images, normal)
    return network.task.loss(answers, targets, heads) + beta * nats.mean()


def _loss(network: nn.Module, batch: zoo.Batch, beta: float, heads: zoo.Heads) -> Tensor:
    assert isinstance(network, Bottleneck)
    normal = torch.randn(len(batch.images), network.decoder.in_features, generator=batch.generator)
    return objective(network, batch.images, batch.targets, normal.to(batch.images), beta, heads)


@torch.no_grad()
def _unexplained(network: nn.Module, training: "zoo.Training") -> float:
    """Loss of the mean over samples, of the validation images."""
    assert isinstance(network, Bottleneck)
    targets = torch.from_numpy(training.validation_targets())
    total = 0.0
    for rows in torch.arange(len(targets)).split(BATCH):
        images = training.validation_images(rows)
        loss = network.task.loss(network(images), targets[rows].to(images), training.heads)
        total += float(loss) * len(rows)
    return total / len(targets)
