"""The image that a measured mass makes is like the one that was observed, if the mass is right."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from zoo_core.fit.mass_model import MassModel
from zoo_core.images.image import RawImage
from zoo_core.images.preprocess import Preprocess
from zoo_core.predict.lens_models import modelled
from zoo_core.predict.refined import Exposed
from zoo_core.sim.frame import CutoutFrame
from zoo_core.sim.rays.render import render
from zoo_core.sim.rays.scene import LENS, SERSIC, Lens, Profile, Scenes
from zoo_core.sim.sky.galaxy import light_table
from zoo_core.sim.tables import table
from zoo_core.tasks import Heads, Regression

HEADS = Heads(parameters=("theta_E", "e1", "e2"), units=("arcsec", "", ""))
SCALE = 0.1
PREPROCESS = Preprocess.from_operations([{"op": "frame", "size": 61}], ["VIS"])


@pytest.fixture(scope="module")
def observed() -> np.ndarray:
    """A lens of 1.2 arcsec and its arcs, (61, 61), in units of the noise."""
    lens = MassModel(1.2, e1=0.08, e2=0.05)
    galaxy = Profile(False, SERSIC, 1500.0, 0.0, 0.0, 0.6, 3.0, 0.85, lens.phi)
    source = Profile(True, SERSIC, 120.0, 0.15, 0.1, 0.2, 1.0, 0.7, 1.0)
    scenes = Scenes(table([Lens(lens.theta_E, lens.q, lens.phi)], LENS), light_table([[galaxy, source]]))
    drawn = render(scenes, CutoutFrame(61, SCALE), dtype=torch.float64)
    blurred = gaussian_filter((drawn.foreground + drawn.arcs)[0].numpy(), 0.8)
    return blurred + np.random.default_rng(0).normal(size=blurred.shape)


def posterior(theta_E: float) -> Regression:
    return Regression.of(torch.tensor([[theta_E, 0.08, 0.05]]), torch.diag(torch.full((3,), 1e-3))[None], HEADS)


def test_the_right_mass_leaves_noise_and_a_wrong_one_leaves_arcs(observed):
    right, wrong = (modelled(exposed(observed), posterior(theta_E), PREPROCESS) for theta_E in (1.2, 0.8))

    assert right.chi_square < 1.5 and wrong.chi_square > 1.3 * right.chi_square
    assert right.pixels.shape == right.model.shape == right.residual.shape
    assert np.isnan(right.residual[~right.counted]).all()
    assert np.nanstd(right.residual) < 1.3
    peak = right.pixels[right.counted].max()
    assert right.model[right.counted].max() == pytest.approx(peak, rel=0.1)


def test_pixels_that_were_not_measured_are_not_fitted(observed):
    hidden = observed.copy()
    hidden[:, :25] = np.nan
    whole, part = (modelled(exposed(image), posterior(1.2), PREPROCESS) for image in (observed, hidden))
    assert 0.3 < part.counted.sum() / whole.counted.sum() < 0.8


def exposed(image: np.ndarray) -> Exposed:
    raw = RawImage("lens", "lens", np.float32(image)[None], pixel_scale=SCALE)
    return Exposed("lens", image=raw, pixel_scale=SCALE)
