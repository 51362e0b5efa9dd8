"""Calibration of probabilities."""

import math
from typing import Any

import torch
from scipy.optimize import minimize_scalar
from torch import Tensor

from ..tasks import Heads, Task

__all__ = ["temperature"]

LIMITS = (0.05, 20.0)
SPREAD = 0.3  # of log T about 0 among networks before anybody looks at images; about that of the published ones


def temperature(outputs: Tensor, targets: Tensor, task: Task, heads: Heads) -> float:
    """What the logits must be divided by so that they are most probable, every class weighing the same.

    Few images hardly tell a temperature, and it stays near 1 then: it maximises the likelihood times a normal
    distribution of log T about 0, of width 0.3, which hundreds of images outweigh.

    Arguments:
        outputs: logits (N, K) or (N, 1) of images that the network was not trained on.
        targets: class of each, (N,).

    Source: Guo, Pleiss, Sun & Weinberger (2017), "On calibration of modern neural networks".
    """
    classes = [targets == label for label in torch.unique(targets)]

    def loss(log_t: float) -> float:
        scaled = outputs / math.exp(log_t)
        mean = sum(float(task.loss(scaled[rows], targets[rows], heads)) for rows in classes) / len(classes)
        return mean * len(targets) + (log_t / SPREAD) ** 2 / 2

    best: Any = minimize_scalar(loss, bounds=tuple(map(math.log, LIMITS)), method="bounded")
    return math.exp(best.x)
