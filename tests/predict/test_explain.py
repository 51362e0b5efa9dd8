"""Attributions point at the pixels that decide, for every task whose answer is a number."""

import logging
from dataclasses import replace

import matplotlib.image
import pytest
import torch
from torch import nn

import zoo_core as zoo
from zoo_core.errors import ArgumentError, ImageReadError, UnknownNameError
from zoo_core.predict.attribution import METHODS, attributed, chosen_quantity, quantities
from zoo_core.predict.explain import draw_explanations, explain

from ..tiny_models import SIZE


class Corner(nn.Module):
    """The light in one corner; nothing else of the image decides."""

    def __init__(self):
        super().__init__()
        self.see = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.ones_(self.see.weight)

    def forward(self, x):
        return self.see(x)[:, :, :8, :8].mean((2, 3))


@pytest.fixture
def corner(model):
    object.__setattr__(model, "network", Corner().eval())
    return model


@pytest.mark.parametrize("method", METHODS)
def test_what_decides_is_found_and_what_does_not_is_not(corner, method):
    found = attributed(corner, torch.ones(2, 1, SIZE, SIZE), method)

    assert found.shape == (2, SIZE, SIZE)
    if method != "grad-cam":  # which weights whole maps, and so looks wherever there is light
        assert found[:, :6, :6].min() > 0 and found[:, 12:, 12:].abs().max() == 0


def test_integrated_gradients_add_up_to_the_answer(corner):
    images = torch.rand(3, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(1))

    total = attributed(corner, images, "integrated-gradients").sum((1, 2))

    torch.testing.assert_close(total, corner.network(images)[:, 0].detach(), rtol=1e-4, atol=1e-6)


def test_of_two_classes_one_speaks_against_the_other(corner):
    images = torch.ones(1, 1, SIZE, SIZE)
    for_lens, against = (attributed(corner, images, "integrated-gradients", of) for of in ("lens", "nonlens"))

    torch.testing.assert_close(for_lens, -against)


@pytest.mark.parametrize(
    ("task", "names"),
    [("regression", ("theta_E", "q")), ("anomaly", ("score",)), ("clustering", ("a", "b", "c"))],
)
@pytest.mark.parametrize("method", METHODS)
def test_every_task_with_a_number_is_explained(tiny, task, names, method):
    model = tiny(task)
    images = torch.rand(1, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(1))

    assert quantities(model) == names
    assert all(attributed(model, images, method, name).isfinite().all() for name in names)


def test_what_cannot_be_explained_is_one_line(tiny, model):
    images = torch.ones(1, 1, SIZE, SIZE)
    with pytest.raises(ArgumentError, match="answers with an image and not with a number"):
        attributed(tiny("restoration"), images, "occlusion")
    with pytest.raises(UnknownNameError, match=r"no class of tiny.test is called 'lense'; did you mean lens"):
        attributed(model, images, "occlusion", "lense")
    with pytest.raises(UnknownNameError, match=r"no parameter of tiny.test is called 'thetaE'; did you mean theta_E\?"):
        attributed(tiny("regression"), images, "occlusion", "thetaE")
    with pytest.raises(ArgumentError, match="choose integrated-gradients, grad-cam, occlusion"):
        attributed(model, images, "guess")


@pytest.mark.parametrize(
    ("task", "name"), [("classification", "lens"), ("regression", "theta_E"), ("anomaly", "score")]
)
def test_what_is_explained_where_nothing_is_named(tiny, task, name):
    assert chosen_quantity(tiny(task)) == name


def test_which_of_several_is_explained_is_said(tiny, cutouts, caplog):
    with caplog.at_level(logging.INFO, "zoo"):
        explain(tiny("regression"), [cutouts / "c01.fits"], ["grad-cam"])
        explain(tiny("regression"), [cutouts / "c01.fits"], ["grad-cam"], of="q")

    assert [record.getMessage() for record in caplog.records] == [
        "theta_E is explained; of= (--of) takes any of theta_E, q"
    ]


class Same(nn.Module):
    """The same output for all images, moved by the light of the image in the first of its numbers."""

    def __init__(self, output: torch.Tensor):
        super().__init__()
        self.output = nn.Parameter(output)

    def forward(self, x):
        light = x.mean((1, 2, 3)).reshape(-1, *[1] * self.output.ndim)
        return self.output + light * torch.eye(self.output.shape[-1])[0]


@pytest.mark.parametrize("likelihood", ["diagonal", "full"])
@pytest.mark.parametrize("members", [0, 3])
def test_of_every_gaussian_and_mixture_the_mean_is_explained(tiny, likelihood, members):
    model = tiny("regression")
    heads = replace(model.heads, likelihood=likelihood)
    shape = (model.task.outputs(heads),)
    output = torch.randn(*([members] if members else []), *shape, generator=torch.Generator().manual_seed(1))
    model = replace(model, heads=heads, network=Same(output).eval())
    images = torch.rand(2, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(1))

    found = attributed(model, images, "integrated-gradients", "theta_E").sum((1, 2))

    empty, full = (model.prediction(channels).mean[:, 0] for channels in (torch.zeros_like(images), images))
    torch.testing.assert_close(found, full - empty, rtol=1e-4, atol=1e-5)


def test_without_a_convolution_grad_cam_says_so_and_shows_gradients(model, caplog):
    object.__setattr__(model, "network", nn.Sequential(nn.Flatten(), nn.Linear(SIZE**2, 1)).eval())
    images = torch.ones(1, 1, SIZE, SIZE)

    with caplog.at_level(logging.WARNING, "zoo"):
        found = attributed(model, images, "grad-cam")

    assert "no convolution" in caplog.text
    torch.testing.assert_close(found, attributed(model, images, "integrated-gradients"))


def test_cutting_an_image_into_patches_is_no_convolution_to_look_at(model, caplog):
    patches = nn.Sequential(nn.Conv2d(1, 4, 5, stride=5), nn.Flatten(), nn.Linear(100, 1)).eval()
    object.__setattr__(model, "network", patches)

    with caplog.at_level(logging.WARNING, "zoo"):
        attributed(model, torch.ones(1, 1, SIZE, SIZE), "grad-cam")

    assert "no convolution" in caplog.text


def test_convolutions_that_are_a_network_s_own_are_found(caplog):
    lastro = zoo.build("lastro")
    images = torch.rand(1, lastro.preprocess.n_channels, 101, 101, generator=torch.Generator().manual_seed(1))

    with caplog.at_level(logging.WARNING, "zoo"):
        assert attributed(lastro, images, "grad-cam").shape == (1, 101, 101)

    assert "no convolution" not in caplog.text


def test_the_picture_has_a_row_an_image_and_the_answers(model, cutouts, tmp_path):
    found = explain(model, [cutouts / "c01.fits", cutouts / "c02.fits"], ["grad-cam"])
    draw_explanations(tmp_path / "seen.png", found, "tiny")

    assert [one.id for one in found] == ["c01", "c02"] and list(found[0].answer) == ["p_lens"]
    height, width, _ = matplotlib.image.imread(tmp_path / "seen.png").shape
    assert 0.9 < height / width < 1.4
    assert {one.of for one in found} == {"lens"}


def test_of_many_images_the_first_are_explained_and_the_log_says_so(model, cutouts, caplog):
    names = [cutouts / f"{name}.fits" for name in ("c01", "c02", "c01")]
    with caplog.at_level(logging.INFO, "zoo"):
        assert [one.id for one in explain(model, names, ["grad-cam"], most=2)] == ["c01", "c02"]
    assert "the first 2 of 3 images are explained" in caplog.text


def test_a_file_that_is_no_image_is_an_error_that_names_it(model, cutouts):
    with pytest.raises(ImageReadError, match=r"c07\.fits"):
        explain(model, [cutouts / "c07.fits"], ["grad-cam"])


def test_a_file_that_is_not_there_is_named_once(model, tmp_path):
    with pytest.raises(ImageReadError) as error:
        explain(model, [tmp_path / "gone.fits"], ["grad-cam"])
    assert str(error.value).count("gone.fits") == 1
