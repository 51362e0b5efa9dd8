"""The lens-inference problem of Astromatic 2022 (Ciela Institute): HDF5 files of lenses with 21 parameters."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import h5py
import numpy as np

from ...errors import DatasetError
from ...interfaces import Dataset, Description
from ..simulated.modelling import HEADS, SYMMETRIES

__all__ = ["COLUMNS", "Astromatic2022", "astromatic2022"]

MASS = ("theta_E", "e1", "e2", "lens_x", "lens_y", "gamma_1", "gamma_2")
SERSIC = ("amp", "R_sersic", "n_sersic", "e1", "e2", "center_x", "center_y")
COLUMNS = (*MASS, *(f"source_{name}" for name in SERSIC), *(f"light_{name}" for name in SERSIC))
"""Of `params`: an SIE with shear, the source's Sersic profile and that of the lens, as lenstronomy has them."""

PIXEL_SCALE = 0.05  # arcsec
GROUP = "base"
FAILURES = (OSError, RuntimeError, ValueError, KeyError, TypeError)


@dataclass(frozen=True)
class Part:
    """One file.

    Arguments:
        path: of it.
        images: name of the data set of images (n, side, side) in it.
        params: the parameters (n, 21).
    """

    path: Path
    images: str
    params: np.ndarray


class Astromatic2022(Dataset):
    """128 x 128 pixels of 0.05 arcsec; a Gaussian PSF of two pixels.

    Arguments:
        parts: the files, in order.
    """

    def __init__(self, parts: Sequence[Part]):
        self.description = Description(
            name="astromatic2022",
            version="1",
            task="regression",
            domain="simulated",
            bands=("VIS",),
            pixel_scale=PIXEL_SCALE,
            heads=HEADS,
            symmetries=SYMMETRIES,
        )
        self.parts = tuple(parts)
        self._ends = np.cumsum([len(part.params) for part in parts])
        self._params = np.concatenate([part.params for part in parts])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Images (B, 1, side, side) as they are in the files."""
        of = np.searchsorted(self._ends, rows, side="right")
        read = [(number, np.flatnonzero(of == number)) for number in np.unique(of)]
        parts = [
            (places, self._read(self.parts[number], rows[places] - self._start(number))) for number, places in read
        ]
        images = np.empty((len(rows), 1, *parts[0][1].shape[-2:]), np.float32)
        for places, found in parts:
            images[places, 0] = found
        return images

    def truth(self) -> dict[str, np.ndarray]:
        """`id` and all columns of `params`."""
        ids = [f"{part.path.stem}-{row:05d}" for part in self.parts for row in range(len(part.params))]
        return {"id": np.array(ids), **dict(zip(COLUMNS, self._params.T, strict=True))}

    def fingerprint(self) -> str:
        """sha256 of the names of files and data sets and of the parameters."""
        digest = hashlib.sha256("\n".join(f"{part.path.name} {part.images}" for part in self.parts).encode())
        digest.update(self._params.astype("<f8").tobytes())
        return digest.hexdigest()

    @property
    def paths(self) -> tuple[str, ...]:
        """Of the files."""
        return tuple(str(part.path) for part in self.parts)

    def _start(self, number: int) -> int:
        return int(self._ends[number]) - len(self.parts[number].params)

    @staticmethod
    def _read(part: Part, rows: np.ndarray) -> np.ndarray:
        order = np.argsort(rows, kind="stable")  # h5py wants rows that rise, each once
        wanted, where = np.unique(rows[order], return_inverse=True)
        with _opened(part.path) as group:
            found = np.asarray(_dataset(group, part.images)[wanted], dtype=np.float32)
        images = np.empty_like(found, shape=(len(rows), *found.shape[1:]))
        images[order] = found[where]
        return images.reshape(len(rows), *[side for side in found.shape[1:] if side > 1])


def astromatic2022(path: str | Path, deblended: bool = False) -> Astromatic2022:
    """The lenses of a folder of `<name>_0000.h5`, `<name>_0001.h5` ..., or of one such file.

    In the group `base` of the first file the images are `lenses`, in the second `lenses_0001`, and so on; `params` and
    `lenses_deblended` likewise, or without the number.

    Arguments:
        path: the folder, or a file.
        deblended: the arcs alone, without the light of the lens, where the files have them.

    Raises:
        DatasetError: there are no such files, or what they hold does not belong together.
    """
    root = Path(path).expanduser()
    files = [root] if root.is_file() else sorted(root.glob("*_[0-9][0-9][0-9][0-9].h5"))
    if not files:
        raise DatasetError(f"astromatic2022: {root} holds no file <name>_0000.h5; unpack them into it")
    return Astromatic2022([_part(file, "lenses_deblended" if deblended else "lenses") for file in files])


def _part(file: Path, wanted: str) -> Part:
    with _opened(file) as group:
        images, params = (_named(group, name, file) for name in (wanted, "params"))
        table = np.asarray(_dataset(group, params)[()], dtype=np.float64)
        stored = _dataset(group, images).shape
        shape = tuple(side for side in stored[1:] if side > 1)
        if table.ndim != 2 or table.shape[1] != len(COLUMNS):
            raise DatasetError(
                f"astromatic2022: {file}: {params} is {table.shape}; it must have {len(COLUMNS)} columns, "
                f"{', '.join(COLUMNS)}"
            )
        if len(shape) != 2 or stored[0] != len(table):
            raise DatasetError(
                f"astromatic2022: {file}: {images} is {stored}, and {params} has {len(table)} rows; "
                "there must be an image for each"
            )
    return Part(file, images, table)


def _named(group: h5py.Group, name: str, file: Path) -> str:
    """The data set of that name, with a number behind it or without."""
    found = [str(key) for key in group if re.fullmatch(rf"{name}(_\d+)?", str(key))]
    if len(found) != 1:
        held = ", ".join(map(str, group)) or "nothing"
        raise DatasetError(f"astromatic2022: {file}: the group {GROUP} must have one data set {name}; it holds {held}")
    dataset = group[found[0]]
    if not isinstance(dataset, h5py.Dataset) or dataset.is_virtual or dataset.external:
        raise DatasetError(f"astromatic2022: {file}: {found[0]} is not stored in the file itself; copy it there")
    return found[0]


def _dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    return cast(h5py.Dataset, group[name])


@contextmanager
def _opened(file: Path) -> Iterator[h5py.Group]:
    """The group of a file."""
    try:
        with h5py.File(file, "r", locking=False) as opened:
            yield cast(h5py.Group, opened[GROUP])
    except FAILURES as error:
        raise DatasetError(f"astromatic2022: {file} cannot be read ({error})") from error
