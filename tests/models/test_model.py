"""Models: raw images in, predictions out."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.errors import ArgumentError, ImageShapeError, PixelScaleError
from zoo_core.models.views import view
from zoo_core.tasks import tasks

from ..tiny_models import OPERATIONS, SIZE


@pytest.fixture
def images() -> np.ndarray:
    rng = np.random.default_rng(5)
    return rng.normal(size=(7, 1, SIZE, SIZE)).astype(np.float32)


def probabilities(model, images, **options):
    return model(images, **options).probabilities


def test_prediction_has_a_row_for_each_image(model, images):
    prediction = model(images)
    assert prediction.probabilities.shape == (7, 2)
    torch.testing.assert_close(prediction.probabilities.sum(1), torch.ones(7))


def test_eight_views_do_not_see_how_an_image_is_turned(tiny, images):
    one, eight = tiny(), tiny(views=8)
    turned = np.ascontiguousarray(np.rot90(images, axes=(-2, -1))[..., ::-1])
    assert (probabilities(one, images) - probabilities(one, turned)).abs().max() > 1e-3  # else this test shows nothing
    torch.testing.assert_close(probabilities(eight, images), probabilities(eight, turned), atol=1e-5, rtol=0)


def test_eight_views_average_the_logits(tiny, images):
    one, eight = tiny(), tiny(views=8)
    channels = eight.preprocess.images(images)
    logits = torch.stack([one.network(view(channels, k)) for k in range(8)]).mean(0)
    torch.testing.assert_close(eight(images).logits, logits, atol=1e-6, rtol=1e-5)


def test_views_of_a_restored_image_are_turned_back(tiny, images):
    channels = tiny("restoration").preprocess.images(images)
    restored = tiny("restoration", views=8)(images).image
    shifted = [channels.roll(1, axis) for axis in (-1, -2)] + [channels.roll(-1, axis) for axis in (-1, -2)]
    torch.testing.assert_close(restored, sum(shifted) / 4, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("task", tasks())
def test_every_task_predicts_batches_larger_than_the_chunks_of_the_cpu(tiny, task):
    rng = np.random.default_rng(1)
    images = rng.normal(size=(37, 1, SIZE, SIZE)).astype(np.float32)
    model = tiny(task, views=8)
    together, apart = model(images), [model(images[k : k + 1]) for k in range(37)]
    for name, column in together.to_table().items():
        np.testing.assert_allclose(column, [row.to_table()[name][0] for row in apart], atol=1e-5, err_msg=name)


def test_an_anomaly_has_a_residual_of_what_the_network_saw(tiny, images):
    model = tiny("anomaly")
    prediction = model(images)
    seen = model.preprocess.images(images)
    torch.testing.assert_close(prediction.residual + prediction.reconstruction, seen)


def test_features_are_what_the_network_knows(model, images):
    features = model.features(images)
    assert features.shape == (7, 4)
    torch.testing.assert_close(model.network.head(features), model.network(model.preprocess.images(images)))


def test_network_without_features_says_so(tiny, images):
    with pytest.raises(ArgumentError, match="has no features"):
        tiny("restoration").features(images)


def test_an_image_of_one_band_needs_no_other_axis(model, images):
    torch.testing.assert_close(model(images[0, 0]).logits, model(images[:1]).logits)


def test_missing_axis_says_what_to_add(model, images):
    with pytest.raises(ImageShapeError, match=r"cube\[None\] for one image of several bands, images\[:, None\]"):
        model(images[0])


def test_wrong_number_of_bands_is_an_error(tiny, images):
    with pytest.raises(ImageShapeError, match="2"):
        tiny(bands=("g", "i"))(images)


def test_missing_pixel_scale_is_an_error_where_the_model_resamples(tiny, images):
    model = tiny(operations=({"op": "resample", "pixel_scale": 0.1}, *OPERATIONS))
    with pytest.raises(PixelScaleError, match="--pixel-scale"):
        model(images)
    assert model(images, pixel_scale=0.05).probabilities.shape == (7, 2)


def test_model_answers_as_a_torch_module(model):
    assert dict(model.named_parameters()).keys() <= model.state_dict().keys()
    assert model.n_parameters == sum(parameter.numel() for parameter in model.parameters())
    assert model.eval() is model.train(False) is model and not model.network.training
    assert model.cpu().device == model.to(torch.device("cpu")).device == torch.device("cpu")


def test_what_a_model_cannot_do_says_what_does(model):
    with pytest.raises(ArgumentError, match=r"zoo\.finetune"):
        model.train()
    with pytest.raises(ArgumentError, match="float32"):
        model.to(torch.bfloat16)
    with pytest.raises(ArgumentError, match=r"device= \(--device\)"):
        model.to("nowhere")


@pytest.mark.usefixtures("flat_plugin")
def test_saved_model_is_loaded_with_its_weights_and_views(tmp_path):
    model = zoo.load("flat.space", device="cpu").with_views(8)
    again = zoo.load(model.save(tmp_path / "mine"), device="cpu")
    assert again.id == "flat.space" and again.views == 8
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in model.state_dict().items())


def test_random_weights_are_not_saved_as_trained_ones(model, tmp_path):
    with pytest.raises(zoo.ZooError, match="random weights"):
        replace(model, weights_sha256=None).save(tmp_path / "mine")


@pytest.mark.parametrize("task", tasks())
@pytest.mark.parametrize("views", [1, 8])
def test_an_empty_batch_has_an_empty_prediction(tiny, images, task, views):
    model = tiny(task, views=views)
    some, none = model(images), model(images[:0])
    assert none.to_table() == {name: [] for name in some.to_table()}
    for name, value in vars(some).items():
        if isinstance(value, torch.Tensor):
            assert getattr(none, name).shape == (0, *value.shape[1:]), name


@pytest.mark.parametrize("views", [1, 8])
def test_images_that_are_taken_as_they_are_get_gradients(tiny, images, views):
    model, pixels = tiny(views=views), torch.from_numpy(images).requires_grad_()
    model(pixels).logits.sum().backward()
    step = torch.zeros_like(pixels)
    step[0, 0, 12, 12] = 1e-2
    with torch.no_grad():
        slope = (model(pixels + step).logits - model(pixels - step).logits).sum() / 2e-2
    torch.testing.assert_close(pixels.grad[0, 0, 12, 12], slope, rtol=0.02, atol=1e-4)


def test_gradients_of_images_that_are_cropped_are_refused(model):
    with pytest.raises(ArgumentError, match=f"{SIZE} x {SIZE} measured pixels"):
        model(torch.randn(1, 1, SIZE + 4, SIZE + 4, requires_grad=True))


def test_predicting_needs_no_gradients_and_draws_no_random_numbers(model, images):
    before = torch.random.get_rng_state()
    assert not model(images).probabilities.requires_grad
    assert torch.equal(torch.random.get_rng_state(), before)


def test_description_says_what_it_is(model):
    assert repr(model).startswith("<Model tiny.test: classification of VIS, 25 px")


@pytest.mark.parametrize("change", ["half", "bfloat16", "double"])
def test_another_precision_is_refused_with_the_reason_however_it_is_asked_for(model, change):
    with pytest.raises(ArgumentError, match="a model predicts in float32"):
        getattr(model, change)()
    with pytest.raises(ArgumentError, match="a model predicts in float32"):
        model.to("cpu", torch.float64)
    assert model.float().to("cpu", torch.float32).to(torch.float32).device == model.device


def test_images_without_pixels_are_one_line(model):
    with pytest.raises(ImageShapeError, match="holds no pixels"):
        model(np.zeros((1, 1, 0, 0)))
    assert model.predict(np.zeros((2, 1, 0, 7)))["status"].tolist() == ["error", "error"]


def test_a_truth_value_is_no_pixel_scale(model):
    with pytest.raises(ArgumentError, match=r"pixel_scale= \(--pixel-scale\) is True"):
        model(np.ones((1, 1, 30, 30)), pixel_scale=True)


def test_what_is_no_device_is_one_line(model):
    with pytest.raises(ArgumentError, match="choose auto, cpu"):
        model.to(torch.zeros(1))
