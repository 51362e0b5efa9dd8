"""How the network learns images and their errors together."""

from typing import cast

import torch
from torch import Tensor, nn

import zoo_core as zoo

__all__ = ["learn", "missed", "objective"]

BATCH = 64


def learn(network: nn.Module, training: zoo.Training) -> None:
    """Descend on `objective`; keep the weights with the least mean absolute error of the validation images."""
    training.descend("images", _loss, _unrestored)


def objective(output: Tensor | tuple[Tensor, Tensor], target: Tensor) -> Tensor:
    """The likelihood of a Laplace distribution, in which every pixel counts as much as it is wrong.

        L = <[b] (|y - t| / b + ln b)>

    [b] is the number b, which passes no gradient on: that of the image y is the one of the mean absolute error, while b
    becomes the likeliest scale. The likelihood itself divides the first by b, so that bright pixels, whose errors are
    the largest, are hardly learned. Without b it is <|y - t|>.

    Source: Seitzer et al. (2022), arXiv:2203.09168 (beta-NLL), who weight that of a Gaussian.

    Arguments:
        output: y, or y and b, (B, C, H, W) each.
        target: t, (B, C, H, W); NaN where nothing was measured, which does not count.
    """
    if not isinstance(output, tuple):
        return missed(output, target)
    measured = target.isfinite()
    image, scale = (part[measured] for part in output)
    error = (image - target[measured]).abs()
    return (scale.detach() * (error / scale + scale.log())).mean()


def missed(image: Tensor, target: Tensor) -> Tensor:
    """The mean absolute error of the pixels that were measured, where `target` is not NaN.

    >>> missed(torch.tensor([1.0, 5.0]), torch.tensor([3.0, torch.nan]))
    tensor(2.)
    """
    measured = target.isfinite()
    return (image - target)[measured].abs().mean()


def _loss(network: nn.Module, batch: zoo.Batch) -> Tensor:
    return objective(network(batch.images), batch.targets)


@torch.no_grad()
def _unrestored(network: nn.Module, training: zoo.Training) -> float:
    targets = torch.from_numpy(training.validation_targets())
    total = 0.0
    for rows in torch.arange(len(targets)).split(BATCH):
        images = training.validation_images(rows)
        output = network(images)
        image = cast(Tensor, output[0] if isinstance(output, tuple) else output)
        total += float(missed(image, targets[rows].to(image))) * len(rows)
    return total / len(targets)
