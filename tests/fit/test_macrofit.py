"""Macro-lens fits: the model is that of caustics, its slopes are true, and fits find what was put in."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from caustics.lenses import func
from caustics.light.func import brightness_sersic, k_sersic

from zoo_core.errors import SpecError
from zoo_core.fit.macrofit import _rendered, _Starts, fit_macro
from zoo_core.fit.macrolearn import elliptical_lights, learn_macro, sersic_light, with_lens_light
from zoo_core.fit.macromodel import (
    LENS_SHAPE,
    PARAMETERS,
    MacroModel,
    changed,
    columns,
    derivatives,
    source_image,
    value,
)

SIZE, PSF = 40, 1.2
K = k_sersic(torch.tensor(1.5))
PRIORS = {
    "theta_E": (10.0, 1.0),
    "gamma_1": (0.0, 0.1),
    "gamma_2": (0.0, 0.1),
    "x": (0.0, 1.8),
    "y": (0.0, 1.8),
    "log_R": (1.4, 0.2),
    "e1": (0.0, 0.1),
    "e2": (0.0, 0.1),
}
GRID = {"x": (-4.0, -2.0, 0.0, 2.0, 4.0), "y": (-4.0, -2.0, 0.0, 2.0, 4.0)}
MODEL = MacroModel(SIZE, psf=PSF, priors=PRIORS, grid=GRID)


def drawn(images, seed=0, model=MODEL):
    """Parameters (images, 13) from the priors, the Einstein radius within 20 %."""
    generator = torch.Generator().manual_seed(seed)
    means, spreads = torch.tensor([model.prior(name) for name in PARAMETERS]).unbind(1)
    parameters = means + 0.8 * spreads * torch.randn(images, len(PARAMETERS), generator=generator).clamp(-2, 2)
    theta_E = model.prior("theta_E")[0] * (1 + 0.05 * torch.randn(images, generator=generator).clamp(-2, 2))
    return changed(parameters, {"theta_E": theta_E}).double()


def seen_by_caustics(parameters, lens_light=0.0, noise=0.002, seed=0):
    """Images (N, SIZE, SIZE) of peak 1, integrated over the pixels, through the PSF, with white noise."""
    oversampled = 3
    axis = (torch.arange(SIZE * oversampled, dtype=torch.float64) + 0.5) / oversampled - SIZE / 2
    x, y = axis[None, :], axis[:, None]
    value = dict(zip(PARAMETERS, parameters[:, :, None, None].unbind(1), strict=True))
    alpha_x, alpha_y = func.reduced_deflection_angle_sis(0.0, 0.0, value["theta_E"], x, y)
    shear_x, shear_y = func.reduced_deflection_angle_external_shear(0.0, 0.0, value["gamma_1"], value["gamma_2"], x, y)
    e = (value["e1"] ** 2 + value["e2"] ** 2).sqrt()
    phi, q = torch.atan2(value["e2"], value["e1"]) / 2, (1 - e) / (1 + e)
    source_x, source_y = x - alpha_x - shear_x, y - alpha_y - shear_y
    major = value["log_R"].exp() / q.sqrt()
    light = brightness_sersic(value["x"], value["y"], q, phi, 1.5, major, 1.0, source_x, source_y, K)
    kernel = torch.exp(-0.5 * ((axis[:, None] - axis) / PSF) ** 2)
    kernel = kernel / kernel.sum(1).max()
    images = torch.nn.functional.avg_pool2d(kernel @ light @ kernel, oversampled)
    images = images / images.amax((1, 2), keepdim=True) + lens_light
    images = images / images.amax((1, 2), keepdim=True)
    return (images + noise * torch.randn(images.shape, generator=torch.Generator().manual_seed(seed))).float()


CENTRES = {"theta_E": 10.0, "x": 2.0, "y": -1.0, "log_R": 1.0, "n": 1.3}
LENSES = {
    "elliptical": MacroModel(16, 2, PSF, priors={key: (CENTRES.get(key, 0.07), 0.1) for key in PARAMETERS}),
    "spherical": MacroModel(
        16, 2, PSF, priors={key: (CENTRES.get(key, 0.07), 0.1) for key in PARAMETERS if key not in LENS_SHAPE}
    ),
}


@pytest.mark.parametrize("lens", list(LENSES))
def test_slopes_are_those_of_automatic_differentiation(lens):
    model = LENSES[lens]
    at = model.means[None]

    image, *planes = derivatives(model, at)[0]

    slopes = torch.autograd.functional.jacobian(lambda row: source_image(model, row[None])[0], at[0]).permute(2, 0, 1)
    torch.testing.assert_close(image, source_image(model, at)[0])
    for name, plane, slope in zip(model.free, planes, slopes[columns(model.free)], strict=True):
        torch.testing.assert_close(plane, slope, msg=lambda text, name=name: f"{name}: {text}")


def test_fits_in_four_threads_are_those_of_one():
    batches = seen_by_caustics(drawn(16)).double().split(4)
    alone = [fit_macro(batch, MODEL).parameters for batch in batches]

    with ThreadPoolExecutor(4) as pool:
        together = [list(pool.map(lambda batch: fit_macro(batch, MODEL).parameters, batches)) for _ in range(5)]

    for round_ in together:
        torch.testing.assert_close(round_, alone, rtol=0, atol=1e-9)  # as many cores as there are sum in another order


def test_the_model_is_that_of_caustics():
    parameters = changed(drawn(8), {"log_R": 2.0})
    expected = seen_by_caustics(parameters, noise=0.0)

    model = source_image(MODEL, parameters).float()

    # samples a pixel apart, softened, against integrals over pixels: they differ in the cusp of the source
    apart = model / model.amax((1, 2), keepdim=True) - expected
    assert apart.abs().max() < 0.06
    assert apart.std() < 0.005


def test_fits_find_the_einstein_radius_to_one_per_cent():
    parameters = drawn(12)

    fit = fit_macro(seen_by_caustics(parameters), MODEL)

    assert fit.converged.all()
    assert (fit.theta_E / value(parameters, "theta_E") - 1).abs().max() < 0.01
    shear = columns(["gamma_1", "gamma_2"])
    assert (fit.parameters[:, shear] - parameters[:, shear]).abs().max() < 0.01


def test_the_einstein_radius_stays_where_it_is_told_to():
    images = seen_by_caustics(drawn(3))

    free = fit_macro(images, MODEL)
    fixed = fit_macro(images, MODEL, free_theta_E=False, theta_E=11.0)

    assert (fixed.theta_E == 11.0).all()
    assert (fixed.chi_square > free.chi_square).all()


def test_binned_images_give_the_einstein_radius_to_two_per_cent():
    parameters = drawn(6)

    fit = fit_macro(seen_by_caustics(parameters), replace(MODEL, binning=2))

    # the PSF is hardly sampled any more
    assert (fit.theta_E / value(parameters, "theta_E") - 1).abs().max() < 0.02


def test_an_elliptical_lens_is_found():
    axis = torch.arange(SIZE, dtype=torch.float64) - (SIZE - 1) / 2
    q, phi = (1 - 0.15) / (1 + 0.15), 0.4
    R, one = value(drawn(1), "log_R").exp(), torch.ones(())
    alpha = func.reduced_deflection_angle_sie(
        0.0, 0.0, torch.tensor(q), torch.tensor(phi), 10.0, axis[None], axis[:, None]
    )
    x, y = axis[None] - alpha[0], axis[:, None] - alpha[1]
    light = brightness_sersic(0.5, -0.7, one, 0 * one, 1.5, R, 1.0, x, y, K)
    image = (MODEL.blur(axis) @ light @ MODEL.blur(axis))[None].float()
    elliptical = replace(MODEL, priors={**PRIORS, "lens_e1": (0.0, 0.1), "lens_e2": (0.0, 0.1)})

    fit = fit_macro(image / image.max(), elliptical)

    found = torch.hypot(fit.value("lens_e1"), fit.value("lens_e2"))
    assert abs(found - 0.15) < 0.02  # the shear takes a part of it


def test_the_result_does_not_depend_on_companions():
    images = seen_by_caustics(drawn(7))

    together = fit_macro(images, MODEL)
    alone = [fit_macro(image[None], MODEL) for image in images]

    # float32: the descents stop where chi square is flat, within a thousandth of a pixel
    torch.testing.assert_close(torch.cat([fit.theta_E for fit in alone]), together.theta_E, atol=1e-3, rtol=0)


OTHERS = {
    "psf": replace(MODEL, psf=2.0),
    "size": replace(MODEL, size=SIZE - 8),
    "binning": replace(MODEL, binning=2),
    "grid": replace(MODEL, grid={"x": (0.0,), "y": (0.0, 3.0)}),
    "fixed radius": MODEL.with_prior("theta_E", 8.0, 0.0),
    "elliptical": replace(MODEL, priors={**PRIORS, "lens_e1": (0.0, 0.1), "lens_e2": (0.0, 0.1)}),
}


@pytest.mark.parametrize("other", list(OTHERS))
def test_starts_are_kept_for_the_same_model_alone(other):
    image = torch.zeros(1, OTHERS[other].side, OTHERS[other].side, dtype=torch.float64)
    _rendered.cache_clear()
    fresh = _Starts.of(OTHERS[other], image).templates
    _rendered.cache_clear()

    _Starts.of(MODEL, image)
    after = _Starts.of(OTHERS[other], image).templates
    again = _Starts.of(OTHERS[other], image).templates

    assert torch.equal(after, fresh) and torch.equal(again, fresh)
    assert _rendered.cache_info().misses == 2


def test_starts_that_were_made_in_inference_mode_serve_outside_of_it():
    images = seen_by_caustics(drawn(1))
    _rendered.cache_clear()
    with torch.inference_mode():
        inside = fit_macro(images, MODEL).theta_E

    outside = fit_macro(images.requires_grad_(), MODEL)

    torch.testing.assert_close(outside.theta_E.detach(), inside.clone())
    assert outside.model_images.requires_grad


@pytest.mark.parametrize("value", [0.0, 1.0, 1e4])
def test_blank_images_give_finite_fits(value):
    fit = fit_macro(torch.full((2, SIZE, SIZE), value), MODEL)

    assert all(part.isfinite().all() for part in vars(fit).values())


def test_noise_gives_finite_fits():
    noise = torch.randn(4, SIZE, SIZE, generator=torch.Generator().manual_seed(1))

    fit = fit_macro(noise, MODEL)

    assert all(part.isfinite().all() for part in vars(fit).values())


def test_what_all_images_share_is_learned():
    guess = replace(MODEL, psf=1.4, priors={**PRIORS, "theta_E": (9.7, 1.0)})
    light = sersic_light(MODEL, R=2.0, n=1.5, e1=0.2)[0]
    parameters = changed(drawn(16), {"theta_E": 10.0})
    images = seen_by_caustics(parameters, lens_light=light / light.max())

    learned = learn_macro(images, replace(guess, light=sersic_light(guess, R=2.5, n=1.0)), rounds=3)

    assert learned.prior("theta_E")[0] == pytest.approx(10.0, rel=0.003)
    assert learned.psf == pytest.approx(PSF, rel=0.1)
    torch.testing.assert_close(learned.light[0] / learned.light.max(), light / light.max(), atol=0.03, rtol=0)


WRITTEN = {"psf": PSF, "noise": 0.02, "photon": 0.1, "binning": 2, "priors": {"x": [0, 2]}, "grid": {"x": [-1, 1]}}


def test_a_model_is_read_as_it_is_written_down():
    model = MacroModel.from_mapping(SIZE, WRITTEN)

    assert (model.size, model.binning, model.psf, model.noise, model.photon) == (SIZE, 2, PSF, 0.02, 0.1)
    assert model.priors == {"x": (0.0, 2.0)}
    assert model.grid == {"x": (-1.0, 1.0)}


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"sigma": 1.0}, "macro-lens: no key is called 'sigma'; known: binning, grid, noise, photon, priors, psf"),
        ({"priors": {"theta_e": [1.0, 0.1]}}, "no parameter is called theta_e; there are theta_E, lens_x, .*, n$"),
        ({"grid": {"radius": [1.0]}}, "grid: no parameter is called radius; there are theta_E, "),
        ({"priors": {"x": [1.0]}}, "priors"),
        ({"psf": "wide"}, "psf = 'wide'"),
    ],
)
def test_a_model_that_is_written_down_wrongly_is_refused(other, message):
    with pytest.raises(SpecError, match=message):
        MacroModel.from_mapping(SIZE, WRITTEN | other)


@pytest.mark.parametrize("name", ["psf", "noise", "priors"])
def test_a_model_without_what_it_needs_is_refused(name):
    written = {key: content for key, content in WRITTEN.items() if key != name}

    with pytest.raises(SpecError, match=f"{name} is missing; it takes psf, noise, priors, grid, binning, photon"):
        MacroModel.from_mapping(SIZE, written)


def test_the_light_of_a_lens_galaxy_is_read_by_name():
    galaxy = {"R": 3.0, "n": 1.5, "e1": 0.1, "e2": 0.0}

    assert torch.equal(with_lens_light(MODEL, galaxy).light, elliptical_lights(MODEL, **galaxy))
    with pytest.raises(SpecError, match=r"light: e2 is missing; it takes R, n, e1, e2"):
        with_lens_light(MODEL, {"R": 3.0, "n": 1.5, "e1": 0.1})
    with pytest.raises(SpecError, match=r"no key is called 'reach'"):
        with_lens_light(MODEL, galaxy | {"reach": 0.2})
