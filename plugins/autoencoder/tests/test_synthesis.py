"""Bent and synthetic images: what an autoencoder is trained on beyond the training images."""

import pytest
import torch
from zoo_autoencoder.bending import Bending
from zoo_autoencoder.learning import TrainingPairs
from zoo_autoencoder.settings import Settings, Synthetic
from zoo_autoencoder.synthesis import Supply, _with_half_turns, between, supply_of

from zoo_core.errors import RecipeError
from zoo_core.fit.macrofit import model_images
from zoo_core.fit.macrolearn import LensGuess
from zoo_core.fit.macromodel import changed, source_image
from zoo_core.typed import read_typed

SIDE = 24
WRITTEN = {
    "pixel": 2,
    "psf": 1.5,
    "noise": 0.003,
    "photon": 0.0,
    "priors": {"theta_E": [12.0, 1.0], "x": [0.0, 4.0], "y": [0.0, 4.0]},
    "grid": {"x": [-4.0, 0.0, 4.0], "y": [-4.0, 0.0, 4.0]},
    "light": {"R": 5.0, "n": 1.0, "e1": 0.0, "e2": 0.0},
}
MACRO = LensGuess(**WRITTEN)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def brightness():
    """Of 40 lensed sources that differ in their position, a lens galaxy and a constant sky."""
    model = MACRO.model(SIDE)
    x, y = (6 * torch.rand(40, generator=generator(seed)) - 3 for seed in (0, 1))
    parameters = changed(model.means.repeat(40, 1), {"x": x, "y": y})
    return 0.1 * source_image(model, parameters) + 0.1 * model.light[0] + 0.02


@pytest.fixture(scope="module")
def lenses(brightness):
    """Square roots of the same with noise, as the preprocessing makes them."""
    noise = MACRO.noise * torch.randn(brightness.shape, generator=generator(2))
    return (brightness + noise).clamp(min=0).sqrt().float()[:, None]


@pytest.fixture(scope="module")
def supply(lenses):
    return supply_of(lenses, 60, MACRO, seed=0)


def test_images_are_bent_in_the_share_that_is_asked_for():
    images = torch.rand(400, 1, 16, 16, generator=generator())

    same = (Bending(share=0.25)(images, generator(1)) == images).flatten(1).all(1)

    assert 70 < 400 - same.sum() < 130  # 100 expected, standard deviation 9


def test_nothing_is_bent_by_default_and_no_random_number_is_drawn():
    images, chance = torch.rand(3, 1, 16, 16, generator=generator()), generator(1)

    assert Bending()(images, chance) is images
    assert torch.equal(torch.rand(1, generator=chance), torch.rand(1, generator=generator(1)))


def test_bending_by_nothing_leaves_images_as_they_are():
    images = torch.rand(5, 2, 57, 57, generator=generator())

    bent = Bending(share=1.0, deflection=0.0, zoom=0.0)(images, generator(1))

    torch.testing.assert_close(bent, images, rtol=0, atol=1e-4)  # places are interpolated in single precision


def test_deflections_are_as_long_as_they_should_be():
    ramp = torch.arange(57.0).expand(2000, 1, 57, 57)

    bent = Bending(share=1.0, deflection=0.5, zoom=0.0)(ramp, generator())

    moved = (bent - ramp)[..., 28, 28]  # a knot; the mean square of a half-normal strength is that of a normal one
    torch.testing.assert_close(moved.square().mean().sqrt(), torch.tensor(0.5), rtol=0.1, atol=0)


def test_zooming_keeps_the_centre():
    images = torch.zeros(20, 1, 57, 57)
    images[..., 28, 28] = 1.0

    bent = Bending(share=1.0, deflection=0.0, zoom=0.1)(images, generator())

    torch.testing.assert_close(bent[..., 28, 28], images[..., 28, 28], rtol=0, atol=1e-4)


def test_new_points_lie_between_near_ones():
    angle = 2 * torch.pi * torch.arange(200, dtype=torch.float64) / 200
    circle = torch.stack([angle.cos(), angle.sin()], dim=1)

    rows, weights = between(circle, 500, generator())
    radii = (weights[..., None] * circle[rows]).sum(1).norm(dim=1)

    torch.testing.assert_close(weights.sum(1), torch.ones(500).double())
    assert radii.max() <= 1 + 1e-12
    assert radii.min() > 0.95  # eight neighbours reach 4 steps of 1.8 degrees: an inner point is at least at 0.992


def test_synthetic_images_are_lenses_of_the_same_kind(lenses, supply):
    smooth = supply.smooth.float()
    distances = torch.cdist(smooth.flatten(1), torch.cat([lenses, lenses.flip(-1, -2)]).flatten(1))
    apart = torch.cdist(lenses.flatten(1), lenses.flatten(1)).median()

    assert smooth.shape == (60, 1, SIDE, SIDE)
    assert distances.min(1).values.median() < 0.5 * apart  # near some image, with its noise, but none of them
    assert distances.min() > 0


def test_grain_is_the_noise_of_the_images(brightness, lenses, supply):
    noise = lenses[:, 0] - brightness.sqrt()

    found = supply.grain[: len(supply.grain) // 2].std()

    torch.testing.assert_close(found.double(), noise.std(), rtol=0.1, atol=0)  # 5 of 576 degrees of freedom are fitted


def test_drawn_images_carry_the_grain_of_their_neighbour(supply):
    grainy, smooth = supply.draw(30, generator())
    grains = (grainy - smooth).flatten(1)

    nearest = torch.cdist(grains, supply.grain.flatten(1)).min(1).values

    assert (nearest < 0.3 * grains.norm(dim=1)).all()  # not the same where brightness would be negative


def test_a_supply_is_a_function_of_its_seed(lenses, supply):
    again, other = (supply_of(lenses, 60, MACRO, seed=seed) for seed in (0, 1))

    assert torch.equal(again.smooth, supply.smooth)
    assert not torch.equal(other.smooth, supply.smooth)


def test_the_share_of_a_batch_that_is_synthetic_replaces_training_images():
    images = torch.rand(8, 1, 4, 4, generator=generator())
    supply = Supply(
        torch.full((3, 1, 4, 4), 2.0).half(), torch.full((1, 1, 4, 4), 0.5), torch.zeros(3, dtype=torch.int64)
    )

    inputs, targets = TrainingPairs(Settings(synthetic=Synthetic(0.25, 60, MACRO)), lambda: supply)(images, generator())

    torch.testing.assert_close(targets[:6], images[2:])
    assert (targets[6:] == 2.0).all()
    assert (inputs[6:] == 2.5).all()


def test_noise_and_bending_change_the_input_and_not_the_target():
    images = torch.rand(16, 1, 32, 32, generator=generator())

    inputs, targets = TrainingPairs(Settings(noise=0.1, bending=Bending(share=1.0, zoom=0.2)), pytest.fail)(
        images, generator(1)
    )

    assert torch.equal(targets, images)
    assert ((inputs - targets).flatten(1).std(1) > 0.1).all()  # of the noise alone it would be 0.1


def test_turned_parameters_are_those_of_the_turned_image():
    model = MACRO.model(SIDE)
    places = {"lens_x": 1.5, "lens_y": -0.7, "x": 2.0, "y": 1.0}
    drawn = changed(model.means[None], places | {"gamma_1": 0.1, "e1": 0.2})
    amplitudes = torch.zeros(1, 1 + len(model.others(drawn)), dtype=torch.float64)
    amplitudes[:, 0] = 1.0  # of the source; other lights are round and in the middle

    image, turned = model_images(model, _with_half_turns(drawn), amplitudes.repeat(2, 1)).clamp(min=0).sqrt()

    torch.testing.assert_close(turned, image.flip(-1, -2), rtol=0, atol=2e-3)  # a wrong sign is off by 0.7


def synthetic(**macro):
    return {"synthetic": {"share": 0.5, "count": 9, "macro": WRITTEN | macro}}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bendings": {}}, "no key is called 'bendings'; did you mean bending"),
        ({"bending": {"strength": 1}}, "bending: no key is called 'strength'"),
        ({"bending": {"share": 2}}, "share = 2.0 is not between 0 and 1"),
        ({"synthetic": {"share": 0.5}}, "synthetic: count is missing"),
        ({"synthetic": {"share": 0.5, "count": 9, "macro": {"psf": 1.0}}}, "macro: pixel is missing; it takes"),
        (synthetic(mass=1.0), "synthetic: macro: no key is called 'mass'"),
        (synthetic(priors={"theta_e": [1.0, 0.1]}), "priors: no parameter is called theta_e; there are theta_E, "),
        (synthetic(light={"R": 5.0, "n": 1.0}), "light: e1 is missing; it takes R, n, e1, e2"),
        ({"synthetic": {"share": 0.5, "count": 0, "macro": WRITTEN}}, "count = 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings, message):
    with pytest.raises(RecipeError, match=message):
        read_typed(Settings, settings, "settings", RecipeError)


def test_images_that_are_no_square_roots_of_one_band_are_refused(lenses):
    with pytest.raises(RecipeError, match="one channel"):
        supply_of(lenses.repeat(1, 2, 1, 1), 60, MACRO, seed=0)
    with pytest.raises(RecipeError, match="sqrt"):
        supply_of(lenses - 0.5, 60, MACRO, seed=0)
