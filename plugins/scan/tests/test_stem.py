"""A fit of the macro-lens takes the source away."""

import pytest
import torch
from torch import Generator
from zoo_scan.stem import Macro, Pixels

from zoo_core.errors import SpecError
from zoo_core.fit.macromodel import PARAMETERS, MacroModel, changed, source_image

SIZE, SIGMA = 40, 0.01
PRIORS = {"theta_E": (10.0, 1.0), "x": (0.0, 6.0), "y": (0.0, 6.0), "gamma_1": (0.0, 0.1), "log_R": (1.4, 0.3)}
GRID = {"x": (-4.0, 0.0, 4.0), "y": (-4.0, 0.0, 4.0)}


def stem(*shows, **more):
    return Macro(1, SIZE, shows, PRIORS, GRID, noise=SIGMA, **more)


def lensed(sigma=SIGMA, **parameters):
    """Sources behind lenses, of unit peak and with noise, (B, 1, SIZE, SIZE)."""
    count = max(len(values) for values in parameters.values())
    named = {"theta_E": [10.0], "log_R": [1.4], "n": [1.5]} | parameters
    table = changed(torch.zeros(count, len(PARAMETERS)), {name: torch.tensor(one) for name, one in named.items()})
    image = source_image(MacroModel(SIZE), table)
    noise = torch.randn(image.shape, generator=Generator().manual_seed(0))
    return (image / image.amax((1, 2), keepdim=True) + sigma * noise)[:, None]


def test_the_residual_of_a_smooth_lens_is_its_noise():
    images = lensed(x=[1.0, -3.0, 2.0], y=[2.0, 1.0, -4.0])

    residual = stem("residual")(images)

    assert residual.std((1, 2, 3)).tolist() == pytest.approx([1.0] * 3, abs=0.08)  # 1,600 pixels: 4 standard errors


@pytest.mark.parametrize("photons", [0.0, 0.03, 0.1])
def test_noise_of_photons_is_told_from_that_of_the_sky(photons):
    light = 80 * (lensed(x=[1.0, -3.0, 2.0], y=[2.0, 1.0, -4.0], sigma=0.0))
    noise = torch.randn(light.shape, generator=Generator().manual_seed(1)) * (1 + photons * light).sqrt()

    residual = stem("residual", photons=(0.0, 0.3))(light + noise)

    assert residual[light > 10].std().item() == pytest.approx(1.0, abs=0.12)  # medians of some 1,000 pixels
    assert residual[light < 1].std().item() == pytest.approx(1.0, abs=0.1)  # arcs reach far in so small a frame


def test_the_residual_of_a_disturbed_lens_is_not():
    images = lensed(x=[1.0], y=[2.0])
    disturbed = images.clone()
    disturbed[0, 0, 28:31, 20:23] *= 0.5

    smooth, bent = stem("residual")(torch.cat([images, disturbed]))

    assert bent[0, 28:31, 20:23].abs().mean() > 5 * smooth[0, 28:31, 20:23].abs().mean()


def test_the_lens_is_shown_without_its_source():
    shown = stem("lens")(lensed(x=[1.0, -3.0, 1.0], y=[2.0, 1.0, 2.0], theta_E=[10.0, 10.0, 11.0]))[:, 0]

    peak = shown.amax()
    assert (shown[0] - shown[1]).abs().max() < 0.1 * peak  # of noise alone
    assert (shown[0] - shown[2]).abs().max() > 0.2 * peak


def test_brightness_does_not_matter():
    images = lensed(x=[1.0, -3.0], y=[2.0, 1.0])
    shown = stem("lens", "residual")

    torch.testing.assert_close(shown(images), shown(images * 250), atol=0.02, rtol=0.02)  # steps of a fit in float32


def test_the_light_of_the_lens_is_learned():
    images = lensed(x=[1.0, -3.0, 2.0, 5.0], y=[2.0, 1.0, -4.0, 3.0])
    axis = torch.arange(SIZE) - (SIZE - 1) / 2
    images = images + torch.exp(-(axis[:, None] ** 2 + axis**2) / 2 / 2.5**2)
    residual = stem("residual", glow=True)
    centre = slice(SIZE // 2 - 3, SIZE // 2 + 3)

    before = residual(images)[:, :, centre, centre].abs().mean()
    residual.learn(images)

    assert residual(images)[:, :, centre, centre].abs().mean() < 0.5 * before


def test_the_fit_is_of_one_channel():
    with pytest.raises(SpecError, match="one channel"):
        Macro(2, SIZE, ("lens",), PRIORS, GRID)


def test_names_that_no_macro_lens_has_are_refused():
    with pytest.raises(SpecError, match="macro: priors: no parameter is called theta; there are theta_E"):
        Macro(1, SIZE, ("lens",), PRIORS | {"theta": (1.0, 1.0)}, GRID)
    with pytest.raises(SpecError, match="macro: grid: no parameter is called z; there are theta_E"):
        Macro(1, SIZE, ("lens",), PRIORS, GRID | {"z": (1.0,)})


def test_pixels_stay_as_they_are():
    x = torch.zeros(2, 3, 4, 4)

    assert Pixels(3)(x) is x


def test_an_image_is_fitted_alike_whatever_its_companions():
    images, residual = lensed(x=[1.0, -3.0, 2.0], y=[2.0, 1.0, -4.0]), stem("residual")

    torch.testing.assert_close(
        residual(images), torch.cat([residual(one) for one in images.split(1)]), atol=1e-5, rtol=0
    )
