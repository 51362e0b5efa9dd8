"""The U-Nets, layer by layer, and what they promise of units and sizes."""

import pytest
import torch

import zoo_core as zoo

WIDTHS = (32, 64, 128, 256, 512)


@pytest.fixture(scope="module")
def astro():
    return zoo.build("astro_unet", device="cpu").network


def level(channels, width):
    return 9 * channels * width + width + 9 * width * width + width


def test_the_published_network_has_so_many_weights(astro):
    down = level(1, 32) + level(32, 64) + level(64, 128) + level(128, 256) + level(256 + 1, 512)  # + 1: the ratio
    up = sum(4 * 2 * width * width + width + level(2 * width, width) for width in WIDTHS[:-1])
    assert sum(p.numel() for p in astro.parameters()) == down + up + 32 + 1 == 7_764_129


def test_each_level_halves_the_sides_and_has_its_width(astro):
    shapes = []
    modules = [*astro.unet.down, astro.unet.lowest[-1], *astro.unet.joined]
    hooks = [m.register_forward_hook(lambda m, i, o: shapes.append(tuple(o.shape[1:]))) for m in modules]
    astro(torch.randn(1, 1, 101, 101))
    for hook in hooks:
        hook.remove()
    down = [(width, 112 // 2**k, 112 // 2**k) for k, width in enumerate(WIDTHS)]
    assert shapes == [*down, *reversed(down[:-1])]


def test_the_ratio_of_exposure_times_is_told(astro):
    x = torch.randn(2, 1, 33, 33)
    assert not torch.equal(astro(x, torch.tensor([2.0, 2.0])), astro(x, torch.tensor([2.0, 10.0])))
    assert torch.equal(astro(x), astro(x, torch.tensor([10.0, 10.0])))


def test_what_the_lowest_level_is_told_is_one_more_channel_of_its_convolution(astro):
    x, ratio = torch.randn(2, 256, 7, 7), torch.tensor([[2.0], [10.0]])
    first, told = astro.unet.lowest[0], astro.unet.told
    both = torch.cat([x, ratio[:, :, None, None].expand(-1, -1, 7, 7)], 1)
    weights = torch.cat([first.weight, told.weight], 1)
    together = torch.nn.functional.conv2d(both, weights, first.bias, padding=1)
    torch.testing.assert_close(astro.unet.lowest[1:](together), astro.unet._lowest(x, ratio), atol=1e-4, rtol=0)


def test_a_denoiser_is_told_the_ratio_and_states_errors():
    network = zoo.build("unet_exposures", device="cpu", widths=(8, 16), ratio=4.0).network
    x = torch.randn(2, 1, 50, 61)
    image, scale = network(x)
    assert image.shape == scale.shape == x.shape and (scale > 0).all()
    assert torch.equal(image, network(x, ratio=torch.tensor([4.0, 4.0]))[0])
    assert not torch.equal(image, network(x, ratio=torch.tensor([4.0, 9.0]))[0])


def test_its_files_say_what_it_was_told(tmp_path):
    from astropy.io import fits

    model = zoo.load("unet_exposures.space", device="cpu", ratio=4).with_views(1)
    images = torch.randn(1, 1, 101, 101, generator=torch.Generator().manual_seed(0)).numpy()
    (path,) = model.predict(images, pixel_scale=0.1, out_dir=tmp_path)["output"]
    assert fits.getheader(path)["RATIO"] == "4.0" and fits.getdata(path, "SIGMA").min() > 0


def test_a_pipeline_tells_it_one_ratio():
    one, other = (zoo.load("unet_exposures.space", device="cpu", ratio=ratio) for ratio in (4.0, 9.0))
    assert zoo.pipeline([one, "lastro.space"], device="cpu").spec.told == {"unet_exposures.space": {"ratio": 4.0}}
    with pytest.raises(zoo.errors.ArgumentError, match=r"unet_exposures\.space is told .*4\.0.* and .*9\.0"):
        zoo.pipeline([one, other], device="cpu")


@pytest.mark.parametrize("name, ratio", [("unet_exposures", 0.5), ("unet_exposures", 11.0), ("astro_unet", 0.0)])
def test_a_ratio_that_it_does_not_know_is_an_error(name, ratio):
    with pytest.raises(zoo.errors.ArgumentError, match=rf"ratio = {ratio:g}: write by how many times"):
        zoo.build(name, device="cpu", ratio=ratio)


def test_the_image_learns_its_absolute_error_and_the_scale_its_size():
    from zoo_unet.exposures import objective

    image, scale = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([2.0, 1.0], requires_grad=True)
    objective(image, scale, torch.tensor([3.0, torch.nan])).backward()
    assert image.grad.tolist() == [-1, 0]  # whatever the scale is
    assert scale.grad.tolist() == [0, 0]  # it is as large as the error, which is the likeliest


def restored(network, x):
    output = network(x)
    return output[0] if isinstance(output, tuple) else output


@pytest.mark.parametrize("name", ["unet", "astro_unet", "unet_exposures"])
def test_images_come_back_in_their_unit_and_size(name):
    network = zoo.build(name, device="cpu").network
    x = torch.randn(2, 1, 50, 61)
    with torch.no_grad():
        image = restored(network, x)
        assert image.shape == x.shape
        torch.testing.assert_close(restored(network, 1e-12 * x + 3e-12), 1e-12 * image, rtol=1e-3, atol=1e-14)


def test_the_smaller_network_gives_the_scale_of_each_pixel_if_asked():
    model = zoo.build("unet", device="cpu", uncertain=True, widths=(8, 16))
    x = torch.randn(2, 1, 101, 101)
    image, scale = model.network(x)
    assert image.shape == scale.shape == x.shape and (scale > 0).all()
    assert model(x, 0.1).sigma.shape == x.shape
    assert model.task.loss((image, scale), x, model.heads).requires_grad


def test_a_network_that_finds_no_noise_takes_none_away():
    network = zoo.build("unet", device="cpu", widths=(8, 16)).network
    torch.nn.init.zeros_(network.unet.out.weight)
    torch.nn.init.zeros_(network.unet.out.bias)
    x = torch.randn(2, 1, 40, 40)
    difference = x - network(x)
    torch.testing.assert_close(difference, difference.mean((2, 3), keepdim=True).expand_as(x))  # the sky alone


def test_a_mapper_that_has_found_nothing_shows_an_isothermal_sphere():
    from zoo_core.sim.frame import FINDING
    from zoo_core.sim.rays.masses import pixel_convergence
    from zoo_core.sim.rays.scene import LENS, Lens
    from zoo_core.sim.tables import table

    network = zoo.build("unet_convergence", device="cpu", widths=(8, 16)).network
    for parameter in network.unet.out.parameters():
        torch.nn.init.zeros_(parameter)
    found, sigma = network(torch.randn(2, 4, 101, 101))
    sphere = pixel_convergence(table([Lens(theta_E=1.0)], LENS), FINDING).log10().float()
    torch.testing.assert_close(found[1, 0], sphere, atol=0.04, rtol=0)  # 0.03 beside the middle, where 1 / r bends
    assert (sigma > 0).all()


def test_a_mapper_takes_any_size_and_turns_with_the_image():
    model = zoo.build("unet_convergence", device="cpu", widths=(8, 16))
    assert model.network(torch.randn(1, 4, 50, 61))[0].shape == (1, 1, 50, 61)
    images = torch.randn(1, 1, 101, 101)
    averaged = model.with_views(8)
    first, turned = averaged(images, 0.1), averaged(images.rot90(1, (-2, -1)), 0.1)
    torch.testing.assert_close(turned.image, first.image.rot90(1, (-2, -1)), atol=1e-4, rtol=0)
    torch.testing.assert_close(turned.sigma, first.sigma.rot90(1, (-2, -1)), atol=1e-4, rtol=0)
