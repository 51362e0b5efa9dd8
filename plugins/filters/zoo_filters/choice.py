"""Choosing the strength of a filter."""

import logging

import torch

import zoo_core as zoo
from zoo_core.tasks import task_named

from .network import Filter

__all__ = ["train"]

log = logging.getLogger("zoo")


def train(network: Filter, training: zoo.Training) -> None:
    """Set the strength of the least mean absolute error on the training images."""
    images, targets = training.images(), torch.from_numpy(training.targets())
    task, found = task_named("restoration"), {}
    for strength in network.STRENGTHS:
        network.strength.fill_(strength)
        found[strength] = float(task.loss(network(images).cpu(), targets, training.heads))
        log.info("strength %g: mean absolute error %.4f", strength, found[strength])
    network.strength.fill_(min(found, key=found.__getitem__))
