"""The lens fit as a detector: smooth lenses are normal, a mass or another Einstein radius is not."""

import warnings

import numpy as np
import pytest
import torch
from caustics.lenses import func
from torch import Tensor
from zoo_lensfit.network import LensFit, first_guess
from zoo_lensfit.normal import STATISTICS, Normal

from zoo_core.cli import _exit_code
from zoo_core.errors import SpecError
from zoo_core.fit.macromodel import PARAMETERS, MacroModel, changed, source_image
from zoo_core.testing.networks import network_of

HIDDEN = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)  # that Python does not show
SIDE, THETA_E, NOISE = 28, 7.0, 0.01
PRIORS = {
    "theta_E": [THETA_E, 0.7],
    "gamma_1": [0.05, 0.05],
    "x": [0.0, 1.0],
    "y": [0.0, 1.0],
    "log_R": [1.2, 0.1],
}
GRID = {"x": [-1.5, 0.0, 1.5], "y": [-1.5, 0.0, 1.5]}
MODEL = MacroModel(SIDE, priors={name: tuple(prior) for name, prior in PRIORS.items()}, psf=1.0)


def detector(statistics=STATISTICS) -> LensFit:
    chosen = first_guess(SIDE, 1, PRIORS, GRID, psf=1.0, noise=NOISE, photon=0.0)
    return LensFit(1, chosen, statistics, components=5, iterations=20).eval()


def lenses(images: int, seed: int, theta_E: float = THETA_E) -> Tensor:
    """Smooth lenses (images, 1, SIDE, SIDE) of unit peak with white noise."""
    generator = torch.Generator().manual_seed(seed)
    means, spreads = torch.tensor([MODEL.prior(name) for name in PARAMETERS]).unbind(1)
    parameters = means + spreads * torch.randn(images, len(PARAMETERS), generator=generator).clamp(-2, 2)
    light = source_image(MODEL, changed(parameters, {"theta_E": theta_E}))
    light = light / light.amax((1, 2), keepdim=True)
    return (light + NOISE * torch.randn(light.shape, generator=generator))[:, None]


@pytest.fixture(scope="module")
def trained() -> LensFit:
    network = detector()
    network.take_as_normal(lenses(60, seed=0))
    return network


def scores(network: LensFit, images: Tensor) -> Tensor:
    return network(images)[0]


def test_training_images_score_about_zero_and_new_ones_alike(trained):
    assert scores(trained, lenses(20, seed=1)).median().abs() < 3  # of four statistics of unit variance


def test_another_einstein_radius_is_an_anomaly(trained):
    normal, larger = lenses(10, seed=1), lenses(10, seed=1, theta_E=1.08 * THETA_E)

    assert scores(trained, larger).min() > scores(trained, normal).max()


def test_another_einstein_radius_is_none_where_the_macro_lens_is_marginalised(trained):
    marginal = detector(STATISTICS[:3])
    marginal.load_state_dict(trained.state_dict(), strict=True)
    normal, larger = lenses(10, seed=1), lenses(10, seed=1, theta_E=1.08 * THETA_E)

    assert (scores(marginal, larger).median() - scores(marginal, normal).median()).abs() < 3


def test_light_that_no_lens_makes_is_an_anomaly(trained):
    images = lenses(10, seed=2)
    spotted = images.clone()
    spotted[:, :, 5:8, 5:8] += 0.3

    assert scores(trained, spotted).min() > scores(trained, images).max()


def test_the_reconstruction_is_the_image_without_its_noise(trained):
    images = lenses(5, seed=3)

    _, reconstruction, latent = trained(images)

    assert reconstruction.shape == images.shape
    assert (images - reconstruction).std() == pytest.approx(NOISE, rel=0.1)
    assert latent.shape == (5, trained.latent_size)
    assert (latent[:, 0] - THETA_E).abs().max() < 0.1


def test_scores_do_not_depend_on_companions(trained):
    images = torch.cat([lenses(3, seed=4), torch.randn(2, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))])

    alone = torch.cat([scores(trained, image[None]) for image in images])

    torch.testing.assert_close(alone, scores(trained, images), atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 1e4])
def test_blank_images_have_finite_scores(trained, value):
    assert all(part.isfinite().all() for part in trained(torch.full((2, 1, SIDE, SIDE), value)))


def test_learning_finds_the_einstein_radius():
    network = detector()
    network.means[0] = 1.03 * THETA_E

    network.learn(lenses(16, seed=5), rounds=1)

    assert network.model.prior("theta_E")[0] == pytest.approx(THETA_E, rel=0.003)


def test_figures_are_standardised_by_the_training_images():
    generator = torch.Generator().manual_seed(0)
    residuals, mass = torch.randn(500, 6, 6, generator=generator), torch.randn(500, 8, generator=generator)
    latent = torch.randn(500, 3, generator=generator)
    normal = Normal(36, 4, 3, STATISTICS)

    normal.learn(residuals, mass, latent)

    standard = (normal.statistics(residuals, mass, latent) - normal.usual) / normal.spread
    torch.testing.assert_close(standard.median(0).values, torch.zeros(4), atol=0.02, rtol=0)
    torch.testing.assert_close(normal(residuals, mass, latent), standard.sum(1))


def test_the_precision_is_that_of_a_gaussian():
    factor = torch.tensor([[1.0, 0.0], [0.8, 0.6]])
    latent = torch.randn(20_000, 2, generator=torch.Generator().manual_seed(0)) @ factor.T
    normal = Normal(4, 2, 2, STATISTICS)

    normal.learn(torch.randn(20_000, 2, 2, generator=torch.Generator().manual_seed(1)), latent, latent)

    expected = torch.linalg.inv(factor @ factor.T)
    torch.testing.assert_close(normal.precision, expected, rtol=0.15, atol=0.15)  # shrunk, without outliers


def test_a_frame_of_another_size_is_fitted():
    network = network_of("lensfit", size=20, pixel=1, iterations=3).eval()

    score, reconstruction, _ = network(torch.rand(2, 1, 20, 20, generator=torch.Generator().manual_seed(0)))

    assert score.isfinite().all()
    assert reconstruction.shape == (2, 1, 20, 20)


def test_unknown_names_are_refused():
    with pytest.raises(SpecError, match="theta_e"):
        network_of("lensfit", priors={"theta_e": [1.0, 0.1]})
    with pytest.raises(SpecError, match="3 channels"):
        network_of("lensfit", channels=3)
    with pytest.raises(SpecError, match="chi"):
        detector(("chi",))


def test_a_point_mass_is_an_anomaly_of_the_residual(trained):
    marginal = detector(STATISTICS[:3])
    marginal.load_state_dict(trained.state_dict(), strict=True)
    parameters = MODEL.means.float()[None]

    assert scores(marginal, with_mass(parameters, 1.2)).min() > scores(marginal, with_mass(parameters, 0.0)).max() + 3


def with_mass(parameters: Tensor, mass: float) -> Tensor:
    """A round lens (1, 1, SIDE, SIDE) with a point mass on its ring."""
    axis = MODEL.axis(parameters)
    x, y = axis[None, :], axis[:, None]
    value = dict(zip(PARAMETERS, parameters[0].tolist(), strict=True))
    alpha = func.reduced_deflection_angle_sis(0.0, 0.0, value["theta_E"], x, y)
    extra = func.reduced_deflection_angle_point(5.0, 5.0, mass, x, y, 0.5)
    distance = torch.hypot(x - alpha[0] - extra[0], y - alpha[1] - extra[1])
    light = torch.exp(-0.5 * (distance / 3) ** 2)
    light = MODEL.blur(light) @ light @ MODEL.blur(light)
    noise = torch.randn(light.shape, generator=torch.Generator().manual_seed(0))
    return (light / light.max() + NOISE * noise)[None, None]


def test_on_the_command_line_it_says_nothing_but_what_it_did(tmp_path, monkeypatch, capfd):
    image = np.zeros((150, 150), np.float32)
    image[:112, :112] = np.kron(lenses(1, seed=2)[0, 0].numpy(), np.ones((4, 4), np.float32))
    np.save(tmp_path / "lens.npy", image)
    monkeypatch.chdir(tmp_path)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        code = _exit_code(["-q", "predict", "lensfit.slc2020", "lens.npy", "-o", "scores.csv"])

    assert (code, capfd.readouterr().err) == (0, "")
    assert [str(one.message) for one in warned if not issubclass(one.category, HIDDEN)] == []
    assert "anomaly_score" in (tmp_path / "scores.csv").read_text()
