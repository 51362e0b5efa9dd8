"""Tiny models with random weights that pass for trained, and folders of images."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from astropy.io import fits
from torch import Tensor, nn

import zoo_core as zoo
from zoo_core.images.preprocess import Preprocess
from zoo_core.models.model import Model
from zoo_core.models.network import Dimensions, initialised
from zoo_core.tasks import task_named, tasks

SIZE = 25
OPERATIONS = (
    {"op": "frame", "size": SIZE},
    {"op": "noise_units"},
    {"op": "asinh", "softening": 1.0},
)
HEADS = {name: task_named(name).example_heads for name in tasks()} | {
    "restoration": zoo.Heads(parameters=("flux",), units=("nJy",)),
    "clustering": zoo.Heads(classes=("a", "b", "c")),
}


class Small(nn.Module):
    """A convolution that is no mirror image of itself, global statistics, a linear layer."""

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, 4, 5)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, outputs)

    def features(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x).relu()).amax((-2, -1))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


class Shifter(nn.Module):
    """An image one pixel to the right: it does not commute with rotations."""

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.gain * x.roll(1, -1)


class Encoder(Small):
    """Score, reconstruction and latent; or logits and embedding."""

    def __init__(self, channels: int, outputs: int, clusters: bool):
        super().__init__(channels, outputs)
        self.clusters = clusters

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        latent = self.features(x)
        score = self.head(latent)
        return (score, latent) if self.clusters else (score[:, 0], x * latent.mean(), latent)


def builder(task: str) -> Callable[..., nn.Module]:
    if task_named(task).maps_images:
        return Shifter
    if task in ("anomaly", "clustering"):
        return lambda channels, outputs: Encoder(channels, outputs, task == "clustering")
    return Small


def tiny_model(
    task: str = "classification",
    bands: Sequence[str] = ("VIS",),
    operations: Sequence[Mapping[str, Any]] = OPERATIONS,
    views: int = 1,
) -> Model:
    """A model of the task with random weights that pass for trained."""
    heads = HEADS[task]
    preprocess = Preprocess.from_operations(operations, bands)
    architecture = zoo.Architecture("tiny", task, zoo.any_size(builder(task)), tuple(bands), heads, tuple(operations))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = initialised(architecture, Dimensions.of(architecture, preprocess, heads), {}).eval()
    return Model("tiny.test", architecture, network, preprocess, heads, views=views, weights_sha256="0" * 64)


@pytest.fixture
def tiny() -> Callable[..., Model]:
    return tiny_model


@pytest.fixture
def model() -> Model:
    return tiny_model()


@pytest.fixture(scope="session")
def cutouts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty FITS files, c00.fits to c39.fits; c07 is no FITS file, c11 is blank, c13 has two layers."""
    folder = tmp_path_factory.mktemp("cutouts")
    rng = np.random.default_rng(0)
    for number in range(40):
        image = rng.normal(size=(SIZE, SIZE)).astype(np.float32)
        image[10:14, 8:12] += 3 * number
        fits.PrimaryHDU(image).writeto(folder / f"c{number:02d}.fits")
    (folder / "c07.fits").write_bytes(b"this is no image")
    fits.PrimaryHDU(np.full((SIZE, SIZE), np.nan, np.float32)).writeto(folder / "c11.fits", overwrite=True)
    two = fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(image, name="SCI"), fits.ImageHDU(image, name="ERR")])
    two.writeto(folder / "c13.fits", overwrite=True)
    return folder
