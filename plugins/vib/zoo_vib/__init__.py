"""Variational information bottlenecks: a classifier and a regressor whose latent is a distribution."""

from dataclasses import dataclass
from typing import Literal

import zoo_core as zoo
from zoo_core.images.declared import FINDING_STRETCHED

__all__ = ["zoo_architectures"]

PAPER = """@inproceedings{Alemi2017,
  author = {Alemi, Alexander A. and Fischer, Ian and Dillon, Joshua V. and Murphy, Kevin},
  title = {Deep Variational Information Bottleneck},
  booktitle = {International Conference on Learning Representations},
  year = {2017},
  eprint = {1612.00410}
}"""


@dataclass(frozen=True)
class Arguments:
    """Of either network, which by default trains on one core.

    Arguments:
        encoder: "levels" of its own; or the layers of "lastro" (lastro.space) or "resnet" (resnet_regression.hst),
            with whose published weights a recipe can begin.
        widths: channels of each of those levels, each of which halves the image.
        latent: dimensions.
        samples: of the latent, that an answer is the mean over; an even number.
    """

    encoder: Literal["levels", "lastro", "resnet"] = "levels"
    widths: tuple[int, ...] = (16, 32, 64, 128)
    latent: int = 32
    samples: int = 32

    def __post_init__(self) -> None:
        if not self.widths or any(width < 1 or width % 8 for width in self.widths):
            raise ValueError(f"widths = {list(self.widths)}; each is a multiple of 8")
        if self.samples < 2 or self.samples % 2:
            raise ValueError(f"samples = {self.samples}; they are pairs, so give an even number of 2 or more")


@dataclass(frozen=True)
class Settings:
    """Of the training.

    Arguments:
        betas: what an image tells the latent costs so much a nat; the network learns at the middle one, goes on from
            there with each, and what has the best likelihood of the validation images is kept.
        frozen: whether the encoder keeps the weights that it starts from.
    """

    betas: tuple[float, ...] = (1e-4, 1e-3, 1e-2)
    frozen: bool = False

    def __post_init__(self) -> None:
        if not self.betas or min(self.betas) < 0:
            raise ValueError(f"betas = {list(self.betas)}; give one or more, none below 0")


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """A classifier and a regressor, the same network."""
    parameters = ("theta_E", "e1", "e2", "gamma_1", "gamma_2", "lens_x", "lens_y")
    return [
        _architecture("vib", "classification", zoo.Heads(classes=("nonlens", "lens"))),
        _architecture(
            "vib_regression",
            "regression",
            zoo.Heads(parameters=parameters, units=("arcsec", "", "", "", "", "arcsec", "arcsec")),
        ),
    ]


def _architecture(name: str, task: str, heads: zoo.Heads) -> zoo.Architecture:
    return zoo.Architecture(
        name=name,
        task=task,
        build=zoo.lazy(f"zoo_vib.network:{task}"),
        bands=("VIS",),
        heads=heads,
        preprocess=FINDING_STRETCHED,
        arguments=Arguments,
        settings=Settings,
        summary=f"variational information bottleneck, {task} (Alemi et al. 2017)",
        paper=PAPER,
        train=zoo.lazy("zoo_vib.learning:learn"),
    )
