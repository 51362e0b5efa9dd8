"""What maps of the convergence mean, and what they are trained to be."""

import math

import pytest
import torch

from zoo_core.tasks import Convergence, Heads, task_named

TASK, HEADS = task_named("convergence"), Heads()


def test_a_map_and_its_sigma_are_as_the_network_gives_them():
    image, sigma = torch.randn(2, 1, 3, 3), torch.full((2, 1, 3, 3), 0.2)
    prediction = TASK.prediction((image, sigma), HEADS)
    assert isinstance(prediction, Convergence) and prediction.unit == "dex"
    torch.testing.assert_close(prediction.sigma, sigma)
    assert TASK.prediction(image, HEADS).sigma is None


def test_the_best_sigma_is_the_rms_error_and_unmeasured_pixels_teach_nothing():
    error = 0.3 * torch.randn(1, 1, 200, 200, generator=torch.Generator().manual_seed(1))
    error[..., :50] = math.nan
    losses = {
        s: float(TASK.loss((torch.zeros_like(error), torch.full_like(error, s)), error, HEADS))
        for s in (0.2, 0.3, 0.45)
    }
    assert min(losses, key=losses.get) == 0.3
    assert losses[0.3] == pytest.approx(0.5 + math.log(0.3), abs=0.02)  # the entropy, up to its constant


def test_without_sigma_the_loss_is_the_mean_absolute_error():
    target = torch.tensor([[[[1.0, 3.0], [math.nan, math.nan]]]])
    assert float(TASK.loss(torch.zeros(1, 1, 2, 2), target, HEADS)) == 2


def test_samples_of_an_image_widen_sigma():
    maps = [(torch.full((1, 1, 2, 2), value), torch.full((1, 1, 2, 2), 0.3)) for value in (-0.4, 0.4)]
    image, sigma = TASK.marginal(maps, None)
    assert image.unique().item() == 0 and sigma.unique().item() == pytest.approx(0.5)
