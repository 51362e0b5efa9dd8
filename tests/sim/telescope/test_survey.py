"""One noise model: what is added to the light has the statistics that its recipe says."""

import numpy as np
import pytest
import torch

from zoo_core.sim.telescope import survey
from zoo_core.sim.telescope.noise import NOISE
from zoo_core.sim.telescope.survey import Randoms, noise_sigma, observe

SIDE = 101


def recipes(count=1, **values):
    rows = np.zeros(count, NOISE)
    rows["unit"] = 1.0
    for name, value in values.items():
        rows[name] = value
    return rows


def randoms(count, seed=0):
    return Randoms.from_torch(torch.Generator().manual_seed(seed), count, SIDE)


def exposures(light=0.0, count=20, **values):
    flat = torch.full((count, SIDE, SIDE), float(light))
    return observe(flat, torch.zeros_like(flat), recipes(count, **values), randoms(count))


def test_noise_of_an_empty_sky_is_one():
    images = exposures()
    assert float(images.std()) == pytest.approx(1, abs=0.01)  # 200,000 pixels: 0.0016
    assert float(images.mean()) == pytest.approx(0, abs=0.01)


def test_photons_of_the_light_add_to_the_variance():
    images = exposures(light=400.0, shot=0.02)
    assert float(images.var()) == pytest.approx(1 + 0.02 * 400, rel=0.02)
    assert float(images.mean()) == pytest.approx(400, abs=0.05)


@pytest.mark.parametrize(("lag_1", "lag_2"), [(0.13, 0.0), (0.4, 0.1), (0.25, -0.1)])
def test_correlation_of_neighbours_is_that_of_the_kernel(lag_1, lag_2):
    images = exposures(lag_1=lag_1, lag_2=lag_2)
    kernel = np.array([lag_2, lag_1, 1, lag_1, lag_2])
    expected = np.correlate(kernel, kernel, "full")[5:7] / (kernel @ kernel)
    assert float(images.var()) == pytest.approx(1, abs=0.02)  # the kernel keeps the variance
    for lag, value in enumerate(expected, start=1):
        assert float((images[:, :, lag:] * images[:, :, :-lag]).mean()) == pytest.approx(value, abs=0.015)


def test_zero_point_and_gradient_are_added():
    images = exposures(bias=3.0, slope_x=2.0)
    columns = images.mean((0, 1)).numpy()
    assert columns.mean() == pytest.approx(3, abs=0.02)
    assert np.polyfit(np.linspace(-1, 1, SIDE), columns, 1)[0] == pytest.approx(2, abs=0.1)


def test_stripes_run_along_rows():
    images = exposures(stripes=0.5)
    assert float(images.mean(2).std()) == pytest.approx(np.hypot(0.5, SIDE**-0.5), abs=0.03)
    assert float(images.mean(1).std()) == pytest.approx(SIDE**-0.5, abs=0.01)


def test_mottle_is_smooth_and_has_its_amplitude():
    mottled, plain = exposures(mottle=1.0), exposures()
    extra = mottled - plain  # the same random numbers
    assert 0.4 < float(extra.std()) < 1.0  # interpolation takes some of it
    assert float((extra[:, :, 1:] * extra[:, :, :-1]).mean() / extra.var()) > 0.85


def test_cosmic_rays_and_hot_pixels_come_as_often_as_expected():
    for name in ("cosmics", "hot"):
        struck = exposures(count=200, **{name: 2.0}) - exposures(count=200)
        count = float((struck.abs().amax((1, 2)) > 3).float().mean())
        # six slots with a chance of a third each; two in a hundred cosmic rays fall outside the brightest pixels
        assert count == pytest.approx(1 - (1 - 2 / 6) ** 6, abs=0.08)


def test_blank_areas_are_not_measured_and_spare_the_centre():
    images = exposures(count=200, blanks=3.0)
    blank = images.isnan()
    assert 0.9 < float(blank.flatten(1).any(1).float().mean()) <= 1.0  # 1 - (1/2)^6 = 0.98
    assert not blank[:, 45:56, 45:56].any()


def test_the_unit_scales_everything():
    torch.testing.assert_close(exposures(bias=1.0, unit=1e-12) * 1e12, exposures(bias=1.0), rtol=1e-5, atol=1e-5)


def test_torch_and_numpy_draw_from_the_same_noise_model():
    generators = [np.random.Generator(np.random.Philox(key=[1, i])) for i in range(20)]
    flat = torch.zeros(20, SIDE, SIDE)
    values = {"lag_1": 0.3, "mottle": 0.3, "stripes": 0.2}
    frozen = observe(flat, flat, recipes(20, **values), Randoms.from_numpy(generators, SIDE))
    assert float(frozen.var()) == pytest.approx(float(exposures(**values).var()), rel=0.05)


def test_numpy_randoms_of_an_image_do_not_depend_on_the_batch():
    def drawn(indices):
        generators = [np.random.Generator(np.random.Philox(key=[1, i])) for i in indices]
        return Randoms.from_numpy(generators, SIDE)

    together, alone = drawn([3, 4, 5]), drawn([4])
    for name in ("white", "coarse", "rows", "events"):
        torch.testing.assert_close(getattr(together, name)[1], getattr(alone, name)[0], rtol=0, atol=0)


def test_global_random_state_is_untouched():
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    exposures(cosmics=2.0, blanks=1.0)
    assert torch.equal(torch_state, torch.get_rng_state())
    assert (numpy_state == np.random.get_state()[1]).all()  # noqa: NPY002


def test_bright_pixels_are_noisier():
    light = torch.tensor([[[0.0, 100.0, -5.0]]])
    torch.testing.assert_close(noise_sigma(light, recipes(shot=0.03)), torch.tensor([[[1.0, 2.0, 1.0]]]))


def test_surveys_draw_recipes_of_the_table():
    for chosen in (survey.TRAINING, survey.SHIFTED):
        rows = np.array([chosen.draw_noise(np.random.default_rng(i)) for i in range(100)], dtype=NOISE)
        assert (rows["shot"] > 0).all() and (rows["unit"] > 0).all() and (rows["lag_1"] >= 0).all()
