"""A classical lens finder: Gabor statistics of the polar image, and a classifier without convolutions of its own.

After the support vector machine that led the first Bologna challenge in TPR0 on the ground.
"""

from typing import TYPE_CHECKING

import zoo_core as zoo

if TYPE_CHECKING:
    from torch import nn

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

PREPROCESS = (
    {"op": "blank", "values": (100.0,), "repeated": True},
    {"op": "resample", "pixel_scale": 0.1},
    {"op": "frame", "size": 101},
    {"op": "noise_units"},
)


def build(channels: int, outputs: int, head: str = "mlp", width: int = 256) -> "nn.Module":
    """The classifier with random weights.

    Arguments:
        channels, outputs: of the network.
        head: "linear", "rbf" or "mlp".
        width: landmarks of the kernel, or units of the hidden layer.
    """
    from .network import Classical

    return Classical(channels, outputs, head, width)


def train(classifier: "nn.Module", training: zoo.Training) -> None:
    """Fit the classifier to `images` (20000) looks; see `fit.fit`."""
    from .fit import fit
    from .network import Classical

    assert isinstance(classifier, Classical)
    images, targets = training.draw(training.settings.get("images", 20_000))
    fit(classifier.cpu(), images.cpu(), targets.cpu(), training.seed)


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """Hand-made features and a classical classifier."""
    return [
        zoo.Architecture(
            name="classical",
            task="classification",
            build=build,
            size=101,
            bands=("VIS",),
            heads=zoo.Heads(classes=("nonlens", "lens")),
            preprocess=PREPROCESS,
            summary="Gabor statistics of the polar image, after the SVM of Hartley et al. (2017)",
            paper=PAPER,
            train=train,
        )
    ]
