"""Flows state posteriors of any shape: they are densities, learn what Gaussians cannot, and turn as Gaussians do."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from zoo_core.bench.metrics.posteriors import posterior_metrics
from zoo_core.bench.metrics.regression import regression_metrics
from zoo_core.errors import SpecError
from zoo_core.symmetries import Angle, Scalar, matrices, recognised
from zoo_core.tasks import Calibration, Heads, task_named
from zoo_core.tasks.likelihoods import Flow, Full

TASK = task_named("regression")
HEADS = Heads(parameters=("theta_E", "q"), units=("arcsec", ""), likelihood="flow")
NAMES = ("theta_E", "e1", "e2", "lens_x", "lens_y")
LENS = Heads(parameters=NAMES, units=("arcsec", "", "", "arcsec", "arcsec"), likelihood="flow")


def rows(count, flow, seed=0):
    return 0.5 * torch.randn(count, flow.outputs, generator=torch.Generator().manual_seed(seed))


def banana(count, seed):
    """y_1 of unit variance and y_2 = y_1^2 + 0.3 n."""
    y = torch.randn(count, 2, generator=torch.Generator().manual_seed(seed))
    return torch.stack([y[:, 0], y[:, 0] ** 2 + 0.3 * y[:, 1]], 1)


def two_modes(count, seed):
    """y_1 about -2 or 2, and y_2 that has its sign."""
    rng = torch.Generator().manual_seed(seed)
    side = torch.randint(2, (count, 1), generator=rng) * 2.0 - 1
    return side * torch.tensor([2.0, 1.0]) + 0.3 * torch.randn(count, 2, generator=rng)


def learned(likelihood, y, steps=100):
    """The row that makes these values most probable."""
    begin = likelihood.output_of(y.mean(0), torch.diag(y.var(0)))
    row = begin.clone().requires_grad_()
    optimiser = torch.optim.Adam([row], lr=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        loss = likelihood.nll(row, y).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return row.detach()


def test_it_is_a_density_whose_moments_are_those_of_its_draws():
    flow = Flow(2)
    row = 0.4 * rows(1, flow)[0]
    axis = torch.linspace(-8, 8, 161)
    grid = torch.cartesian_prod(axis, axis)
    density = (-flow.nll(row, grid).double()).exp() / (2 * math.pi) * (16 / 160) ** 2

    assert float(density.sum()) == pytest.approx(1, abs=2e-3)  # of a sum over points
    mean = (density[:, None] * grid).sum(0)
    covariance = (density[:, None] * (grid - mean)).T @ (grid - mean).double()
    stated = flow.gaussian(row)
    torch.testing.assert_close(stated[0].double(), mean, atol=0.03, rtol=0)
    torch.testing.assert_close(stated[1].double(), covariance, atol=0.05, rtol=0.05)


def test_without_weights_it_is_the_gaussian_that_it_was_made_of():
    full = Full(5)
    mean, covariance = full.gaussian(0.5 * torch.randn(3, full.outputs, generator=torch.Generator().manual_seed(2)))
    found = Flow(5).gaussian(Flow(5).output_of(mean, covariance))
    torch.testing.assert_close(found[0], mean, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found[1], covariance, atol=1e-3, rtol=1e-3)


def answers(row, heads, images):
    """The scores of so many images alike."""
    posterior = TASK.prediction(row[None], heads)
    columns = {name: np.repeat(column, images) for name, column in posterior.to_table().items()}
    assert set(columns) == set(TASK.empty_columns(heads))
    return TASK.scores(columns, heads)


@pytest.mark.parametrize(
    ("toy", "entropy"),
    [
        (banana, 1 + math.log(0.3)),  # sum of the logarithms of sigma plus 1/2 each
        (two_modes, 1 + 2 * math.log(0.3) + math.log(2)),  # and one bit
    ],
)
def test_it_learns_what_no_gaussian_states(toy, entropy):
    train, held_out = toy(500, 1), toy(2000, 2)
    with torch.random.fork_rng(devices=[]):
        row, gaussian = learned(Flow(2), train), learned(Full(2), train)

    nll, of_gaussian = float(Flow(2).nll(row, held_out).mean()), float(Full(2).nll(gaussian, held_out).mean())
    assert of_gaussian > entropy + 0.8
    assert nll < entropy + 0.25  # nats: what 500 draws leave open

    draws, expected = TASK.prediction(row[None], HEADS).samples(2000)[:, 0], toy(2000, 3)
    spread = expected.std(0)
    torch.testing.assert_close(draws.mean(0) / spread, expected.mean(0) / spread, atol=0.1, rtol=0)
    torch.testing.assert_close(draws.std(0), spread, rtol=0.1, atol=0)
    assert float(Full(2).nll(gaussian, draws).mean()) == pytest.approx(of_gaussian, abs=0.2)


def test_what_a_table_says_of_a_skewed_posterior_is_calibrated():
    held_out = banana(2000, 2)
    with torch.random.fork_rng(devices=[]):
        row, gaussian = learned(Flow(2), banana(500, 1)), learned(Full(2), banana(500, 1))
    truth = {"id": np.arange(2000), "theta_E": held_out[:, 0].numpy(), "q": held_out[:, 1].numpy()}
    right = answers(row, HEADS, 2000)
    off = answers(gaussian, replace(HEADS, likelihood="full"), 2000)
    metrics = {metric.name: metric for metric in (*posterior_metrics(("q",)), *regression_metrics(("q",)))}
    assert metrics["sbc[q]"].value(right, truth) < 0.08 < 0.12 < metrics["sbc[q]"].value(off, truth)
    assert metrics["coverage[q]"].value(right, truth) == pytest.approx(0.683, abs=0.05)
    assert metrics["nll[q]"].value(right, truth) < metrics["nll[q]"].value(off, truth) - 0.2


def test_views_of_a_turned_image_state_one_density():
    flow, symmetries = Flow(5), recognised(NAMES)
    row, target = rows(3, flow), 0.5 * torch.randn(3, 5, generator=torch.Generator().manual_seed(4))
    views = [flow.turned(row, R.T) for R in matrices(NAMES, symmetries)]

    together = TASK.average(views, LENS, symmetries)

    assert together.shape == (3, 8, flow.outputs + 25)
    torch.testing.assert_close(TASK.loss(together, target, LENS), TASK.loss(row, target, LENS), rtol=1e-4, atol=1e-4)
    found, alone = TASK.prediction(together, LENS), TASK.prediction(row, LENS)
    torch.testing.assert_close(found.mean, alone.mean, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(found.covariance, alone.covariance, rtol=1e-3, atol=1e-3)

    plain = TASK.average([row] * 8, LENS, symmetries)  # a network that does not see that the image was turned
    assert TASK.prediction(plain, LENS).mean[:, 1:].abs().max() < 1e-4
    with pytest.raises(SpecError, match="flows of the angle phi cannot be averaged"):
        TASK.average([rows(1, Flow(2))] * 8, HEADS, (Scalar("theta_E"), Angle("phi")))


def test_scaled_errors_scale_the_density_also_as_a_committee_hands_it_on():
    flow, symmetries, scales = Flow(5), recognised(NAMES), (0.5, 1.0, 1.0, 2.0, 3.0)
    output = TASK.average([rows(2, flow, seed) for seed in range(8)], LENS, symmetries)

    plain, scaled = TASK.prediction(output, LENS), TASK.prediction(output, LENS, Calibration(error_scales=scales))
    handed_on = TASK.prediction(TASK.output_of(scaled, LENS, Calibration()), LENS)

    s = torch.tensor(scales)
    for one in (scaled, handed_on):
        torch.testing.assert_close(one.mean, plain.mean, rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(one.covariance, plain.covariance * s[:, None] * s, rtol=1e-3, atol=1e-3)
    draws, of_scaled = plain.samples(50, 1) - plain.mean, scaled.samples(50, 1) - scaled.mean
    torch.testing.assert_close(of_scaled, draws * s, rtol=1e-3, atol=1e-3)


def test_what_a_table_holds_depends_neither_on_the_batch_nor_on_the_global_state():
    output, before = rows(4, Flow(2)), torch.random.get_rng_state()
    whole, last = (TASK.prediction(part, HEADS).to_table() for part in (output, output[3:]))
    assert all(whole[name][3] == pytest.approx(last[name][0], rel=1e-5, abs=1e-6) for name in whole)
    ordered = [whole[f"q_{word}"] for word in ("q02", "q16", "q50", "q84", "q98")]
    assert (np.diff(ordered, axis=0) > 0).all()
    assert torch.equal(before, torch.random.get_rng_state())
