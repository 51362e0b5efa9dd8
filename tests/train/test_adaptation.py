"""Domain adaptation: each method makes a network right on images on which the source alone leaves it wrong."""

import csv

import pytest
import torch
from torch import nn
from torch.nn import functional

import zoo_core as zoo
from zoo_core.errors import RecipeError
from zoo_core.train.adaptation.adamatch import unmoved
from zoo_core.train.adaptation.altered import altered
from zoo_core.train.adaptation.dann import _Reversed
from zoo_core.train.adaptation.method import Step, features_and_outputs
from zoo_core.train.adaptation.target import METHODS
from zoo_core.train.data import with_path
from zoo_core.train.descent import Session
from zoo_core.train.fit import run
from zoo_core.train.recipe import Recipe, recipe_of

STEPS, BATCH, RATE = 250, 64, 3e-3


def clouds(places, widths, generator):
    """Images (N, 1, 1, 2) of a label that stands for each place."""
    return (places + torch.tensor(widths) * torch.randn(places.shape, generator=generator)).view(-1, 1, 1, 2)


def misled(count, generator, target):
    """What tells the classes of the source apart most clearly says nothing in the target, and is different there."""
    labels = torch.arange(count) % 2
    side = 2.0 * labels - 1
    misleading = torch.full_like(side, -1.5) if target else side
    return clouds(torch.stack([side, misleading], 1), (0.5, 0.3), generator), labels.float()


def moved(count, generator, target):
    """The target lies aside, so that the border of the source cuts through one of its classes."""
    labels = torch.arange(count) % 2
    place = 3.0 * labels - 1.5 + (1.3 if target else 0.0)
    return clouds(torch.stack([place, torch.zeros(count)], 1), (0.45, 0.7), generator), labels.float()


def accuracy_on_target(draw, method=None, **settings):
    """Of a network that has learned from the source, and with a method from the target."""
    torch.manual_seed(1)
    generator = torch.Generator().manual_seed(1)
    network = nn.Sequential(nn.Flatten(), nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, 1))
    adapts = METHODS[method](METHODS[method].Settings(**settings), network, 16) if method else None
    own = [parameter for parameter in adapts.parameters() if parameter.requires_grad] if adapts else []
    optimiser = torch.optim.Adam([*network.parameters(), *own], RATE)

    def loss(outputs, labels):
        return functional.binary_cross_entropy_with_logits(outputs[:, 0], labels)

    def noisy(images):
        return images + 0.3 * torch.randn(images.shape, generator=generator)

    for step in range(STEPS):
        (source, labels), (target, _) = draw(BATCH, generator, False), draw(BATCH, generator, True)
        given = Step(source, labels, target, noisy(source), noisy(target), step / STEPS, network, "5", loss)
        optimiser.param_groups[0]["lr"] = RATE * (adapts.rate(step / STEPS) if adapts else 1)
        optimiser.zero_grad()
        (adapts(given) if adapts else loss(network(source), labels)).backward()
        optimiser.step()
        if adapts:
            adapts.stepped(network)
    target, labels = draw(2000, generator, True)
    return float(((network(target)[:, 0] > 0) == (labels > 0)).float().mean())


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    with torch.random.fork_rng():
        torch.set_num_threads(1)
        yield


def test_the_source_alone_fails_on_both_targets():
    assert accuracy_on_target(misled) < 0.6
    assert accuracy_on_target(moved) < 0.87


@pytest.mark.parametrize(
    ("draw", "method", "settings", "least"),
    [
        (misled, "dann", {"width": 32}, 0.72),
        (misled, "mmd", {"weight": 2.0}, 0.9),
        (misled, "adda", {"width": 32, "rate": 0.3}, 0.75),
        (misled, "adamatch", {}, 0.9),
        (moved, "self_ensembling", {"confidence": 0.8, "decay": 0.95}, 0.93),
    ],
)
def test_each_method_makes_the_target_right(draw, method, settings, least):
    assert accuracy_on_target(draw, method, **settings) > least


def test_the_gradient_is_reversed_on_its_way():
    features = torch.ones(3, requires_grad=True)
    _Reversed.apply(features, 0.25).sum().backward()
    assert features.grad.tolist() == [-0.25] * 3


def test_features_are_what_enters_the_last_layer():
    network = nn.Sequential(nn.Conv2d(1, 5, 3), nn.AdaptiveAvgPool2d(1), nn.Conv2d(5, 2, 1), nn.Flatten())
    seen = features_and_outputs(network, network[2], torch.randn(4, 1, 6, 6))
    assert seen.features.shape == (4, 5) and seen.outputs.shape == (4, 2)
    assert not network[2]._forward_pre_hooks


def test_images_are_altered_by_noise_and_a_square_and_the_same_with_the_same_generator():
    images = torch.ones(8, 2, 20, 20) + torch.arange(20.0)
    first, again = (altered(images, torch.Generator().manual_seed(3)) for _ in range(2))
    erased = (first == 0).float().mean((1, 2, 3))
    assert torch.equal(first, again) and (images[0, 0, 0, 0] == 1)
    assert 0 < erased.max() <= 0.26 and bool(((first == 0).all(1) == (first == 0).any(1)).all())


def test_moments_stand_still_for_images_of_one_domain_alone():
    norm = nn.BatchNorm1d(3)
    with unmoved(norm):
        norm(torch.randn(9, 3) + 5)
    assert norm.running_mean.tolist() == [0, 0, 0] and norm.momentum == 0.1


def recipe(method="dann", architecture="toy", settings=None, **changes) -> Recipe:
    target = {"dataset": "toy_spots", "plugin": "zoo-toy", "arguments": {"n": 20, "seed": 9}}
    return recipe_of(
        {
            "id": f"{architecture}.adapted",
            "architecture": architecture,
            "plugin": "zoo-toy",
            "train": {"dataset": "toy_spots", "plugin": "zoo-toy", "arguments": {"n": 24, "seed": 1}},
            "adaptation": {"method": method, "target": target, "settings": settings or {}},
            "monitor": "information",
            "batch_size": 4,
            "steps": 3,
            "validate_every": 1,
            "publish": {"storage": "float32"},
        }
        | changes,
        "recipe",
    )


def starting() -> Session:
    return Session.starting("cpu", resume=True, progress=False, max_time=None)


def test_a_recipe_with_a_target_leaves_a_model_that_says_so(toy, tmp_path):
    model = zoo.load(run(recipe(), tmp_path / "run", starting()))

    source, target = model.spec.trained_on
    assert (source.arguments["seed"], target.arguments["seed"]) == (1, 9) and source.sha256 != target.sha256
    rows = list(csv.DictReader((tmp_path / "run/log/version_0/metrics.csv").open()))
    assert len([row for row in rows if row["val_information"]]) == 3


def test_images_of_a_simulated_target_are_as_they_are_and_not_drawn_anew(toy, tmp_path):
    simulated = {"dataset": "finding_space", "arguments": {"n": 4, "seed": 9, "cache": str(tmp_path / "cache")}}

    run(recipe(adaptation={"method": "mmd", "target": simulated}), tmp_path / "run", starting())

    kept = [path for path in (tmp_path / "run/data").iterdir() if path.name.startswith("finding_space")]
    assert [path.suffix for path in kept] == [".npy"]  # its images; scenes to draw from would be a folder


def test_what_a_method_does_not_take_is_named(toy, tmp_path):
    with pytest.raises(RecipeError, match=r"adaptation: settings of mmd.*'widht'"):
        run(recipe("mmd", settings={"widht": 3}), tmp_path / "run", starting())
    with pytest.raises(RecipeError, match=r"first is 1.0; it must be a share of the steps"):
        run(recipe("adda", settings={"first": 1.0}), tmp_path / "run", starting())


def test_a_network_of_another_task_adapts_to_nothing(toy, tmp_path):
    with pytest.raises(RecipeError, match="toyplain is for anomaly; only what classifies by gradient descent adapts"):
        run(recipe(architecture="toyplain", monitor="loss"), tmp_path / "run", starting())


def test_the_path_given_goes_to_the_target_too(toy):
    files = {"method": "mmd", "target": {"dataset": "toy_files", "plugin": "zoo-toy"}}

    placed = with_path(recipe(adaptation=files), "/here")

    assert placed.adaptation.target.arguments == {"path": "/here"}
    assert placed.train.arguments == {"n": 24, "seed": 1}


def test_without_a_target_there_is_no_information_to_choose_by(toy, tmp_path):
    with pytest.raises(RecipeError, match=r"monitor: .*information"):
        run(recipe(adaptation=None), tmp_path / "run", starting())
