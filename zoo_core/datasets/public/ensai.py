"""Lenses as Ensai's simulator writes them: 16-bit PNG and a table of parameters (Hezaveh et al. 2017)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from ...images.source import FileSource
from ...interfaces import Description
from ...symmetries import Position, Scalar, Spin2
from ...tasks import Heads
from .files import FileDataset

__all__ = ["COLUMNS", "Ensai", "ensai"]

COLUMNS: tuple[str, ...] = ("theta_E", "ellip_x", "ellip_y", "lens_x", "lens_y", "shear_x", "shear_y", "magnification")
"""Of parameters_train.txt and parameters_test.txt."""

HEADS = Heads(
    parameters=("theta_E", "ellip_1", "ellip_2", "lens_x", "lens_y", "magnification"),
    units=("arcsec", "", "", "arcsec", "arcsec", ""),
)
SYMMETRIES = (
    Scalar("theta_E"),
    Spin2("ellip_1", "ellip_2"),
    Position("lens_x", "lens_y"),
    Scalar("magnification"),
)
SPLITS = ("train", "test")
PIXEL_SCALE = 0.04  # arcsec; 192 pixels are 7.68 arcsec
WHITE = 65535  # what a pixel of 1 is in 16 bits


class Ensai(FileDataset):
    """Arcs without the light of the lens, brightness from 0 to 1.

    The table has the ellipticity as (e cos phi, e sin phi), in which a lens turned by half a turn, which is the same
    lens, is another pair. The parameters here are (e cos 2 phi, e sin 2 phi) of the same e, one pair a lens.

    Arguments:
        sources: an image each.
        table: the columns of COLUMNS, (N, 8).
    """

    def __init__(self, sources: list[FileSource], table: np.ndarray):
        description = Description(
            name="ensai",
            version="1",
            task="regression",
            domain="simulated",
            bands=("F814W",),
            pixel_scale=PIXEL_SCALE,
            heads=HEADS,
            symmetries=SYMMETRIES,
        )
        columns: dict[str, np.ndarray] = dict(zip(COLUMNS, table.T, strict=True))
        columns["ellip_1"], columns["ellip_2"] = doubled(columns.pop("ellip_x"), columns.pop("ellip_y"))
        super().__init__(description, sources, np.zeros(len(sources), int), columns)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Pixels from 0 to 1."""
        return super().read(rows) / np.float32(WHITE)

    def truth(self) -> dict[str, np.ndarray]:
        """`id`, the parameters, and the shear as the table has it."""
        return {name: column for name, column in super().truth().items() if name != "label"}

    def fingerprint(self) -> str:
        """sha256 of names, sizes and parameters."""
        return _with_columns(super().fingerprint(), self.columns)


def ensai(path: str | Path, split: str = "train") -> Ensai:
    """A folder of `train_0000001.png`, `test_0000001.png` ... with parameters_train.txt and parameters_test.txt.

    Arguments:
        path: the folder.
        split: "train" or "test".

    Raises:
        DatasetError: the table is missing or malformed, or the images are not as many as its rows.
    """
    if split not in SPLITS:
        raise DatasetError(f"ensai: split is {split!r}; it must be one of {', '.join(SPLITS)}")
    root = Path(path).expanduser()
    table = _table(root / f"parameters_{split}.txt")
    files = sorted(root.glob(f"{split}_*.png"))
    if len(files) != len(table):
        raise DatasetError(
            f"ensai: {root} has {len(files)} images {split}_*.png and parameters_{split}.txt {len(table)} rows; "
            "they must be as many"
        )
    return Ensai([FileSource(str(file)) for file in files], table)


def doubled(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pair of the same length at twice the angle.

    >>> bool(np.allclose(doubled(np.array([0.0, 0.0]), np.array([0.3, -0.3])), [[-0.3, -0.3], [0.0, 0.0]]))
    True
    """
    size = np.hypot(x, y)
    safe = np.where(size > 0, size, 1)
    return (x**2 - y**2) / safe, 2 * x * y / safe


def _table(file: Path) -> np.ndarray:
    try:
        table = np.loadtxt(file, ndmin=2, delimiter="," if "," in file.read_text().partition("\n")[0] else None)
    except (OSError, ValueError) as error:
        raise DatasetError(f"ensai: {file} cannot be read as rows of numbers ({error})") from error
    if table.shape[1] != len(COLUMNS):
        raise DatasetError(
            f"ensai: {file} has {table.shape[1]} columns; it must have {len(COLUMNS)}, {', '.join(COLUMNS)}"
        )
    if not np.isfinite(table).all():
        raise DatasetError(f"ensai: {file}: row {np.argwhere(~np.isfinite(table))[0][0] + 1} has what is no number")
    return table


def _with_columns(fingerprint: str, columns: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256(fingerprint.encode())
    for name, column in columns.items():
        digest.update(name.encode() + column.astype("<f8").tobytes())
    return digest.hexdigest()
