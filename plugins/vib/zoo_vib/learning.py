"""How a bottleneck learns: at the middle beta, then on from there with each, of which validation images choose."""

import logging
from functools import partial

import torch
from torch import Tensor, nn

import zoo_core as zoo

from .network import Bottleneck

__all__ = ["learn", "objective"]

BATCH = 128

log = logging.getLogger("zoo")


def learn(network: Bottleneck, training: "zoo.Training") -> None:
    """Train at the middle beta, go on from there with each, keep the weights with the least validation loss.

    The stages are `middle` and `beta_0`, `beta_1` and so on, in the order of the settings; the recipe gives the latter
    fewer steps.
    """
    betas: tuple[float, ...] = training.settings.betas
    network.encoder.requires_grad_(not training.settings.frozen)
    _descend(network, training, "middle", sorted(betas)[len(betas) // 2])
    middle, losses, trained = _weights(network), [], []
    for number, beta in enumerate(betas):
        network.load_state_dict(middle)
        losses.append(_descend(network, training, f"beta_{number}", beta))
        trained.append(_weights(network))
    best = min(range(len(losses)), key=losses.__getitem__)
    log.info("beta %g is kept", betas[best])
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


def _descend(network: Bottleneck, training: "zoo.Training", stage: str, beta: float) -> float:
    """The loss of the validation images after one stage."""
    training.descend(stage, partial(_loss, beta=beta, heads=training.heads), _unexplained)
    loss = _unexplained(network, training)
    log.info("%s, beta %g: loss of the validation images %.4f", stage, beta, loss)
    return loss


def _weights(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.cpu().clone() for name, tensor in network.state_dict().items()}


def _loss(network: nn.Module, batch: zoo.Batch, beta: float, heads: zoo.Heads) -> Tensor:
    assert isinstance(network, Bottleneck)
    normal = torch.randn(len(batch.images), network.decoder.in_features, generator=batch.generator)
    return objective(network, batch.images, batch.targets, normal.to(batch.images), beta, heads)


def _unexplained(network: nn.Module, training: "zoo.Training") -> float:
    """Loss of the mean over samples, of the validation images."""
    assert isinstance(network, Bottleneck)
    task = network.task
    return training.validation_mean(lambda images, y: task.loss(network(images), y, training.heads), BATCH)
