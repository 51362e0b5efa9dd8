"""The temperature undoes over-confidence, whatever the mix of classes; the prior says what mix is assumed.

The scales of errors make one sigma hold 68 % of the images, parameter by parameter.
"""

import pytest
import torch

from zoo_core.models.calibration import WITHIN_ONE_SIGMA, error_scales, temperature
from zoo_core.tasks import Calibration, Heads, task_named

HEADS = Heads(classes=("nonlens", "lens"))


def overconfident(n, fraction, factor):
    """Logits that are `factor` times what they should be, of n images with that fraction of positives."""
    generator = torch.Generator().manual_seed(0)
    targets = (torch.rand(n, generator=generator) < fraction).float()
    honest = 2 * (2 * targets - 1) + 2 * torch.randn(n, generator=generator)  # d' = 2: the log likelihood ratio itself
    return factor * honest[:, None], targets


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("fraction", [0.5, 0.1])
def test_it_finds_the_factor_by_which_logits_are_too_large(factor, fraction):
    logits, targets = overconfident(40_000, fraction, factor)

    found = temperature(logits, targets, task_named("classification"), HEADS)

    assert found == pytest.approx(factor, rel=0.05)  # three standard errors of the rarer class


def test_a_few_images_hardly_change_it():
    few, many = (
        temperature(*overconfident(count, 0.4, 3.0), task_named("classification"), HEADS) for count in (30, 3000)
    )

    assert 1 < few < 2.5 < many


@pytest.mark.parametrize("prior", [0.5, 0.2, 0.01])
def test_a_prior_multiplies_the_odds(prior):
    output = torch.tensor([[-3.0], [0.0], [4.0]])

    p = task_named("classification").prediction(output, HEADS, Calibration(2.0, (prior,))).probabilities[:, 1]

    expected = torch.exp(output[:, 0] / 2) * prior / (1 - prior)
    torch.testing.assert_close(p / (1 - p), expected)


def test_a_prior_of_several_classes_weighs_each():
    heads, prior = Heads(classes=("a", "b", "c")), (0.7, 0.2, 0.1)
    output = torch.tensor([[1.0, -2.0, 0.5]])

    found = task_named("classification").prediction(output, heads, Calibration(prior=prior)).probabilities

    expected = torch.tensor(prior) * output.exp()
    torch.testing.assert_close(found, expected / expected.sum())


def test_two_classes_may_give_the_prior_of_both():
    output = torch.tensor([[1.5]])
    task = task_named("classification")

    one, both = (task.prediction(output, HEADS, Calibration(prior=prior)) for prior in ((0.2,), (0.8, 0.2)))

    assert torch.equal(one.probabilities, both.probabilities)


LENS = Heads(parameters=("theta_E", "e1"), units=("arcsec", ""))


def test_scales_of_errors_are_the_factors_by_which_they_are_too_small():
    generator = torch.Generator().manual_seed(2)
    true_sigma = torch.rand(20_000, 2, generator=generator) + 0.1
    outliers = 1 + 50 * (torch.rand(20_000, 2, generator=generator) < 0.01)  # a likelihood would follow these
    targets = true_sigma * outliers * torch.randn(20_000, 2, generator=generator)
    output = torch.cat([torch.zeros(20_000, 2), 2 * (true_sigma / torch.tensor([1.5, 0.4])).log()], 1)

    scales = error_scales(output, targets, task_named("regression"), LENS)
    stated = task_named("regression").prediction(output, LENS, Calibration(error_scales=scales))

    assert scales == pytest.approx((1.5, 0.4), rel=0.04)  # one in a hundred outliers widens it by 1.5 %
    within = (targets.abs() <= stated.covariance.diagonal(dim1=1, dim2=2).sqrt()).double().mean(0)
    torch.testing.assert_close(within, torch.full((2,), WITHIN_ONE_SIGMA, dtype=within.dtype), atol=1e-4, rtol=0)


def test_a_model_without_scales_states_its_errors_to_the_last_bit():
    output = torch.tensor([[0.3, 0.1, -2.0, -4.0]])
    stated = task_named("regression").prediction(output, LENS).covariance.diagonal(dim1=1, dim2=2)
    assert torch.equal(stated, output[:, 2:].exp())
