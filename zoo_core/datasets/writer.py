"""Simulated images as files: one FITS file an image, one HDF5 file, or a folder a class, with the truth beside them.

The images are made in blocks. A block that is finished leaves its truth (and for HDF5 its pixels) in a hidden folder,
so that an interrupted run goes on where it stopped; whatever carries its final name is whole.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import torch
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from ..errors import DatasetError
from ..files import make_folder, sole, sweep, whole
from .opening import needs_path, open_dataset
from .shards import read_array, write_array
from .simulated.simulation import Simulated

__all__ = ["FORMATS", "simulate"]

BLOCK = 50  # images
PARTS, TRUTH, SIMULATION = ".parts", "truth.csv", "simulation.json"

Progress = Callable[[int, int], None]


class Layout(NamedTuple):
    """How images lie on disk: what is written with each block, and what when all blocks are there."""

    block: Callable[[Simulated, int, np.ndarray, np.ndarray, Path], None]
    finish: Callable[[Simulated, Path], None]


def simulate(
    name: str,
    n: int,
    seed: int,
    out: Path | str,
    format: str = "fits",
    overwrite: bool = False,
    progress: Progress | None = None,
    arguments: Mapping[str, Any] | None = None,
    device: torch.device | str = "cpu",
) -> Path:
    """Writes a simulated data set; called again after an interruption, it makes what is missing.

    Arguments:
        name: of the data set.
        n, seed: see the data set.
        out: folder to write: `<id>.fits`, `images.h5` or `<class>/<id>.npy`, and `truth.csv`.
        format: "fits", "hdf5" or "deeplense", the layout of the field's substructure sets: arrays (bands, H, W).
        overwrite: replace another simulation in the same folder.
        progress: called with (images done, images in all).
        arguments: further ones of the data set, such as its difficulty.
        device: where images are rendered; those of another device differ by at most 1e-4 of their noise.

    Returns:
        The folder.

    Raises:
        DatasetError: the data set is not simulated, or the folder holds another simulation.
        FileError: another run writes the same folder, or it cannot be written.
    """
    if format not in FORMATS:
        raise DatasetError(f"format {format!r} is not known; choose {' or '.join(FORMATS)}")
    if needs_path(name):
        raise DatasetError(f"{name} is read from files that exist already, and cannot be simulated")
    source, out = open_dataset(name, n=n, seed=seed, **(arguments or {})), Path(out).expanduser()
    if not isinstance(source, Simulated):
        raise DatasetError(
            f"{name} is none of the simulations that can be written as files; its images are those of "
            f"zoo.open_dataset({name!r})"
        )
    if format == "deeplense" and not source.description.heads.classes:
        raise DatasetError(f"{name} has no classes, and format deeplense writes a folder a class; choose another one")
    make_folder(out)
    with sole(out):
        _claim(out, source, format, overwrite)
        sweep(out)
        if not (out / TRUTH).exists():
            _write_missing(source, out, FORMATS[format], device, progress)
        shutil.rmtree(out / PARTS, ignore_errors=True)
    return out


def _claim(out: Path, source: Simulated, format: str, overwrite: bool) -> None:
    """Marks the folder as this simulation's; clears it of another one only on request."""
    about = source.description
    mine = {"dataset": about.name, "version": about.version, "fingerprint": source.fingerprint(), "format": format}
    marker = out / SIMULATION
    held = _held(marker)
    strange = [path.name for path in out.iterdir() if not path.name.startswith(".")]
    if held is None and not marker.exists() and strange:
        raise DatasetError(f"{out} holds {min(strange)}, which is no part of a simulation; choose another folder")
    if held not in (None, mine) and not overwrite:
        raise DatasetError(
            f"{out} holds another simulation ({held['dataset']}, {held['format']}); choose another folder, or pass "
            "overwrite=True (--overwrite) to replace it"
        )
    if held and overwrite:
        _clear(out, held["dataset"])
    make_folder(out / PARTS)
    with whole(marker) as path:
        path.write_text(json.dumps(mine, indent=2) + "\n")


def _held(marker: Path) -> dict[str, Any] | None:
    """What the folder holds; None if nothing, or a file that says nothing."""
    try:
        held = json.loads(marker.read_text())
        return held if {"dataset", "format"} <= set(held) else None
    except (FileNotFoundError, ValueError, TypeError, RecursionError):
        return None


def _clear(out: Path, name: str) -> None:
    """Removes what an earlier simulation of this name wrote, and nothing else."""
    for path in [*out.glob(f"{name}-*.fits"), *out.glob(f"*/{name}-*.npy"), out / "images.h5", out / TRUTH]:
        path.unlink(missing_ok=True)
    shutil.rmtree(out / PARTS, ignore_errors=True)


def _write_missing(
    source: Simulated, out: Path, layout: Layout, device: torch.device | str, progress: Progress | None
) -> None:
    for start in range(0, len(source), BLOCK):
        stop = min(start + BLOCK, len(source))
        _write_block(source, start, stop, out, layout, device)
        if progress:
            progress(stop, len(source))
    layout.finish(source, out)
    _write_truth(source, out)


def _write_block(
    source: Simulated, start: int, stop: int, out: Path, layout: Layout, device: torch.device | str
) -> None:
    marker = out / PARTS / f"{start:08d}.truth.npy"
    if read_array(marker, stop - start) is not None:
        return
    images, truth = source.make(start, stop, device)
    layout.block(source, start, images, truth, out)
    write_array(marker, truth)


def _parts(out: Path, kind: str) -> Iterator[np.ndarray]:
    for path in sorted((out / PARTS).glob(f"*.{kind}.npy")):
        rows = len(np.load(path.with_suffix("").with_suffix(".truth.npy"), mmap_mode="r", allow_pickle=False))
        found = read_array(path, rows)
        if found is None:
            raise DatasetError(f"{path} is damaged; begin anew with overwrite=True (--overwrite)")
        yield found


def _truth(source: Simulated, out: Path) -> Table:
    table = Table(np.concatenate(list(_parts(out, "truth"))))
    table.add_column(source.ids(range(len(source))), name="id", index=0)
    return table


def _write_truth(source: Simulated, out: Path) -> None:
    with whole(out / TRUTH) as path:
        _truth(source, out).write(path, format="ascii.csv")


def _fits_block(source: Simulated, start: int, images: np.ndarray, truth: np.ndarray, out: Path) -> None:
    header = _header(source, images.shape[-2:])
    for name, image in zip(source.ids(range(start, start + len(images))), images, strict=True):
        header["OBJECT"] = name
        planes = image[0] if len(image) == 1 else image
        with whole(out / f"{name}.fits") as path:
            fits.PrimaryHDU(planes, header).writeto(path)


def _header(source: Simulated, shape: tuple[int, int]) -> fits.Header:
    """World coordinates with the pixel scale of the data set, north up, at an arbitrary place."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.cunit, wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], ["deg", "deg"], [0.0, 0.0]
    wcs.wcs.crpix = [(shape[1] + 1) / 2, (shape[0] + 1) / 2]
    about = source.description
    assert about.pixel_scale is not None  # of whatever is simulated it is known
    wcs.wcs.cdelt = [-about.pixel_scale / 3600, about.pixel_scale / 3600]
    header = wcs.to_header()
    header["FILTER"] = ",".join(about.bands)
    header["ORIGIN"] = (f"{about.name} {about.version}", "simulated data set and its version")
    return header


def _deeplense_block(source: Simulated, start: int, images: np.ndarray, truth: np.ndarray, out: Path) -> None:
    for name, label, image in zip(source.ids(range(start, start + len(images))), truth["label"], images, strict=True):
        write_array(out / source.description.heads.classes[label] / f"{name}.npy", image)


def _no_finish(source: Simulated, out: Path) -> None:
    """One file an image needs nothing more."""


def _hdf5_block(source: Simulated, start: int, images: np.ndarray, truth: np.ndarray, out: Path) -> None:
    write_array(out / PARTS / f"{start:08d}.images.npy", images)


def _hdf5_finish(source: Simulated, out: Path) -> None:
    with whole(out / "images.h5") as path, h5py.File(path, "w") as file:
        start = 0
        for images in _parts(out, "images"):
            pixels = file.require_dataset("images", (len(source), *images.shape[1:]), images.dtype)
            pixels[start : start + len(images)] = images
            start += len(images)
        pixels.attrs.update({"pixel_scale": source.description.pixel_scale, "bands": list(source.description.bands)})
        truth = _truth(source, out)
        for name in truth.colnames:
            column = np.asarray(truth[name])
            file[f"truth/{name}"] = column.astype(h5py.string_dtype()) if column.dtype.kind == "U" else column


FORMATS = {
    "fits": Layout(_fits_block, _no_finish),
    "hdf5": Layout(_hdf5_block, _hdf5_finish),
    "deeplense": Layout(_deeplense_block, _no_finish),
}
