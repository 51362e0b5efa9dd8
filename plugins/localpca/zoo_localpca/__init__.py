"""Local PCA: how far an image is from the plane through the training images that resemble it most.

Nothing is learned by gradient descent. A network that does not beat it has not earned its cost.
"""

from typing import TYPE_CHECKING

import zoo_core as zoo

if TYPE_CHECKING:
    from torch import nn

__all__ = ["zoo_architectures"]

SIZE = 56
PREPROCESS = ({"op": "bin", "factor": 2}, {"op": "frame", "size": SIZE})
PAPER = """@article{Kambhatla1997,
  author = {Kambhatla, Nandakishore and Leen, Todd K.},
  title = {Dimension Reduction by Local Principal Component Analysis},
  journal = {Neural Computation},
  volume = {9},
  number = {7},
  pages = {1493},
  year = {1997}
}"""


def build(
    channels: int,
    outputs: int,
    size: int = SIZE,
    images: int = 100,
    neighbours: int = 45,
    dimensions: int = 12,
    cells: int = 0,
    basis: int = 192,
) -> "nn.Module":
    """The detector with random images, or cells, in the place of what it remembers.

    Arguments:
        channels, outputs: of the network.
        size: pixels a side.
        images: training images that it remembers.
        neighbours: of these, of an image, each as it is or turned by 180 degrees, whichever is nearer.
        dimensions: of the plane through them.
        cells: so many neighbourhoods, each a mean and a plane, in the place of the images; 0: the images themselves.
        basis: principal components of all images that cells are made of.
    """
    from .cell_pca import CellPCA
    from .network import LocalPCA

    if cells:
        return CellPCA(channels, size, cells, neighbours, dimensions, basis)
    return LocalPCA(channels, size, images, neighbours, dimensions)


def train(detector: "nn.Module", training: zoo.Training) -> None:
    """Remember the training images, or cells of them, and the validation images too: nothing is chosen on them."""
    from .cell_pca import CellPCA
    from .network import LocalPCA

    parts = [training.images(), training.validation_images()]
    if isinstance(detector, CellPCA):
        return detector.learn(parts, training.seed)
    assert isinstance(detector, LocalPCA)
    return detector.remember(parts)


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """Local PCA."""
    return [
        zoo.Architecture(
            name="localpca",
            task="anomaly",
            build=build,
            size=SIZE,
            bands=("grey",),
            heads=zoo.Heads(),
            preprocess=PREPROCESS,
            summary="distance from the plane through the nearest training images",
            paper=PAPER,
            train=train,
        )
    ]
