"""How the network learns images and their errors together."""

from torch import Tensor, nn

import zoo_core as zoo
from zoo_core.images.expected_noise import ExpectedNoise
from zoo_core.tasks import task_named

from .blended import unit_of
from .restorer import Restorer

__all__ = ["arc_objective", "flux_error", "learn", "objective", "robust_error"]

RESTORATION = task_named("restoration")
FLUX = 1.0  # of the error of the flux of arcs, beside `robust_error`, which is of the order of 0.1


def learn(network: Restorer, training: zoo.Training) -> None:
    """Descend on `objective`, or for arcs on `arc_objective`; keep the weights of the least loss of validation images.

    What is least is the mean absolute error, or for arcs the `robust_error` and FLUX times the `flux_error`: most
    pixels hold no arc, so that an image without any has nearly the least absolute error.
    """
    loss, metric = (_arcs_loss, _unexplained) if network.target == "deblend" else (_loss, _unrestored)
    training.descend("images", loss, metric)


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
        return RESTORATION.loss(output, target, zoo.Heads())
    measured = target.isfinite()
    image, scale = (part[measured] for part in output)
    error = (image - target[measured]).abs()
    return (scale.detach() * (error / scale + scale.log())).mean()


def arc_objective(output: Tensor | tuple[Tensor, Tensor], target: Tensor, noise: Tensor) -> Tensor:
    """`robust_error` of the image, and `objective` of the scale, if there is one, in which the image is as it is.

    Arguments:
        output, target: as of `objective`.
        noise: of each pixel, (B, C, H, W).
    """
    image = _first(output)
    loss = robust_error(image, target, noise)
    if not isinstance(output, tuple):
        return loss
    return loss + objective((image.detach() / noise, output[1] / noise), target / noise)


def robust_error(image: Tensor, target: Tensor, noise: Tensor) -> Tensor:
    """The mean of 2 (sqrt(1 + r^2) - 1), r = (y - t) / noise, over the pixels that were measured: `target` is not NaN.

    It is r^2 of small errors and 2 |r| of large ones: arcs show as soon as they are likely, and what is brighter than
    its noise is taken for an arc or for a galaxy, and not for the share of an arc that it is probable to be.

    >>> import torch
    >>> robust_error(torch.tensor([3.0**0.5, 5.0]), torch.tensor([0.0, torch.nan]), torch.ones(2))
    tensor(2.)
    """
    measured = target.isfinite()
    squared = ((image - target) / noise)[measured].square()
    return 2 * ((1 + squared).sqrt() - 1).mean()


def flux_error(image: Tensor, target: Tensor, noise: Tensor) -> Tensor:
    """How far off the flux of the arcs is, by a matched filter, as a share of it.

    The mean of the images that have any; 0 if none has.

        |1 - sum(w y) / sum(w t)|,   w = t / noise^2

    Under `robust_error` alone arcs that are hard to tell from their galaxy, or from noise, are too faint.

    >>> import torch
    >>> arcs = torch.tensor([[[[0.0, 2.0]]]])
    >>> flux_error(0.5 * arcs, arcs, torch.ones(1, 1, 1, 2))
    tensor(0.5000)
    """
    weights = target.nan_to_num() / noise.square()
    total = (weights * target.nan_to_num()).sum((1, 2, 3))
    found = (weights * image).sum((1, 2, 3))
    shown = total > 0
    return (1 - found[shown] / total[shown]).abs().sum() / shown.sum().clamp(min=1)


def _loss(network: nn.Module, batch: zoo.Batch) -> Tensor:
    return objective(network(batch.images), batch.targets)


def _arcs_loss(network: nn.Module, batch: zoo.Batch) -> Tensor:
    output, noise = network(batch.images), ExpectedNoise.of(batch.images)
    missing = _flux_missed(_first(output), batch.targets, noise)
    return arc_objective(output, batch.targets, _expected(noise)) + missing


def _expected(noise: ExpectedNoise) -> Tensor:
    """`unit_of` it, in the unit of the images: in that of the noise alone few bright arcs are all that is learned."""
    return noise.sigma * unit_of(noise)


def _first(output: Tensor | tuple[Tensor, Tensor]) -> Tensor:
    return output[0] if isinstance(output, tuple) else output


def _unrestored(network: nn.Module, training: zoo.Training) -> float:
    return training.validation_mean(lambda images, target: objective(_first(network(images)), target))


def _unexplained(network: nn.Module, training: zoo.Training) -> float:
    return training.validation_mean(lambda images, target: _arcs_missed(_first(network(images)), target, images))


def _arcs_missed(image: Tensor, target: Tensor, images: Tensor) -> Tensor:
    noise = ExpectedNoise.of(images)
    return robust_error(image, target, _expected(noise)) + _flux_missed(image, target, noise)


def _flux_missed(image: Tensor, target: Tensor, noise: ExpectedNoise) -> Tensor:
    return FLUX * flux_error(image, target, noise.sigma * noise.scale)
