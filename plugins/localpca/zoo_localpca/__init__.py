"""Local PCA: how far an image is from the nearest of many planes through training images that resemble each other.

Nothing is learned by gradient descent. A network that does not beat it has not earned its cost.
"""

from dataclasses import dataclass

import zoo_core as zoo

__all__ = ["zoo_architectures"]

PREPROCESS = ({"op": "bin", "factor": 2}, {"op": "frame", "size": 56})
PAPER = """@article{Kambhatla1997,
  author = {Kambhatla, Nandakishore and Leen, Todd K.},
  title = {Dimension Reduction by Local Principal Component Analysis},
  journal = {Neural Computation},
  volume = {9},
  number = {7},
  pages = {1493},
  year = {1997}
}"""


@dataclass(frozen=True)
class Arguments:
    """Arguments of the detector.

    Arguments:
        cells: neighbourhoods, each a mean and a plane.
        neighbours: training images of a cell, which may be in others too.
        dimensions: of the planes.
        basis: principal components of all training images that cells are made of.
    """

    cells: int = 512
    neighbours: int = 45
    dimensions: int = 12
    basis: int = 192


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """Local PCA."""
    return [
        zoo.Architecture(
            name="localpca",
            task="anomaly",
            build=zoo.lazy("zoo_localpca.cell_pca:localpca"),
            bands=("grey",),
            heads=zoo.Heads(),
            preprocess=PREPROCESS,
            arguments=Arguments,
            summary="distance from the nearest of many planes, each through training images that resemble each other",
            paper=PAPER,
            train=zoo.lazy("zoo_localpca.cell_pca:train"),
        )
    ]
