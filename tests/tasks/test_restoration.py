"""What a restoring network's output means, and what it is trained to be."""

import math

import pytest
import torch

from zoo_core.errors import ArgumentError
from zoo_core.tasks import Heads, task_named

TASK, HEADS = task_named("restoration"), Heads(units=("nJy",))


def test_pixels_that_were_not_measured_teach_nothing():
    output, target = torch.zeros(1, 1, 2, 2), torch.tensor([[[[1.0, 3.0], [math.nan, math.nan]]]])
    assert float(TASK.loss(output, target, HEADS)) == 2


def test_a_scale_makes_the_loss_a_likelihood_whose_best_scale_is_the_mean_error():
    error = torch.distributions.Laplace(0.0, 0.7).sample((1, 1, 400, 400))
    losses = {
        b: float(TASK.loss((torch.zeros_like(error), torch.full_like(error, b)), error, HEADS)) for b in (0.5, 0.7, 1.0)
    }
    assert min(losses, key=losses.get) == 0.7
    assert losses[0.7] == pytest.approx(1 + math.log(1.4), abs=0.02)  # the entropy of that distribution


def test_the_scale_becomes_a_standard_deviation():
    image = torch.randn(2, 1, 3, 3)
    prediction = TASK.prediction((image, torch.ones_like(image)), HEADS)
    torch.testing.assert_close(prediction.sigma, torch.full_like(image, math.sqrt(2)))
    assert prediction.unit == "nJy"


def test_views_of_image_and_scale_are_averaged_apart():
    pairs = [(torch.full((1, 1, 2, 2), float(k)), torch.full((1, 1, 2, 2), 10.0 * k)) for k in range(3)]
    image, scale = TASK.average(pairs, HEADS, ())
    assert image.unique().item() == 1 and scale.unique().item() == 10


def test_a_truth_of_another_size_is_an_error():
    with pytest.raises(ArgumentError, match=r"\(1, 1, 4, 4\), the truth \(1, 1, 5, 5\)"):
        TASK.loss(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 5, 5), HEADS)
