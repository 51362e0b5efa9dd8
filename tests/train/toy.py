"""A plugin whose networks train in their own way, on images that take no time to make."""

from pathlib import Path

import pytest

from ..catalog.distributions import install

TOY = """
import hashlib
import itertools
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import zoo_core as zoo
from zoo_core.symmetries import Scalar

SIDE = 12


class Spots(zoo.Dataset):
    \"\"\"Noise, then noise with a spot in the middle (label 1), then with one in a corner (label 2), in turn.\"\"\"

    def __init__(self, n, seed, classes, bands, name, scale=None):
        self.n, self.seed, self.classes, self.bands = n, seed, classes, len(bands)
        names = ("none", "middle", "corner")[:classes]
        heads = zoo.Heads(classes=names) if classes else zoo.Heads(parameters=("height",), units=("",))
        task = "classification" if classes else "regression"
        turning = () if classes else (Scalar("height"),)
        self.description = zoo.Description(name, "1", task, "simulated", tuple(bands), scale, heads, turning)

    def __len__(self):
        return self.n

    def read(self, rows):
        return np.stack([self._image(k) for k in rows.tolist()])

    def truth(self):
        labels = np.arange(self.n) % max(self.classes, 2)
        ids = np.array([f"spot-{self.seed}-{k}" for k in range(self.n)])
        return {"id": ids, "label": labels, "height": self._heights()}

    def fingerprint(self):
        return hashlib.sha256(repr((self.description, self.n, self.seed)).encode()).hexdigest()

    def _heights(self):
        return np.random.default_rng(self.seed).uniform(8, 12, self.n)

    def _image(self, k):
        image = np.random.default_rng([self.seed, k]).normal(size=(self.bands, SIDE, SIDE)).astype("float32")
        label = k % self.classes if self.classes else 1
        place = {1: slice(4, 8), 2: slice(0, 4)}.get(label)
        if place:
            image[:, place, place] += self._heights()[k]
        return image


def open_spots(n=60, seed=0, classes=2, bands=("VIS",)):
    return Spots(n, seed, classes, bands, "toy_spots")


def open_files(path, n=60, seed=0):
    header = Path(path) / "pixel_scale"  # what the headers of real files hold
    scale = float(header.read_text()) if header.exists() else None
    return Spots(n, seed, 2, ("VIS",), f"toy_files_in_{Path(path).name}", scale)


@dataclass
class Settings:
    log: str | None = None


def build(channels, outputs, size):
    from torch import nn

    network = nn.Sequential(
        nn.Conv2d(channels, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, outputs)
    )
    steps = itertools.count()

    def waits(network, images):
        if network.training and next(steps) == int(os.environ.get("TOY_WAITS_AT", -1)):  # to be killed there
            time.sleep(36000)

    network.register_forward_pre_hook(waits)
    return network


def build_finder(channels, outputs, size):
    from zoo_toy.finder import Finder

    return Finder(channels)


def train(network, training):
    from zoo_toy.finder import train

    train(network, training)


FRAME = ({"op": "frame", "size": SIDE},)


@zoo.hookimpl
def zoo_architectures():
    two = zoo.Heads(classes=("none", "middle"))
    height = zoo.Heads(parameters=("height",), units=("",))
    return [
        zoo.Architecture("toy", "classification", build, ("VIS",), two, FRAME),
        zoo.Architecture("toyheight", "regression", build, ("VIS",), height, FRAME),
        zoo.Architecture(
            "toyfinder", "anomaly", build_finder, ("VIS",), zoo.Heads(), FRAME, settings=Settings, train=train
        ),
        zoo.Architecture("toyplain", "anomaly", build_finder, ("VIS",), zoo.Heads(), FRAME),
        zoo.Architecture("toyclusters", "clustering", build, ("VIS",), two, FRAME),
    ]


def clear_of_tall_spots(scores, truth):
    # By how much the highest spots are more probable than noise without any.
    tall = truth["height"] > 10
    return float(scores.positive[tall & (truth["label"] == 1)].mean() - scores.positive[truth["label"] == 0].mean())


@zoo.hookimpl
def zoo_metrics():
    return [
        zoo.Metric("clear_of_tall", "classification", zoo.Bootstrap(clear_of_tall_spots)),
        zoo.Metric("of_clusters", "clustering", zoo.Bootstrap(clear_of_tall_spots)),
    ]


@zoo.hookimpl
def zoo_datasets():
    return [
        zoo.DatasetFactory("toy_spots", "classification", open_spots),
        zoo.DatasetFactory("toy_files", "classification", open_files),
    ]
"""

FINDER = """
import itertools
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn


class Finder(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.encode = nn.Linear(channels * 144, 4)
        self.decode = nn.Linear(4, channels * 144)
        self.register_buffer("spread", torch.ones(1))

    def forward(self, x):
        latent = self.encode(x.flatten(1))
        image = self.decode(latent).view_as(x)
        return (image - x).square().flatten(1).mean(1) / self.spread, image, latent


def train(network, training):
    log = training.settings.log

    def first(network, batch):
        rows, generator, images = batch.rows, batch.generator, batch.images
        if log:
            with Path(log).open("a") as file:
                file.write(json.dumps([rows.tolist(), float(torch.rand(1, generator=generator))]) + "\\n")
        return (network(images)[1] - images).square().mean()

    training.descend("reconstruction", first)
    with torch.no_grad():
        images = training.images()
        network.spread.fill_(float((network(images)[1] - images).var()))

    waits_at, steps = int(os.environ.get("TOY_WAITS_AT", -1)), itertools.count()  # to be killed there

    def second(network, batch):
        if next(steps) == waits_at:
            time.sleep(36000)
        same = training.images(batch.rows)
        return first(network, replace(batch, images=same)) + 1e-3 * network(same)[2].square().mean()

    def error(network, training):
        images = training.validation_images()
        return float((network(images)[1] - images).square().mean())

    training.descend("shrinkage", second, metric=error)
"""


def install_toy(site: Path) -> Path:
    """The folder to which the plugin is installed."""
    package = install(site, "toy", "zoo_toy", TOY)
    (package / "finder.py").write_text(FINDER)
    return site


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder to which the plugin is installed, on the path."""
    site = install_toy(tmp_path / "site")
    monkeypatch.syspath_prepend(site)
    return site
