"""Refinement: what was put in comes out, as well as it says, from a guess that is off."""

import math

import pytest
import torch

from zoo_core.fit.descent import Descent, Prior
from zoo_core.fit.lens_model import PARAMETERS, LensModel, changed, value
from zoo_core.fit.lens_priors import MASS, Belief, Guess
from zoo_core.fit.observed import Observed
from zoo_core.fit.refinement import refine

SIDE, SCALE, NOISE = 45, 0.1, 0.02
TRUTH = {
    "theta_E": 1.0,
    "lens_e1": 0.12,
    "lens_e2": -0.06,
    "gamma_1": 0.03,
    "gamma_2": 0.02,
    "x": 0.15,
    "y": -0.1,
    "log_R": math.log(0.2),
    "e1": 0.1,
    "e2": -0.1,
    "n": 1.2,
    "light_e1": 0.1,
    "light_e2": -0.05,
    "log_fwhm": math.log(0.2),
}


def truth(images=1, **others):
    return changed(torch.zeros(images, len(PARAMETERS), dtype=torch.float64), TRUTH | others)


def scene(parameters, noise=0.0, galaxy=20.0, source=1.0, seed=0):
    """Images of these lenses, with a galaxy of Gaussians that the fit does not use."""
    pixels = torch.zeros(len(parameters), SIDE, SIDE, dtype=torch.float64)
    observed = Observed.of(pixels, pixels + max(noise, 1e-3), torch.full((len(parameters),), SCALE))
    model = LensModel.of(observed, torch.full((len(parameters),), 1.7).double(), PARAMETERS, rays=2, gaussians=11)
    lights = model.lights(parameters)
    share = galaxy * 0.5 ** torch.arange(11.0).double()
    image = (lights.galaxy * share[:, None, None]).sum(1) + source * lights.source[:, 0] + 0.3
    drawn = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return Observed.of(image + noise * drawn, pixels + max(noise, 1e-3), observed.pixel_scale)


def guess(images=1, off=1.0, spread=0.1):
    """Of a network that is off by this factor."""
    mean = {name: torch.full((images,), TRUTH.get(fitted, 0.0)) for name, fitted in MASS.items()}
    mean["theta_E"] = mean["theta_E"] * off
    return Guess(mean, {name: torch.full((images,), spread) for name in MASS})


def test_without_noise_the_truth_is_found():
    at = truth()
    observed = scene(at)
    model = LensModel.of(observed, torch.tensor([1.7]).double(), PARAMETERS, rays=2, gaussians=11)
    belief = Belief.of(guess(), observed)
    loose = Prior(belief.prior.mean, 1e4 * belief.prior.deviation)
    shaken = (
        at + 0.05 * belief.prior.deviation * torch.randn(at.shape, generator=torch.Generator().manual_seed(1)).double()
    )
    descent = Descent(model, loose, belief.bounds, observed.sigma**-2)

    fit = descent.run(shaken, 60)

    assert fit.converged.all()
    torch.testing.assert_close(fit.parameters, at, rtol=0, atol=1e-4)


def test_errors_are_the_scatter_over_noise():
    images = 24
    observed = scene(truth(images), NOISE)
    model = LensModel.of(observed, torch.full((images,), 1.7).double(), PARAMETERS)
    belief = Belief.of(guess(images), observed)
    descent = Descent(model, belief.prior, belief.bounds, observed.sigma**-2)

    fit = descent.run(truth(images), 10)

    for name in ("theta_E", "lens_e1", "x", "light_x"):
        place = PARAMETERS.index(name)
        stated = descent.covariance(fit)[:, place, place].sqrt()
        assert stated.mean() == pytest.approx(value(fit.parameters, name).std().item(), rel=0.45)  # 3 sigma of 24


def test_guesses_that_are_far_off_are_mended_whatever_their_companions():
    two, off = scene(truth(2, theta_E=torch.tensor([0.8, 1.0])), NOISE), torch.tensor([1.3, 1.0])

    together = refine(two, guess(2, off))
    alone = refine(two.rows(torch.tensor([1])), guess())

    assert together.value("theta_E").tolist() == pytest.approx([0.8, 1.0], abs=0.01)  # guessed 1.3 and 1
    assert (together.chi_square / together.degrees).max() < 1.2
    torch.testing.assert_close(together.value("theta_E")[1:], alone.value("theta_E"), rtol=0, atol=1e-6)


def test_a_mass_that_is_held_stays_and_its_lights_are_found():
    found = refine(scene(truth(), NOISE), guess(off=1.05), free_mass=False)

    background, galaxy, arcs = found.images()
    assert found.value("theta_E").item() == pytest.approx(1.05)
    assert found.error("theta_E").item() == 0 and found.error("x").item() > 0
    assert (
        arcs.max() > 10 * NOISE
        and galaxy.max() > arcs.max()
        and background[0, 0, 0].item() == pytest.approx(0.3, abs=0.1)
    )
