"""What a regression states: Gaussians with and without correlations, mixtures of them, and draws."""

import math
from dataclasses import replace

import pytest
import torch
from torch.distributions import MultivariateNormal

import zoo_core as zoo
from zoo_core.errors import SpecError
from zoo_core.models.dropout import MonteCarloDropout
from zoo_core.symmetries import Angle, average_gaussians, recognised, turned
from zoo_core.tasks import Calibration, Heads, task_named
from zoo_core.tasks.likelihoods import Diagonal, Full, likelihood_of

from ..tiny_models import tiny_model

TASK = task_named("regression")
NAMES = ("theta_E", "e1", "e2", "x", "y")
FULL = Heads(parameters=NAMES, units=("arcsec", "", "", "arcsec", "arcsec"), likelihood="full")


def rows(count, likelihood, seed=0):
    return torch.randn(count, likelihood.outputs, generator=torch.Generator().manual_seed(seed)) / 2


@pytest.mark.parametrize("kind", [Diagonal, Full])
def test_the_likelihood_is_that_of_the_gaussian_it_states(kind):
    likelihood = kind(5)
    output, target = rows(7, likelihood), torch.randn(7, 5, generator=torch.Generator().manual_seed(1))

    mean, covariance = likelihood.gaussian(output)
    expected = -MultivariateNormal(mean.double(), covariance.double()).log_prob(target.double())

    found = likelihood.nll(output, target).double() + 2.5 * math.log(2 * math.pi)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)  # single precision


@pytest.mark.parametrize("kind", [Diagonal, Full])
def test_a_row_of_outputs_comes_back_from_its_gaussian(kind):
    likelihood = kind(5)
    output = rows(7, likelihood).unflatten(0, (1, 7))
    torch.testing.assert_close(likelihood.output_of(*likelihood.gaussian(output)), output, rtol=1e-4, atol=1e-4)


def test_a_new_head_begins_at_the_mean_and_variance_of_the_training_images():
    known = torch.tensor([[1.0, 0.1], [3.0, 0.5], [2.0, 0.3]]).numpy()
    for heads in (Heads((), ("theta_E", "q"), ("", "")), Heads((), ("theta_E", "q"), ("", ""), "full")):
        mean, covariance = likelihood_of(heads).gaussian(torch.from_numpy(TASK.first_output(lambda: known, heads)))
        torch.testing.assert_close(mean, torch.tensor([2.0, 0.3]))
        torch.testing.assert_close(covariance, torch.diag(torch.from_numpy(known.var(0))))


def test_a_likelihood_that_there_is_not_is_refused():
    with pytest.raises(SpecError, match="'correlated'; it must be one of diagonal, full"):
        TASK.outputs(Heads(parameters=("q",), units=("",), likelihood="correlated"))


def test_several_gaussians_have_the_covariance_of_the_law_of_total_variance():
    output = rows(12, Full(5)).unflatten(0, (2, 6))

    posterior = TASK.prediction(output, FULL)
    draws = posterior.samples(40_000, generator=3).double()

    torch.testing.assert_close(posterior.covariance, posterior.aleatoric + posterior.epistemic)
    spread = posterior.covariance.diagonal(dim1=1, dim2=2).sqrt()
    error = spread / 200  # of the mean of 40,000 draws
    assert ((draws.mean(0) - posterior.mean).abs() < 4.5 * error).all()
    apart = (draws - draws.mean(0)) / spread
    expected = posterior.covariance / (spread[:, :, None] * spread[:, None, :])
    found = torch.einsum("nbj,nbk->bjk", apart, apart) / len(draws)
    torch.testing.assert_close(found, expected.double(), atol=0.04, rtol=0)  # tails of the mixture widen the error


def test_draws_are_a_function_of_their_seed_and_leave_the_global_state():
    posterior, before = TASK.prediction(rows(3, Full(5)), FULL), torch.random.get_rng_state()
    assert torch.equal(posterior.samples(4, 7), posterior.samples(4, torch.Generator().manual_seed(7)))
    assert not torch.equal(posterior.samples(4, 7), posterior.samples(4, 8))
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_loss_of_a_mixture_is_that_of_its_density():
    output, target = rows(6, Full(5)).unflatten(0, (2, 3)), torch.zeros(2, 5)
    densities = torch.stack([(-Full(5).nll(output[:, m], target)).exp() for m in range(3)])
    torch.testing.assert_close(TASK.loss(output, target, FULL), -densities.mean(0).log().mean())


def test_scaled_errors_scale_the_whole_mixture():
    output, scales = rows(6, Full(5)).unflatten(0, (2, 3)), (0.5, 1.0, 2.0, 1.0, 3.0)
    plain, scaled = TASK.prediction(output, FULL), TASK.prediction(output, FULL, Calibration(error_scales=scales))
    factors = torch.tensor(scales)
    torch.testing.assert_close(scaled.covariance, plain.covariance * factors[:, None] * factors)
    one = TASK.prediction(TASK.output_of(scaled, FULL, Calibration()), FULL)  # as a committee hands it on
    torch.testing.assert_close(one.covariance, scaled.covariance, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(one.epistemic, scaled.epistemic, rtol=1e-3, atol=1e-4)


def test_covariances_of_turned_images_turn_back_to_one():
    mean, covariance = Full(5).gaussian(rows(1, Full(5)))
    symmetries = recognised(NAMES)
    outputs = []
    for number in range(8):
        R = turned(torch.eye(5), NAMES, symmetries, torch.full((5,), number)).T
        outputs.append(Full(5).output_of(mean @ R.T, R @ covariance @ R.T))

    found = TASK.prediction(TASK.average(outputs, FULL, symmetries), FULL)

    torch.testing.assert_close(found.mean, mean, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found.covariance, covariance, rtol=1e-3, atol=1e-3)


def test_a_mirror_image_turns_the_correlation_with_an_angle_around():
    symmetries = (*recognised(("q",)), Angle("phi"))
    gaussians = []
    for number in range(8):
        mean = turned(torch.tensor([[0.5, 0.3]]), ("q", "phi"), symmetries, torch.tensor([number]))
        sign = 1 if number < 4 else -1
        gaussians.append((mean, torch.tensor([[[1.0, 0.5 * sign], [0.5 * sign, 1.0]]])))

    mean, covariance = average_gaussians(gaussians, ("q", "phi"), symmetries)

    torch.testing.assert_close(mean, torch.tensor([[0.5, 0.3]]))
    torch.testing.assert_close(covariance, torch.tensor([[[1.0, 0.5], [0.5, 1.0]]]))


def test_a_committee_of_regressors_is_the_mixture_of_its_calibrated_members():
    scaled, tiny = Calibration(error_scales=(2, 3)), tiny_model("regression")
    first = replace(tiny, id="tiny.a", weights_sha256="a" * 64, calibration=scaled)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        network = type(first.network)(1, 4).eval()
    second = replace(tiny, id="tiny.b", weights_sha256="b" * 64, network=network)
    images = torch.randn(3, 1, 25, 25, generator=torch.Generator().manual_seed(0))

    together = zoo.committee([first, second], device="cpu")(images)

    a, b = first(images), second(images)
    torch.testing.assert_close(together.mean, (a.mean + b.mean) / 2)
    torch.testing.assert_close(together.aleatoric, (a.covariance + b.covariance) / 2)
    half = (a.mean - b.mean) / 2
    torch.testing.assert_close(together.epistemic, half[:, :, None] * half[:, None, :])


class TestDropout:
    def network(self, passes=3):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            head = (torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten(), torch.nn.Linear(16, 4))
            body = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), *head)
        return MonteCarloDropout(body, 0.3, passes).eval()

    @torch.no_grad()
    def test_each_pass_is_a_network_of_its_own_that_all_images_share(self):
        network, x = self.network(), torch.randn(5, 1, 9, 9, generator=torch.Generator().manual_seed(1))
        before = torch.random.get_rng_state()

        together = network(x)

        assert together.shape == (5, 3, 4)
        assert torch.equal(before, torch.random.get_rng_state())
        torch.testing.assert_close(together[2:3], network(x[2:3]))
        assert (together.std(1) > 0).all()

    @torch.no_grad()
    def test_the_mean_over_many_passes_is_that_of_many_masks_in_training(self):
        network, x = self.network(400), torch.ones(1, 1, 9, 9)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(2)
            trained = network.train()(x.repeat(400, 1, 1, 1))
        torch.testing.assert_close(network.eval()(x)[0].mean(0), trained.mean(0), atol=0.05, rtol=0)

    def test_a_share_of_one_is_refused(self):
        with pytest.raises(SpecError, match=r"dropout 1\.0, passes 3"):
            MonteCarloDropout(torch.nn.Linear(1, 1), 1.0, 3)
