"""The errors that a stage states are carried on, by samples of its images."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import zoo_core as zoo
from zoo_core.errors import ArgumentError
from zoo_core.tasks import Calibration, Heads, task_named

from ..tiny_models import SIZE, tiny_model

PREPARED = ({"op": "frame", "size": SIZE},)
IMAGES = np.random.default_rng(0).normal(size=(3, 1, SIZE, SIZE)).astype(np.float32)


class Stating(nn.Module):
    """The image itself, with the scale of a Laplace distribution of this standard deviation."""

    def __init__(self, sigma):
        super().__init__()
        self.sigma = sigma

    def forward(self, x):
        return x, torch.full_like(x, self.sigma / 2**0.5)


def stating(sigma):
    return replace(tiny_model("restoration", operations=PREPARED), network=Stating(sigma), heads=Heads())


def test_errors_of_all_stages_add_up():
    pipeline = zoo.pipeline([stating(0.3), stating(0.4)], device="cpu", samples=300)
    prediction = pipeline(IMAGES)
    torch.testing.assert_close(prediction.image, torch.from_numpy(IMAGES), atol=0.12, rtol=0)  # 5 sigma of the mean
    assert float(prediction.sigma.square().mean().sqrt()) == pytest.approx(0.5, rel=0.02)
    assert float(pipeline.stages(IMAGES)[0].sigma.mean()) == pytest.approx(0.3)


def test_without_errors_samples_change_nothing_and_with_them_a_finder_doubts():
    finder = tiny_model("classification", operations=PREPARED)
    plain = zoo.pipeline([stating(0.0), finder], device="cpu")(IMAGES).probabilities
    same = zoo.pipeline([stating(0.0), finder], device="cpu", samples=4)(IMAGES).probabilities
    torch.testing.assert_close(same, plain, atol=1e-6, rtol=0)
    doubting = zoo.pipeline([stating(2.0), finder], device="cpu", samples=16)
    assert not torch.allclose(doubting(IMAGES).probabilities, plain, atol=1e-3)
    alone = torch.cat([doubting(IMAGES[[k]]).probabilities for k in range(3)])
    torch.testing.assert_close(alone, doubting(IMAGES).probabilities, atol=1e-6, rtol=0)


@pytest.mark.parametrize("classes, prior", [(2, (0.2,)), (3, (0.2, 0.3, 0.5))])
def test_the_marginal_of_a_classifier_is_the_mean_of_its_probabilities(classes, prior):
    task, heads = task_named("classification"), Heads(classes=tuple("abc"[:classes]))
    calibration = Calibration(1.7, prior)
    outputs = 5 * torch.randn(6, 4, 1 if classes == 2 else 3, generator=torch.Generator().manual_seed(0))
    each = [task.prediction(output, heads, calibration).probabilities for output in outputs]
    marginal = task.prediction(task.marginal(list(outputs), calibration), heads, calibration)
    torch.testing.assert_close(marginal.probabilities, torch.stack(each).mean(0), atol=1e-6, rtol=1e-5)


def test_the_marginal_of_a_regressor_knows_how_far_its_samples_are_apart():
    task, heads = task_named("regression"), Heads(parameters=("theta_E",), units=("arcsec",))
    outputs = [torch.tensor([[1.0, -2.0]]), torch.tensor([[3.0, -2.0]])]
    posterior = task.prediction(task.marginal(outputs, Calibration()), heads)
    assert float(posterior.mean) == 2 and float(posterior.epistemic) == 1
    assert float(posterior.aleatoric) == pytest.approx(np.exp(-2))


def test_samples_that_cannot_be_drawn_or_averaged_are_refused(tiny):
    certain = replace(tiny("restoration", operations=PREPARED), heads=Heads())
    with pytest.raises(ArgumentError, match=r"samples= is 4; .* these members state none: tiny\.test"):
        zoo.pipeline([certain, tiny("classification", operations=PREPARED)], device="cpu", samples=4)
    with pytest.raises(ArgumentError, match="anomaly: what it says of samples of an image cannot be averaged"):
        zoo.pipeline([stating(1.0), tiny("anomaly", operations=PREPARED)], device="cpu", samples=4)
    with pytest.raises(ArgumentError, match="samples is -1; it is 0, or up to"):
        zoo.pipeline([stating(1.0), stating(1.0)], device="cpu", samples=-1)
