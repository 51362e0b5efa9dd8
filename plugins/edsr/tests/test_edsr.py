"""The residual network, layer by layer, and what it promises of units, sizes and errors."""

import numpy as np
import pytest
import torch
from zoo_edsr.blended import SCALE, UNLIKE, Blended
from zoo_edsr.galaxy import profile
from zoo_edsr.learning import arc_objective, flux_error, objective, robust_error
from zoo_edsr.restorer import LEAST_ERROR, REACH, Restorer

import zoo_core as zoo
from zoo_core.bench.metrics.comparison import compared
from zoo_core.images.expected_noise import ExpectedNoise

DENOISE = {}
DEBLEND = {"target": "deblend", "width": 32, "blocks": 6, "shuffle": 4}


def convolutions(channels, outputs, width, blocks):
    """Weights of a head, of two convolutions a block and one after all, and of a tail."""
    return 9 * channels * width + width + (2 * blocks + 1) * (9 * width * width + width) + 9 * width * outputs + outputs


@pytest.mark.parametrize(
    "arguments, seen, found, pixels, width, total",
    [(DENOISE, 2, 2, 4, 24, 71_192), (DEBLEND, 6, 4, 16, 32, 166_400)],
)
def test_it_has_so_many_weights(arguments, seen, found, pixels, width, total):
    network = zoo.build("edsr", device="cpu", **arguments).network
    expected = convolutions(seen * pixels, found * pixels, width, 6)
    assert sum(p.numel() for p in network.parameters()) == expected == total


@pytest.mark.parametrize("arguments, shape", [(DENOISE, (24, 51, 51)), (DEBLEND, (32, 19, 19))])
def test_all_blocks_work_on_blocks_of_pixels(arguments, shape):
    network, shapes = Restorer(1, 1, **arguments), []
    for module in (network.edsr.head, *network.edsr.blocks, network.edsr.last):
        module.register_forward_hook(lambda module, inputs, output: shapes.append(tuple(output.shape[1:])))
    image, scale = network(torch.randn(1, 1, 101, 101))
    assert set(shapes) == {shape} and image.shape == scale.shape == (1, 1, 101, 101)


@pytest.mark.parametrize("target", ["denoise", "deblend"])
def test_images_and_errors_come_back_in_their_unit(target):
    network = Restorer(1, 1, target=target, width=8, blocks=1)
    torch.nn.init.normal_(network.edsr.tail.weight, std=0.1)
    x = torch.randn(2, 1, 50, 61)
    with torch.no_grad():
        image, scale = network(x)
        faint, faint_scale = network(1e-12 * x + 3e-12)
    torch.testing.assert_close(faint, 1e-12 * image, rtol=1e-3, atol=1e-14)
    torch.testing.assert_close(faint_scale, 1e-12 * scale, rtol=1e-3, atol=1e-14)


def test_a_network_that_has_learned_nothing_takes_no_noise_away():
    x = torch.randn(2, 1, 40, 40)
    left = Restorer(1, 1, width=8, blocks=1, uncertain=False)(x)
    torch.testing.assert_close(x - left, (x - left).mean((2, 3), keepdim=True).expand_as(x))  # the sky alone


def test_a_deblender_that_has_learned_nothing_leaves_what_the_profile_does_not_explain():
    x = torch.randn(2, 1, 40, 40)
    expected = ExpectedNoise.of(x)
    left = Restorer(1, 1, **DEBLEND)(x)[0] / expected.sigma
    torch.testing.assert_close(left, expected.z - profile(expected.z), atol=1e-5, rtol=1e-5)


def test_a_deblender_sees_the_middle_and_what_is_left_of_it_turned():
    network, inputs = Restorer(1, 1, **DEBLEND), []
    network.edsr.register_forward_hook(lambda module, given, output: inputs.append(given[0]))
    network(torch.randn(2, 1, 101, 101))
    side = 2 * REACH + 1
    seen = torch.nn.functional.pixel_shuffle(inputs[0], 4)[..., :side, :side]
    left, turned, odd = seen[:, 3], seen[:, 4], seen[:, 5]
    torch.testing.assert_close(turned, left.flip((1, 2)))
    assert torch.equal(odd.sign(), -odd.sign().flip((1, 2)))


@pytest.mark.parametrize("q", [1.0, 0.7, 0.5])
def test_a_galaxy_is_its_own_profile_and_arcs_are_not(q):
    y, x = torch.meshgrid(*2 * [torch.arange(73.0) - 36], indexing="ij")
    turned, across = 0.8 * x + 0.6 * y, 0.8 * y - 0.6 * x
    radius = (q * turned**2 + across**2 / q).sqrt()
    galaxy = 500 * torch.exp(-radius / 4)
    arc = 20 * torch.exp(-((x - 12) ** 2) / 4 - y**2 / 40)

    alone, blended = (profile(image[None, None])[0, 0] for image in (galaxy, galaxy + arc))

    around = (radius > 4) & (radius < 20)
    assert ((alone - galaxy) / galaxy)[
        around
    ].abs().median() < 0.1  # of which it falls by a quarter over the width of a ring
    left = (galaxy + arc - blended)[arc > 5].sum() / arc[arc > 5].sum()
    assert 0.9 < left < 1.2


def test_a_compiled_network_sees_the_same_profile():
    y, x = torch.meshgrid(*2 * [torch.arange(73.0) - 36], indexing="ij")
    galaxies = [500 * torch.exp(-(0.6 * x**2 + x * y * shear + y**2 / 0.6).sqrt() / 4) for shear in torch.rand(32)]
    z = torch.stack(galaxies)[:, None] + torch.randn(32, 1, 73, 73)

    with torch.no_grad():
        compiled = torch.compile(lambda z: 1 * profile(z))(z)

    assert torch.equal(compiled, profile(z)), "to the last bit: each pixel is in the same ring"


def test_shares_of_the_light_are_light():
    z, scale = 5 * torch.rand(1, 1, 20, 20), torch.ones(1, 1, 20, 20)
    blended, nothing = Blended.of(z, scale), torch.zeros_like(z)
    half = torch.full_like(z, 0.5 / SCALE)
    torch.testing.assert_close(blended.arcs(half, nothing, nothing), z / 2)
    torch.testing.assert_close(blended.arcs(nothing, half, nothing), (z - blended.smooth) / 2)
    torch.testing.assert_close(blended.arcs(nothing, nothing, half * SCALE), torch.hypot(scale, UNLIKE * z) / 2)


@pytest.mark.parametrize("shape", [(101, 101), (102, 95), (60, 140)])
def test_there_are_no_arcs_far_from_the_middle(shape):
    network = Restorer(1, 1, **DEBLEND)
    torch.nn.init.ones_(network.edsr.tail.bias)
    image, _ = network(torch.randn(1, 1, *shape))
    assert image.shape[2:] == shape
    rows, columns = (((torch.arange(side) - (side - 1) / 2).abs() < REACH + 1).float() for side in shape)
    torch.testing.assert_close((image[0, 0] != 0).float(), rows[:, None] * columns)


def test_a_block_adds_what_its_scaling_says():
    one, tenth = (Restorer(1, 1, width=8, blocks=1, scaling=scaling).edsr.blocks[0] for scaling in (1.0, 0.1))
    tenth.load_state_dict(one.state_dict())
    x = torch.randn(1, 8, 9, 9)
    torch.testing.assert_close(tenth(x) - x, 0.1 * (one(x) - x))


def test_no_pixel_is_known_better_than_a_twentieth_of_its_noise():
    model = zoo.build("edsr", device="cpu")
    torch.nn.init.constant_(model.network.edsr.tail.bias, -50.0)
    noise = torch.randn(1, 1, 101, 101, generator=torch.Generator().manual_seed(0))
    sigma = model(noise, 0.1).sigma
    assert float(sigma.min()) == pytest.approx(2**0.5 * LEAST_ERROR, rel=0.1)  # of a Laplace distribution; sky 1


def test_pixels_count_as_they_do_for_the_absolute_error_however_much_they_are_doubted():
    rng = torch.Generator().manual_seed(0)
    image, target = torch.randn(2, 2, 1, 8, 8, generator=rng)
    image.requires_grad_()
    scale = torch.rand(2, 1, 8, 8, generator=rng) * 10 + 0.1
    (doubted,) = torch.autograd.grad(objective((image, scale), target), image)
    (plain,) = torch.autograd.grad(objective(image, target), image)
    torch.testing.assert_close(doubted, plain)


def test_the_scale_that_is_learned_is_the_mean_error_of_what_was_measured():
    target = torch.tensor([[[[1.0, 2.0, 6.0, torch.nan]]]])
    scale = torch.full((1, 1, 1, 4), 3.0, requires_grad=True)  # the mean of 1, 2 and 6
    (slope,) = torch.autograd.grad(objective((torch.zeros(1, 1, 1, 4), scale), target), scale)
    assert slope.sum().item() == pytest.approx(0, abs=1e-6) and slope[..., 3].item() == 0
    wide = torch.full((1, 1, 1, 4), 3.3, requires_grad=True)
    (slope,) = torch.autograd.grad(objective((torch.zeros(1, 1, 1, 4), wide), target), wide)
    assert slope.sum().item() > 0


def test_arcs_count_by_their_error_however_much_they_are_doubted():
    rng = torch.Generator().manual_seed(0)
    image, target = torch.randn(2, 2, 1, 8, 8, generator=rng)
    target[0, 0, 0] = torch.nan
    image.requires_grad_()
    noise, scale = torch.rand(2, 2, 1, 8, 8, generator=rng) + 0.5
    scale.requires_grad_()
    slope, learned = torch.autograd.grad(arc_objective((image, scale), target, noise), (image, scale))
    (plain,) = torch.autograd.grad(robust_error(image, target, noise), image)
    torch.testing.assert_close(slope, plain)
    missing = (image.detach() - target).abs()
    measured = target.isfinite()
    torch.testing.assert_close(learned[measured].sign(), (scale - missing)[measured].sign())


def test_the_error_of_the_flux_is_that_of_the_benchmark_where_images_show_arcs():
    rng = torch.Generator().manual_seed(0)
    image, arcs, noise = torch.rand(3, 4, 1, 21, 21, generator=rng)
    noise, arcs[3] = noise + 0.5, 0.0
    observed = arcs.clone()
    observed[0, 0, :3] = torch.nan
    nobody = np.empty((0, 3), int)
    truth = zoo.NoiseFree(*(part.numpy() for part in (arcs, arcs, arcs, noise)), nobody, nobody)
    fluxes = compared(image.numpy(), observed.numpy(), truth)["arc_flux"]
    expected = np.abs(1 - np.array(fluxes[:3])).mean()
    assert float(flux_error(image, arcs + 0 * observed, noise)) == pytest.approx(expected, rel=1e-5)


def test_arcs_that_are_too_faint_are_pulled_up_by_the_error_of_their_flux():
    arcs = torch.zeros(1, 1, 5, 5)
    arcs[..., 2] = 3.0
    image = (0.5 * arcs).requires_grad_()
    (slope,) = torch.autograd.grad(flux_error(image, arcs, torch.ones_like(arcs)), image)
    assert (slope[..., 2] < 0).all() and not slope[..., :2].any()


def test_small_errors_count_by_their_square_and_large_ones_by_their_size():
    noise, target = torch.tensor([2.0]), torch.zeros(1)
    small, large, larger = (float(robust_error(noise * r, target, noise)) for r in (0.01, 100.0, 200.0))
    assert small == pytest.approx(1e-4, rel=1e-2)
    assert larger - large == pytest.approx(200, rel=1e-2)
