"""The lens-finding test of DeepLense: observed galaxies in three filters, lenses among many more that are none.

The folders `train_lenses`, `train_nonlenses`, `test_lenses` and `test_nonlenses` hold one NPY file an image, of shape
(3, 64, 64). Which filters they are and how large a pixel is, the files do not say.
"""

import hashlib
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from ...interfaces import Description
from ...tasks import Heads
from .deeplense import DeepLenseSource
from .files import FileDataset

__all__ = ["FOLDERS", "SHAPE", "deeplense_finding"]

BANDS = ("filter1", "filter2", "filter3")
SHAPE = (3, 64, 64)
SPLITS = ("train", "test")
KINDS = ("nonlenses", "lenses")  # in the order of the labels
FOLDERS = tuple(f"{split}_{kind}" for split in SPLITS for kind in KINDS)


def deeplense_finding(path: str | Path, split: str = "train", pixel_scale: float | None = None) -> FileDataset:
    """Lenses and other galaxies.

    Arguments:
        path: the folder that holds the four folders.
        split: "train" or "test", as the test divides them.
        pixel_scale: arcsec; needed if the model resamples.

    Raises:
        DatasetError: a folder is missing or empty.
    """
    if split not in SPLITS:
        raise DatasetError(f"deeplense_finding: split is {split!r}; choose {' or '.join(SPLITS)}")
    root = Path(path).expanduser()
    files = [_files(root / f"{split}_{kind}") for kind in KINDS]
    sources = [DeepLenseSource(str(file)) for found in files for file in found]
    labels = np.repeat(np.arange(len(KINDS)), [len(found) for found in files])
    heads = Heads(classes=("nonlens", "lens"))
    description = Description(
        name="deeplense_finding",
        version="1",
        task="classification",
        domain="real",
        bands=BANDS,
        pixel_scale=pixel_scale,
        heads=heads,
    )
    return _Finding(description, sources, labels)


class _Finding(FileDataset):
    """Images whose file names say nothing of their class: their ids do."""

    def truth(self) -> dict[str, np.ndarray]:
        """`id` (`test_lenses/12`) and `label`."""
        return {
            **super().truth(),
            "id": np.array([f"{Path(source.key).parent.name}/{source.id}" for source in self.sources]),
        }

    def fingerprint(self) -> str:
        """sha256 of folders, names, sizes and labels."""
        return hashlib.sha256(" ".join([super().fingerprint(), *self.truth()["id"]]).encode()).hexdigest()


def _files(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.npy"))
    if not found:
        raise DatasetError(
            f"deeplense_finding: {folder} holds no NPY file; give the folder that holds {', '.join(FOLDERS)}"
        )
    return found
