"""Calibration of probabilities, and of the errors of parameters."""

import math
from typing import Any, cast

import torch
from scipy.optimize import minimize_scalar
from torch import Tensor

from ..tasks import Heads, Regression, Task

__all__ = ["error_scales", "temperature"]

WITHIN_ONE_SIGMA = math.erf(1 / math.sqrt(2))
LIMITS = (0.05, 20.0)
ERROR_LIMITS = (1e-3, 1e3)  # as entries may have them
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


def error_scales(outputs: Tensor, targets: Tensor, task: Task, heads: Heads) -> tuple[float, ...]:
    """What each standard deviation must be multiplied by so that one sigma holds 68.27 % of the images.

        s_k = quantile_0.6827 (|y_ik - mu_ik| / sigma_ik) over the images i

    It is a quantile and not the most probable factor, which a few outliers decide. Of n images the share that one
    sigma holds elsewhere is right to 0.47 / sqrt(n), one standard deviation: 2 points from 550 images on.

    Arguments:
        outputs: (N, outputs) of images that the network was not trained on.
        targets: their parameters (N, P).
        task: one that `states_errors`.
        heads: of the network.

    Source: Levi, Gispan, Giladi & Fetaya (2019), "Evaluating and calibrating uncertainty prediction in regression
    tasks", for one factor of all errors, there of the best likelihood; Romano, Patterson & Candes (2019),
    "Conformalized quantile regression", for the quantile of held-out residuals.
    """
    stated = cast(Regression, task.prediction(outputs, heads))
    sigma = stated.covariance.diagonal(dim1=1, dim2=2).sqrt()
    pulls = (targets - stated.mean).abs() / sigma
    return tuple(pulls.double().quantile(WITHIN_ONE_SIGMA, dim=0).clamp(*ERROR_LIMITS).tolist())
