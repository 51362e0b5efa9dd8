"""The picture of lenses that were measured: image, critical curve, Einstein radius and posterior of each."""

import matplotlib.image
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from zoo_core.errors import ArgumentError
from zoo_core.predict.gallery import LENS
from zoo_core.predict.lens_pictures import draw_corner
from zoo_core.tasks import Heads, task_named

from ..tiny_models import OPERATIONS, SIZE

SCALED = ({"op": "resample", "pixel_scale": 0.1}, *OPERATIONS)


@pytest.fixture
def lenses() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, 1, SIZE, SIZE)).astype(np.float32)


def test_every_lens_has_its_image_curve_and_posterior(tiny, lenses, tmp_path):
    model = tiny("regression", operations=SCALED)
    with torch.no_grad():
        model.network.head.weight.zero_()
        model.network.head.bias.copy_(torch.tensor([0.5, 0.7, -8.0, -8.0]))

    for count in (1, 2):
        model.predict(lenses[:count], pixel_scale=0.1, picture=tmp_path / f"{count}.png")

    one, two = (matplotlib.image.imread(tmp_path / f"{count}.png")[..., :3] for count in (1, 2))
    assert one.shape[1] == two.shape[1] and len(two) > 1.7 * len(one)
    drawn = np.abs(two - to_rgb(LENS)).max(-1) < 0.1
    quarters = [part for half in np.array_split(drawn, 2, 1) for part in np.array_split(half, 2)]
    assert all(part.sum() > 200 for part in quarters)  # curves on the left, posteriors on the right


def test_the_corner_plot_states_the_posterior():
    heads = Heads(parameters=("theta_E", "e1", "lens_x"), units=("arcsec", "", "arcsec"))
    output = torch.tensor([[1.2, -0.1, 0.0, *np.log(np.square([0.02, 0.05, 0.01]))]], dtype=torch.float32)
    figure = Figure(figsize=(4, 4)).subfigures(1, 1)

    draw_corner(figure, task_named("regression").prediction(output, heads))

    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["1.200 +- 0.020", "", "", "-0.100 +- 0.050"]  # the place of the lens is no part of its mass
    assert [axes.get_xlabel() for axes in figure.axes[2:]] == ["theta_E (arcsec)", "e1"]
    outer = np.concatenate([path.vertices for one in figure.axes[2].collections for path in one.get_paths()])
    half = np.ptp(outer, axis=0) / 2  # of the contour that holds 95.5 % of a Gaussian: 2.49 sigma
    np.testing.assert_allclose(half, [2.49 * 0.02, 2.49 * 0.05], rtol=0.15)


def test_it_is_refused_at_once_of_what_is_no_lens(model, lenses, tmp_path):
    with pytest.raises(ArgumentError, match=r"tiny\.test gives no theta_E, gallery= \(--gallery\)"):
        model.predict(lenses, picture=tmp_path / "lenses.png")
    assert not list(tmp_path.iterdir())
