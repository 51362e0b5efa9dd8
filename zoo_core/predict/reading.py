"""Reading and preparing images: no torch, and for each image a result or a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import ImageError, one_line
from ..images.image import RawImage
from ..images.origin import Origin, contradicts
from ..images.preprocess import Prepared, Preprocess

__all__ = ["Job", "OriginOf", "PreparedBatch", "Unreadable", "prepare", "readable"]

TILE = 4  # sides of what a network takes, from which on an image is believed to hold other objects too


@dataclass(frozen=True)
class Unreadable:
    """An image that could not be read, and why."""

    id: str
    path: str
    reason: str
    sky: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class PreparedBatch:
    """Images ready for the network, and the rows of the table that they and the unusable ones belong to.

    Arguments:
        ids, paths, messages: one a row.
        usable: (rows,) which rows have pixels.
        pixels: (usable rows, bands, size, size) float32, finite.
        sky: (rows, 2) right ascension and declination, degrees; NaN where unknown.
        contradicted: rows whose header gives another pixel scale than the one that was passed.
        origins: of the usable rows, where they were asked for.
    """

    ids: tuple[str, ...]
    paths: tuple[str, ...]
    messages: tuple[str, ...]
    usable: np.ndarray
    pixels: np.ndarray
    sky: np.ndarray
    contradicted: int = 0
    origins: tuple[Origin, ...] = ()

    def with_reasons(self, reasons: Sequence[str]) -> PreparedBatch:
        """The batch with reasons in the messages of the usable rows."""
        each = iter(reasons)
        noted = [
            "; ".join(filter(None, (message, next(each) if usable else "")))
            for message, usable in zip(self.messages, self.usable, strict=True)
        ]
        return replace(self, messages=tuple(noted))


OriginOf = Callable[[RawImage, Prepared, float | None], Origin]
"""What is kept of an image that was prepared with this pixel scale, arcsec."""

Job = Callable[[], Iterable[RawImage | Unreadable]]


def readable(job: Job) -> list[RawImage]:
    """The images of one job that can be read."""
    return [image for image in job() if isinstance(image, RawImage)]


def prepare(
    job: Job, preprocess: Preprocess, pixel_scale: float | None, origin_of: OriginOf | None = None
) -> PreparedBatch:
    """The images of one job, prepared; with their origins if a function makes these."""
    images = list(job())
    rows = [_row(image, preprocess, pixel_scale) for image in images]
    shape = (0, len(preprocess.bands), preprocess.size, preprocess.size)
    pixels = [row.prepared.pixels for row in rows if row.prepared is not None]
    return PreparedBatch(
        ids=tuple(row.id for row in rows),
        paths=tuple(row.path for row in rows),
        messages=tuple(row.message for row in rows),
        usable=np.array([row.prepared is not None for row in rows], dtype=bool),
        pixels=np.stack(pixels) if pixels else np.empty(shape, np.float32),
        sky=np.array([image.sky or (np.nan, np.nan) for image in images], np.float64).reshape(-1, 2),
        contradicted=sum(row.contradicted for row in rows),
        origins=() if origin_of is None else tuple(_origins(images, rows, origin_of, pixel_scale)),
    )


def _origins(
    images: Iterable[RawImage | Unreadable], rows: Iterable[_Row], origin_of: OriginOf, pixel_scale: float | None
) -> Iterator[Origin]:
    for image, row in zip(images, rows, strict=True):
        if isinstance(image, RawImage) and row.prepared is not None:
            yield origin_of(image, row.prepared, pixel_scale)


@dataclass(frozen=True, eq=False)
class _Row:
    id: str
    path: str
    message: str
    prepared: Prepared | None = None
    contradicted: bool = False


def _row(image: RawImage | Unreadable, preprocess: Preprocess, pixel_scale: float | None) -> _Row:
    if isinstance(image, Unreadable):
        return _Row(image.id, image.path, one_line(image.reason))
    try:
        ready = preprocess.prepare(image, pixel_scale)
    except ImageError as error:
        return _Row(image.id, image.path, one_line(str(error)))
    contradicted = preprocess.pixel_scale is not None and contradicts(pixel_scale, image.pixel_scale)
    scale = image.pixel_scale if pixel_scale is None else pixel_scale
    notes = [
        f"no pixel scale is known, {preprocess.pixel_scale:g} arcsec assumed" if preprocess.assumes(scale) else "",
        f"{ready.blank} pixels blank" if ready.blank else "",
        f"{ready.padded} of {ready.pixels[0].size} pixels padded" if ready.padded else "",
        _left_out(image, ready),
        f"pixel scale {pixel_scale:g} used, the header says {image.pixel_scale:.4g}" if contradicted else "",
    ]
    return _Row(image.id, image.path, "; ".join(filter(None, notes)), ready, contradicted)


def _left_out(image: RawImage, ready: Prepared) -> str:
    """What becomes of an image that is far larger than what the network takes, such as a tile; empty if it is not."""
    height, width = image.pixels.shape[1:]
    taken = round(ready.grid.step * ready.pixels.shape[-1])
    if min(height, width) < TILE * taken:
        return ""
    return (
        f"the middle {taken} x {taken} of {width} x {height} pixels were used, the rest was not looked at; for objects "
        "elsewhere in an image, --catalog names their positions and --image the file"
    )
