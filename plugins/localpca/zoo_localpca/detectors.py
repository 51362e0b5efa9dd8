"""The detector that the arguments ask for: of remembered images, or of cells of them."""

import zoo_core as zoo

from .cell_pca import CellPCA
from .network import LocalPCA

__all__ = ["localpca", "train"]


def localpca(
    channels: int, outputs: int, size: int, images: int, neighbours: int, dimensions: int, cells: int, basis: int
) -> CellPCA | LocalPCA:
    """The detector with random images, or cells; arguments as of the architecture."""
    if cells:
        return CellPCA(channels, size, cells, neighbours, dimensions, basis)
    return LocalPCA(channels, size, images, neighbours, dimensions)


def train(detector: CellPCA | LocalPCA, training: zoo.Training) -> None:
    """Learn from the training images, and from the validation images too: nothing is chosen on them."""
    detector.learn([training.images(), training.validation_images()], training.seed)
