"""Local PCA: how far an image is from the plane through the training images that resemble it most.

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
    """Of the detector.

    Arguments:
        images: training images that it remembers.
        neighbours: of these, of an image, each as it is or turned by 180 degrees, whichever is nearer.
        dimensions: of the plane through them.
        cells: so many neighbourhoods, each a mean and a plane, in the place of the images; 0: the images themselves.
        basis: principal components of all images that cells are made of.
    """

    images: int = 100
    neighbours: int = 45
    dimensions: int = 12
    cells: int = 0
    basis: int = 192


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """Local PCA."""
    return [
        zoo.Architecture(
            name="localpca",
            task="anomaly",
            build=zoo.lazy("zoo_localpca.detectors:localpca"),
            bands=("grey",),
            heads=zoo.Heads(),
            preprocess=PREPROCESS,
            arguments=Arguments,
            summary="distance from the plane through the nearest training images",
            paper=PAPER,
            train=zoo.lazy("zoo_localpca.detectors:train"),
        )
    ]
