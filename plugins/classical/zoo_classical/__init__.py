"""A classical lens finder: Gabor statistics of the polar image, and a classifier without convolutions of its own.

After the support vector machine that led the first Bologna challenge in TPR0 on the ground.
"""

from dataclasses import dataclass
from typing import Literal

import zoo_core as zoo
from zoo_core.images.declared import FINDING

__all__ = ["zoo_architectures"]

PAPER = """@article{Hartley2017,
  author = {Hartley, P. and Flamary, R. and Jackson, N. and Tagore, A. S. and Metcalf, R. B.},
  title = {Support vector machine classification of strong gravitational lenses},
  journal = {Monthly Notices of the Royal Astronomical Society},
  volume = {471},
  pages = {3378},
  year = {2017},
  eprint = {1705.08949}
}"""


@dataclass(frozen=True)
class Arguments:
    """Arguments of the classifier.

    Arguments:
        head: on top of the features: a linear one, a Gaussian kernel with landmarks, or one hidden layer.
        width: landmarks of the kernel, or units of the hidden layer.
    """

    head: Literal["linear", "rbf", "mlp"] = "mlp"
    width: int = 256


@dataclass(frozen=True)
class Settings:
    """Settings of the training.

    Arguments:
        images: augmented ones that the classifier is fitted to.
    """

    images: int = 20_000


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """Hand-made features and a classical classifier."""
    return [
        zoo.Architecture(
            name="classical",
            task="classification",
            build=zoo.one_size(zoo.lazy("zoo_classical.network:Classical"), 101),
            bands=("VIS",),
            heads=zoo.Heads(classes=("nonlens", "lens")),
            preprocess=FINDING,
            arguments=Arguments,
            settings=Settings,
            summary="Gabor statistics of the polar image, after the SVM of Hartley et al. (2017)",
            paper=PAPER,
            train=zoo.lazy("zoo_classical.fit:train"),
        )
    ]
