"""From images, wherever they are, to a pack: each is read once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from ..errors import ArgumentError, FileError, ImageReadError
from ..files import make_folder, sole, sweep
from ..images.image import RawImage
from ..images.pack import PackedImage, PackManifest, is_pack, packed_sources, write_packed
from .images import SourceImages
from .parallel import in_processes
from .reading import Unreadable
from .run import Progress

__all__ = ["Packed", "pack"]

FILE = 1024  # images
BATCH = 64  # images that a process reads at a time


@dataclass(frozen=True)
class Packed:
    """What a run has added to a pack.

    Arguments:
        images: in the pack now.
        added: by this run.
        failed: of these, images that could not be read, or have another shape.
    """

    images: int
    added: int
    failed: int


def pack(
    images: SourceImages, bands: Sequence[str], out: Path, workers: int = 0, progress: Progress | None = None
) -> Packed:
    """Add images to a pack, which is made if it is not there; those that it has, by their path, are not read again.

    So the same call goes on where a killed one stopped.

    Arguments:
        images: of one shape.
        bands: of each image, in order.
        out: folder of the pack.
        workers: processes that read, 0 for none.
        progress: called with (images done, images to add).

    Raises:
        ArgumentError: the pack has other bands.
        FileError: the folder holds something else, or cannot be written.
        ImageReadError: no image can be read, or the pack is damaged.
    """
    make_folder(out)
    with sole(out):
        there = _there(out, tuple(bands))
        sweep(out)
        new = list({source.key: source for source in images.sources if source.key not in there}.values())
        failed = _add(replace(images, sources=new), tuple(bands), out, workers, progress)
        return Packed(len(there) + len(new), len(new), failed)


def _there(out: Path, bands: tuple[str, ...]) -> set[str]:
    """The keys of the images in the pack."""
    if not is_pack(out):
        strange = [path.name for path in out.iterdir() if not path.name.startswith(".")]
        if strange:
            raise FileError(f"{out}: holds {min(strange)} and is no pack; choose another folder")
        return set()
    stored = PackManifest.of(out).bands
    if stored != bands:
        raise ArgumentError(f"{out}: the pack has the bands {', '.join(stored)}, not {', '.join(bands)}")
    return {source.key for source in packed_sources(out)}


def _add(images: SourceImages, bands: tuple[str, ...], out: Path, workers: int, progress: Progress | None) -> int:
    number, failed = sum(1 for _ in out.glob("*.h5")), 0
    shape = PackManifest.of(out).shape if is_pack(out) else None
    for start in range(0, len(images), FILE):
        stop = min(start + FILE, len(images))
        rows = list(_read(images, start, stop, workers))
        if shape is None:
            shape = _shape(rows)
            PackManifest(bands, shape).write(out)
        packed = [_packed(row, shape) for row in rows]
        write_packed(out / f"{number:06d}.h5", packed, shape)
        number, failed = number + 1, failed + sum(one.pixels is None for one in packed)
        if progress:
            progress(stop, len(images))
    return failed


def _read(images: SourceImages, start: int, stop: int, workers: int) -> Iterator[RawImage | Unreadable]:
    jobs = (images.job(first, min(first + BATCH, stop)) for first in range(start, stop, BATCH))
    with closing(in_processes(jobs, workers)) as batches:
        yield from chain.from_iterable(batches)


def _shape(rows: Sequence[RawImage | Unreadable]) -> tuple[int, ...]:
    usable = next((row for row in rows if isinstance(row, RawImage)), None)
    if usable is None:
        reason = next((row.reason for row in rows if isinstance(row, Unreadable)), "")
        raise ImageReadError(f"none of the first {len(rows)} images can be read; {reason}")
    return usable.pixels.shape


def _packed(row: RawImage | Unreadable, shape: tuple[int, ...]) -> PackedImage:
    ra, dec = row.sky or (np.nan, np.nan)
    if isinstance(row, Unreadable):
        return PackedImage(row.id, row.path, None, row.reason, ra=ra, dec=dec)
    if row.pixels.shape != shape:
        reason = f"{row.path}: shape {row.pixels.shape}, those of the pack have {shape}"
        return PackedImage(row.id, row.path, None, reason, ra=ra, dec=dec)
    pixels = row.pixels if row.mask is None else np.where(row.mask, np.float32(np.nan), row.pixels)
    scale = np.nan if row.pixel_scale is None else row.pixel_scale
    return PackedImage(row.id, row.path, pixels, unit=row.unit or "", pixel_scale=scale, ra=ra, dec=dec)
