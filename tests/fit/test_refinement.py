"""Refinement: what was put in comes out, as well as it says, from a guess that is off."""

import math
from dataclasses import replace

import pytest
import torch

from zoo_core.fit.descent import Descent, Prior
from zoo_core.fit.lens_model import PARAMETERS, LensModel, changed, value
from zoo_core.fit.lens_priors import MASS, Belief, Guess
from zoo_core.fit.observed import Observed
from zoo_core.fit.refinement import refine
from zoo_core.fit.verdict import remarks, verdicts

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


@pytest.fixture(scope="module")
def found():
    return refine(scene(truth(), NOISE, seed=1), guess())


def test_guesses_that_are_far_off_are_mended_whatever_their_companions(found):
    one, other = scene(truth(), NOISE, seed=1), scene(truth(theta_E=0.8), NOISE)
    psf, rows = None, zip(vars(other).items(), vars(one).values(), strict=True)
    two = Observed(**{name: psf if name == "psf" else torch.cat([a, b]) for (name, a), b in rows})

    together = refine(two, guess(2, torch.tensor([1.1, 1.0])))

    assert together.value("theta_E").tolist() == pytest.approx([0.8, 1.0], abs=0.01)  # guessed 1.1 and 1
    assert (together.chi_square / together.degrees).max() < 1.2
    torch.testing.assert_close(together.value("theta_E")[1:], found.value("theta_E"), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"theta_E": 2.19}, "stands at the end of its range"),
        ({"theta_E": 1.6}, "too far from the network's"),
        ({"x": 0.9, "y": 0.0}, "where it has one image"),
        ({"n": 5.0}, "more concentrated than galaxies"),
        ({"log_R": 0.1}, "as large as the Einstein ring"),
        ({"lens_e1": 0.6}, "more elongated than galaxies"),
        ({"gamma_2": -0.3}, "the shear is larger"),
        ({"theta_E": math.nan}, "no finite errors"),
    ],
)
def test_what_no_lens_is_like_is_not_believed(found, values, words):
    (reason,) = verdicts(replace(found, parameters=changed(found.parameters, values)), guess())

    assert words in reason


def test_a_fit_is_believed_unless_something_is_wrong_with_it(found):
    nothing = torch.zeros(1)
    broken = {
        "has not converged": replace(found, converged=torch.tensor([False])),
        "chi^2 per degree of freedom is 7.5": replace(found, chi_square=7.5 * found.degrees),
        "no arcs stand out": replace(found, gained=nothing),
        "no image is seen on the far side": replace(found, counter=replace(found.counter, snr=nothing)),
        "not as bright as the fit has them": replace(found, counter=replace(found.counter, share=nothing)),
    }

    assert verdicts(found, guess()) == [""]
    for words, fit in broken.items():
        assert words in verdicts(fit, guess())[0]


def test_a_believed_fit_that_leaves_more_than_noise_is_remarked_upon(found):
    assert remarks(found) == [""]
    (remark,) = remarks(replace(found, chi_square=4.96 * found.degrees))
    assert remark.startswith("chi^2 per degree of freedom is 4.96: the fit leaves more than noise")


def test_a_mass_that_is_held_stays_and_its_lights_are_found():
    found = refine(scene(truth(), NOISE), guess(off=1.05), free_mass=False)

    background, galaxy, arcs = found.images()
    assert found.value("theta_E").item() == pytest.approx(1.05)
    assert found.value("gamma_1").item() == pytest.approx(TRUTH["gamma_1"])
    assert found.error("theta_E").item() == 0 and found.error("x").item() > 0
    assert (
        arcs.max() > 10 * NOISE
        and galaxy.max() > arcs.max()
        and background[0, 0, 0].item() == pytest.approx(0.3, abs=0.1)
    )
