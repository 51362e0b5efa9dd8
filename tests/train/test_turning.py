"""Parameters that have a direction are learned and predicted from images that are turned."""

from pathlib import Path

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.errors import RecipeError, SpecError
from zoo_core.images.augmentation import turned
from zoo_core.images.preprocess import Preprocess
from zoo_core.train.fit import train
from zoo_core.train.recipe import recipe_of
from zoo_core.train.turning import turn_of, warn_off_centre

from ..catalog.distributions import install

PLUGIN = """
import hashlib
from dataclasses import dataclass

import numpy as np

import zoo_core as zoo

SIDE = 16
TRUTH = zoo.Heads(parameters=("e1", "e2"), units=("", ""))
TILT = zoo.Heads(parameters=("tilt",), units=("rad",))


class Arcs(zoo.Dataset):
    \"\"\"Gaussian ellipses of any ellipticity.\"\"\"

    def __init__(self, n, seed, heads):
        self.ellipticity = np.random.default_rng(seed).uniform(-0.4, 0.4, (n, 2))
        self.seed = seed
        self.description = zoo.Description("arcs", "1", "regression", "simulated", ("VIS",), heads=heads)

    def __len__(self):
        return len(self.ellipticity)

    def read(self, rows):
        y, x = np.indices((SIDE, SIDE)) - (SIDE - 1) / 2
        e1, e2 = self.ellipticity[rows].T[:, :, None, None]
        noise = np.stack([np.random.default_rng([self.seed, k]).normal(size=(SIDE, SIDE)) for k in rows.tolist()])
        light = 10 * np.exp(-((1 - e1) * x**2 + (1 + e1) * y**2 - 2 * e2 * x * y) / 16)
        return (light + noise)[:, None].astype("float32")

    def truth(self):
        e1, e2 = self.ellipticity.T
        return {"id": np.arange(len(self)).astype(str), "e1": e1, "e2": e2, "tilt": np.arctan2(e2, e1) / 2}

    def fingerprint(self):
        return hashlib.sha256(repr((self.description, self.seed, len(self))).encode()).hexdigest()


def open_arcs(n=512, seed=0, of="ellipticity"):
    return Arcs(n, seed, TILT if of == "tilt" else TRUTH)


@dataclass(frozen=True)
class Arguments:
    dropout: float = 0.0


def build(channels, outputs, size, dropout):
    from torch import nn

    from zoo_core.models.dropout import MonteCarloDropout

    class Perceptron(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(nn.Flatten(), nn.Linear(channels * size**2, 64), nn.ReLU())
            self.head = nn.Linear(64, outputs)

        def forward(self, x):
            return self.head(self.features(x))

    network = Perceptron()
    return MonteCarloDropout(network, dropout, 4) if dropout else network


@zoo.hookimpl
def zoo_architectures():
    frame = ({"op": "frame", "size": SIDE}, {"op": "standardise", "mean": [0.0], "std": [10.0]})
    return [zoo.Architecture("arcnet", "regression", build, ("VIS",), TRUTH, frame, Arguments)]


@zoo.hookimpl
def zoo_datasets():
    return [zoo.DatasetFactory("arcs", "regression", open_arcs)]
"""
RECIPE = """
schema: 1
architecture: arcnet
plugin: zoo-arcs
id: arcnet.toy
train: {dataset: arcs, plugin: zoo-arcs, arguments: {seed: 1}}
validation: {dataset: arcs, plugin: zoo-arcs, arguments: {n: 200, seed: 2}}
steps: 300
validate_every: 300
optimiser: {lr: 0.003}
publish: {views: 8}
"""


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path / "site", "arcs", "zoo_arcs", PLUGIN)
    monkeypatch.syspath_prepend(tmp_path / "site")
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE)
    return path


def changed(recipe: Path, *lines: str) -> Path:
    recipe.write_text("\n".join([recipe.read_text().replace("seed: ", "of: tilt, seed: "), *lines]))
    return recipe


def test_a_regressor_of_ellipticities_learns_from_turned_images_and_predicts_from_eight_views(recipe, tmp_path):
    model = zoo.load(train(recipe, tmp_path / "run", device="cpu", progress=False), device="cpu")
    data = zoo.open_dataset("arcs", plugin="zoo-arcs", n=200, seed=3)
    for views in (1, 8):
        found = model.with_views(views)(data.images(slice(None))).mean.numpy()
        for column, name in enumerate(("e1", "e2")):
            assert np.corrcoef(found[:, column], data.truth()[name])[0, 1] > 0.85, (views, name)
    assert len(model.spec.calibration.error_scales) == 2
    held_out = zoo.open_dataset("arcs", plugin="zoo-arcs", n=200, seed=2)
    table, truth = model(held_out.images(slice(None))).to_table(), held_out.truth()
    for name in ("e1", "e2"):  # 68.27 % of the 200 that calibrate it: their rank is exact, the scale has four digits
        within = np.abs(table[name] - truth[name]) <= table[f"{name}_err"]
        assert 0.675 <= within.mean() <= 0.69

    flagged = model.predict(data, workers=0)
    assert (flagged["novelty"] > 1).mean() < 0.06  # 1 % of images like those
    assert np.mean([bool(names) for names in flagged["outside"]]) < 0.2  # some answers lie a little beyond the edge
    assert model.spec.familiarity.ranges == tuple([(pytest.approx(-0.4, abs=0.01), pytest.approx(0.4, abs=0.01))] * 2)
    strange = model.predict(data.images(slice(3)) + 100 * np.eye(16, dtype="float32"), workers=0)
    assert (strange["novelty"] > 1.5).all()
    assert all("unlike the images that it learned from (novelty" in message for message in strange["message"])
    again = zoo.load(model.save(tmp_path / "again"), device="cpu").predict(data, workers=0)
    np.testing.assert_allclose(again["novelty"], flagged["novelty"], rtol=1e-6)


def test_flows_are_trained_averaged_over_views_and_loaded(recipe, tmp_path):
    recipe.write_text("\n".join([recipe.read_text().replace("300", "120"), "likelihood: flow"]))
    model = zoo.load(train(recipe, tmp_path / "run", device="cpu", progress=False), device="cpu")
    data = zoo.open_dataset("arcs", plugin="zoo-arcs", n=60, seed=3)

    table = model.predict(data, workers=0)

    assert model.heads.likelihood == "flow" and len(model.spec.calibration.error_scales) == 2
    for name in ("e1", "e2"):
        truth = data.truth()[name]
        assert np.corrcoef(table[name], truth)[0, 1] > 0.8
        within = (truth > table[f"{name}_q16"]) & (truth < table[f"{name}_q84"])
        assert 0.5 < within.mean() < 0.85
        assert ((table[f"{name}_q16"] < table[name]) & (table[name] < table[f"{name}_q84"])).mean() > 0.9


def test_correlated_errors_and_dropout_are_trained_calibrated_and_loaded(recipe, tmp_path):
    lines = ("likelihood: full", "arguments: {dropout: 0.1}")
    recipe.write_text("\n".join([recipe.read_text().replace("300", "150"), *lines]))
    model = zoo.load(train(recipe, tmp_path / "run", device="cpu", progress=False), device="cpu")
    assert model.heads.likelihood == "full" and len(model.spec.calibration.error_scales) == 2

    data = zoo.open_dataset("arcs", plugin="zoo-arcs", n=100, seed=3)
    posterior = model(data.images(slice(None)))

    assert np.corrcoef(posterior.mean[:, 0], data.truth()["e1"])[0, 1] > 0.8
    assert (posterior.epistemic.diagonal(dim1=1, dim2=2) > 0).all()
    torch.testing.assert_close(posterior.covariance, posterior.aleatoric + posterior.epistemic)


TILT = ("parameters: [tilt]", "units: [rad]")


def test_a_parameter_of_an_unknown_kind_must_be_declared_before_images_are_turned(recipe, tmp_path):
    with pytest.raises(SpecError, match="tilt: it is not known how it changes when an image is turned; declare it"):
        train(changed(recipe, *TILT), tmp_path / "run", device="cpu", steps=2, progress=False)


def test_a_recipe_declares_how_a_parameter_turns_and_the_model_keeps_it(recipe, tmp_path):
    declared = changed(recipe, *TILT, "symmetries: [{angle: tilt}]")
    model = zoo.load(train(declared, tmp_path / "run", device="cpu", steps=2, progress=False), device="cpu")
    assert model.spec.symmetries == ({"angle": "tilt"},)
    image = np.random.default_rng(0).normal(size=(1, 1, 16, 16)).astype("float32")
    once, turned = (float(model(x).mean) for x in (image, np.rot90(image, axes=(2, 3)).copy()))
    assert (once - turned) % np.pi == pytest.approx(np.pi / 2, abs=1e-4)


def test_images_that_are_not_turned_need_no_declaration(recipe, tmp_path):
    plain = changed(recipe, *TILT, "augmentation: {dihedral: false}")
    plain.write_text(plain.read_text().replace("views: 8", "views: 1"))
    model = zoo.load(train(plain, tmp_path / "run", device="cpu", steps=2, progress=False), device="cpu")
    with pytest.raises(SpecError, match="--views 1"):
        model.with_views(8)


@pytest.mark.parametrize(
    ("augmentation", "message"),
    [
        ({"scale": [0.75, 1.0]}, "scale changes e1, e2 of arcs"),
        ({"shear": 0.2}, "shear changes e1, e2 of arcs"),
        ({"rotate": 30.0}, "rotate changes e1, e2 of arcs"),
    ],
)
@pytest.mark.usefixtures("recipe")
def test_what_would_change_a_parameter_is_refused_with_its_name(augmentation, message):
    arcs = zoo.open_dataset("arcs", plugin="zoo-arcs", n=4)

    with pytest.raises(RecipeError, match=message):
        turn_of(arcs, distorting(augmentation))
    turn_of(arcs, distorting({"translate": 0.1}))
    turn_of(zoo.open_dataset("finding_space", n=2), distorting(augmentation))


def distorting(augmentation):
    content = {"id": "x.y", "architecture": "x", "plugin": "zoo-x", "train": {"dataset": "arcs"}}
    return recipe_of({**content, "augmentation": augmentation}, "recipe")


def test_images_that_are_targets_turn_with_the_images():
    data, images = zoo.open_dataset("restoration_space", n=1), torch.arange(32.0).view(2, 1, 4, 4)
    turn = turn_of(data, restoring({"dihedral": True}))
    assert torch.equal(turn(images, torch.tensor([1, 4])), turned(images, torch.tensor([1, 4])))
    assert turn_of(data, restoring({"dihedral": False})) is None


@pytest.mark.parametrize("key", [{"gain": 0.1}, {"offset": 0.1}, {"rotate": 5.0}])
def test_what_would_change_the_input_alone_is_refused(key):
    with pytest.raises(RecipeError, match="restoration_space has images as targets, and only the input"):
        turn_of(zoo.open_dataset("restoration_space", n=1), restoring(key))


@pytest.mark.usefixtures("recipe")
def test_targets_of_its_own_that_would_not_turn_are_refused():
    class Own(type(zoo.open_dataset("arcs", plugin="zoo-arcs", n=4))):
        def targets(self):
            return self.ellipticity.astype("float32")

    data = Own(4, 0, zoo.Heads())
    with pytest.raises(RecipeError, match=r"targets \(4, 2\) of arcs would not turn .*dihedral: false"):
        turn_of(data, distorting({"dihedral": True}))
    assert turn_of(data, distorting({"dihedral": False})) is None


@pytest.mark.parametrize(("size", "dihedral", "warned"), [(72, True, True), (73, True, False), (72, False, False)])
def test_places_in_a_frame_that_misses_the_centre_are_warned_of(size, dihedral, warned, caplog):
    data = zoo.open_dataset("modelling_euclid", n=1)
    warn_off_centre(
        data, distorting({"dihedral": dihedral}), Preprocess.from_operations([{"op": "frame", "size": size}], ["VIS"])
    )

    expected = "images are 101 x 101 pixels, and the frame of 72 lies -0.5 and -0.5 of a pixel off their centre"
    assert (expected in caplog.text) == warned
    assert ("so will lens_x and lens_y" in caplog.text) == warned


def restoring(augmentation):
    return recipe_of(
        {
            "schema": 1,
            "id": "unet.mine",
            "architecture": "unet",
            "plugin": "zoo-unet",
            "train": {"dataset": "restoration_space"},
            "steps": 1,
            "augmentation": augmentation,
        },
        "recipe",
    )
