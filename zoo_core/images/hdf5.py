"""HDF5: every data set of numbers with two axes or more, named by its path in the file."""

from math import prod
from typing import BinaryIO

import h5py
import numpy as np

from ..errors import ImageReadError
from .layers import MAX_PIXELS, Cards, Key, Layer, OpenFile, reading

__all__ = ["open_hdf5"]

_FAILURES = (OSError, RuntimeError, ValueError, TypeError, KeyError, MemoryError)


def open_hdf5(stream: BinaryIO, path: str) -> OpenFile:
    """The image-like data sets of an HDF5 file; links that leave the file are not followed."""
    stream.close()
    with reading(path, _FAILURES):
        file = h5py.File(path, "r", locking=False)
        found: list[h5py.Dataset] = []
        file.visititems(lambda _, node: found.append(node) if _is_image(node) else None)
        return OpenFile(tuple(_layer(dataset, i, path) for i, dataset in enumerate(found)), file.close)


def _is_image(node: h5py.Dataset | h5py.Group) -> bool:
    return isinstance(node, h5py.Dataset) and len(node.shape or ()) >= 2 and node.dtype.kind in "buif"


def _layer(dataset: h5py.Dataset, number: int, path: str) -> Layer:
    def section(key: Key) -> np.ndarray:
        with reading(path, _FAILURES):
            _check_storage(dataset, path)
            return dataset[key]

    return Layer(path, str(dataset.name).lstrip("/"), number, dataset.shape, section, _keywords(dataset))


def _keywords(dataset: h5py.Dataset) -> Cards:
    """Attributes `pixel_scale` (arcsec) and `unit` of the data set, or else of the file, as FITS keywords."""
    found: dict[str, object] = {}
    for attributes in (dataset.file.attrs, dataset.attrs):
        for name, keyword in (("pixel_scale", "PIXSCALE"), ("unit", "BUNIT")):
            if name in attributes:
                value = np.asarray(attributes[name])
                found[keyword] = value.item() if value.size == 1 else attributes[name]
    return found


def _check_storage(dataset: h5py.Dataset, path: str) -> None:
    """Pixels that are elsewhere may be anything on the machine, or themselves; whole chunks are unpacked at once."""
    if dataset.is_virtual or dataset.external:
        kind = "a virtual data set" if dataset.is_virtual else "stored in other files"
        raise ImageReadError(f"{path}: {dataset.name} is {kind}, which is not followed; copy the pixels into the file")
    if dataset.chunks and prod(dataset.chunks) > MAX_PIXELS:
        raise ImageReadError(f"{path}: chunks of {dataset.chunks} are too large to unpack; write smaller chunks")
