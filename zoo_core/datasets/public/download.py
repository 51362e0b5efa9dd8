"""Whether what a user has downloaded of a public set is whole: missing, truncated and surplus files, in plain lines."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from ...errors import DatasetError
from ...interfaces import Download
from . import blf2, bologna, deeplense_finding

__all__ = ["blf1_ground_download", "blf1_space_download", "blf2_download", "deeplense_finding_download"]

BLF1_COUNTS = (20_000, 100_000)
"""Images of the training and of the test set (Metcalf et al. 2019, A&A 625, A119)."""

BLF2_COUNTS = (99_991, 100_000)
"""Images of the training set, in whose packs nine of the catalogue are missing, and of the test set."""

FINDING_COUNTS = {"train_nonlenses": 28_675, "train_lenses": 1_730, "test_nonlenses": 19_455, "test_lenses": 195}

IdsOf = Callable[[Path], Collection[str]]
"""The IDs that a catalogue lists; DatasetError if it is damaged."""


@dataclass(frozen=True)
class Expected:
    """The files of one band.

    Arguments:
        band: its name.
        prefix: of the file names, before the ID.
        shape: of an image, (H, W).
    """

    band: str
    prefix: str
    shape: tuple[int, int]


def blf1_space_download(path: str | Path) -> Download:
    """What a user has of the space set of the first Bologna challenge."""
    return _challenge(Path(path), _bands_of_blf1(bologna.SPACE), "classifications.csv", _ids_of_blf1, BLF1_COUNTS)


def blf1_ground_download(path: str | Path) -> Download:
    """What a user has of the ground set."""
    return _challenge(Path(path), _bands_of_blf1(bologna.GROUND), "classifications.csv", _ids_of_blf1, BLF1_COUNTS)


def blf2_download(path: str | Path) -> Download:
    """What a user has of the second Bologna challenge."""
    bands = [Expected(name, f"image{band.key}-", (band.side, band.side)) for name, band in blf2.BANDS.items()]
    return _challenge(Path(path), bands, blf2.CATALOGUE, blf2.candidates, BLF2_COUNTS)


def deeplense_finding_download(path: str | Path) -> Download:
    """What a user has of the lens-finding test of DeepLense."""
    root, counts, faults = Path(path).expanduser(), {}, []
    for name in deeplense_finding.FOLDERS:
        files = sorted((root / name).glob("*.npy"))
        counts[name] = len(files)
        faults += _of_folder(root / name, files, FINDING_COUNTS[name])
    return Download(", ".join(f"{count:,} in {name}" for name, count in counts.items()), tuple(faults))


def _of_folder(folder: Path, files: Sequence[Path], published: int) -> Iterator[str]:
    if not folder.is_dir():
        yield f"missing: the folder {folder}"
        return
    if len(files) < published:
        yield f"missing: {folder.name} holds {len(files):,} images, {published:,} are published"
    if len(files) > published:
        yield f"too many: {folder.name} holds {len(files):,} images, {published:,} are published"
    wrong = [(file, fault) for file in files if (fault := _npy_fault(file, deeplense_finding.SHAPE))]
    yield from _grouped(wrong, folder.name)


def _npy_fault(file: Path, shape: tuple[int, ...]) -> str:
    """What is wrong with an NPY file, by its header and its length; empty: nothing."""
    try:
        found = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return "truncated"
    return "" if found.shape == shape else f"of shape {found.shape} and not {shape}"


def _bands_of_blf1(bands: Mapping[str, str]) -> list[Expected]:
    return [Expected(name, f"image{key}-", (101, 101)) for name, key in bands.items()]


def _ids_of_blf1(catalogue: Path) -> Collection[str]:
    return bologna.rows_of(str(catalogue), catalogue)


def _challenge(root: Path, bands: Sequence[Expected], labels: str, ids_of: IdsOf, counts: Sequence[int]) -> Download:
    """What a user has of a Bologna challenge: the images of each band against one another and against the catalogue."""
    root = root.expanduser()
    if not root.is_dir():
        return Download("nothing", (f"missing: {root} is not a folder",))
    found = {band.band: _by_id(root, band) for band in bands}
    every = set().union(*found.values())
    numbers = ", ".join(f"{len(files):,} images in {band}" for band, files in found.items())
    if not every:
        return Download(numbers, tuple(_nothing(root, bands)))
    catalogue = next(iter(sorted(root.rglob(labels))), None)
    faults = [line for band in bands for line in _of_band(band, found[band.band], every)]
    faults += _of_catalogue(catalogue, every, labels, ids_of)
    if len(every) not in counts:
        published = " and ".join(f"{count:,}" for count in counts)
        faults.append(f"a part only: {len(every):,} images; the training and the test set have {published}")
    return Download(numbers + (f", {catalogue.name}" if catalogue else ""), tuple(faults))


def _by_id(root: Path, band: Expected) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for path in sorted(root.rglob(f"{band.prefix}*.fits")):
        files.setdefault(path.name.removeprefix(band.prefix).removesuffix(".fits"), []).append(path)
    return files


def _nothing(root: Path, bands: Sequence[Expected]) -> Iterator[str]:
    yield f"missing: there is no {bands[0].prefix}<ID>.fits below {root}"
    for archive in sorted(root.rglob("*.tar.gz")):
        yield f"not unpacked: {archive}"


def _of_band(band: Expected, files: Mapping[str, Sequence[Path]], every: Collection[str]) -> Iterator[str]:
    if missing := sorted(set(every) - set(files)):
        yield f"missing: {len(missing):,} images in {band.band}, the first is {band.prefix}{missing[0]}.fits"
    twice = sorted(image_id for image_id, paths in files.items() if len(paths) > 1)
    if twice:
        where = " and ".join(str(path.parent) for path in files[twice[0]])
        yield f"too many: {len(twice):,} images in {band.band} lie in two places, the first is {twice[0]}, in {where}"
    paths = [path for group in files.values() for path in group]
    yield from _grouped([(path, fault) for path in paths if (fault := _fits_fault(path, band.shape))], band.band)


def _of_catalogue(catalogue: Path | None, every: set[str], labels: str, ids_of: IdsOf) -> Iterator[str]:
    if catalogue is None:
        yield f"missing: {labels}, without which there are no labels"
        return
    try:
        listed = set(ids_of(catalogue))
    except DatasetError as error:
        yield f"damaged: {error}"
        return
    if unlisted := sorted(every - listed):
        yield f"too many: {len(unlisted):,} images that {labels} does not list, the first is {unlisted[0]}"
    if absent := sorted(listed - every):
        yield f"missing: {len(absent):,} images that {labels} lists, the first is {absent[0]}"


def _fits_fault(file: Path, shape: tuple[int, int]) -> str:
    """What is wrong with a FITS file, by its header and its length; empty: nothing."""
    try:
        with file.open("rb") as opened:
            header = fits.Header.fromfile(opened, endcard=True)
            start = opened.tell()
    except (OSError, EOFError, ValueError):
        return "truncated"
    found = header.get("NAXIS2"), header.get("NAXIS1")
    if found != shape:
        return f"of {found[1]} x {found[0]} pixels and not {shape[1]} x {shape[0]}"
    return "truncated" if file.stat().st_size < start + header.data_size else ""


def _grouped(wrong: Sequence[tuple[Path, str]], where: str) -> Iterator[str]:
    """A line for each kind of fault."""
    for fault in dict.fromkeys(fault for _, fault in wrong):
        files = [file for file, which in wrong if which == fault]
        kind, _, detail = fault.partition(" ")
        name = "truncated" if kind == "truncated" else "wrong size"
        described = f" are {fault}" if detail else ""
        yield f"{name}: {len(files):,} files of {where}{described}, the first is {files[0]}"
