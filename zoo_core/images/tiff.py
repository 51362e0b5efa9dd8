"""TIFF by tifffile; what it leaves to a further package is unpacked by Pillow."""

import logging
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from math import prod
from typing import Any, BinaryIO

import numpy as np
import tifffile

from ..errors import ImageReadError
from .layers import Layer, OpenFile, check_size, reading
from .raster import PICTURE_FAILURES, fractions, opaque, open_picture

__all__ = ["open_tiff"]

_FAILURES = (*PICTURE_FAILURES, tifffile.TiffFileError, struct.error, zlib.error, AssertionError)  # asserts headers
_UNPACKED = (1, 8, 32946, 34925, 32773)  # none, deflate (two codes), LZMA, packbits
_JPEG = 7  # which libtiff unpacks, as far as it goes
_MINISWHITE, _MINISBLACK, _RGB, _PALETTE = 0, 1, 2, 3  # TIFF 6.0, tag PhotometricInterpretation
_ALPHA = (1, 2)  # TIFF 6.0, tag ExtraSamples: associated and unassociated
_KINDS = ("ome", "mmstack", "ndtiff", "micromanager", "scn", "eer", "stk", "lsm", "fluoview", "sis", "ndpi", "bif")
_PAGES_ONLY: dict[str, Any] = {f"is_{kind}": False for kind in _KINDS}  # they name other files, or planes not there


def open_tiff(stream: BinaryIO, path: str) -> OpenFile:
    """The pages of a TIFF, those of one size as one array (pages, H, W); colours are bands, transparency is blank."""
    with reading(path, _FAILURES), _unlogged():
        file = tifffile.TiffFile(stream, **_PAGES_ONLY)
        if not len(file.pages):  # counted first: a chain of pages that comes back to itself would be followed for ever
            raise ImageReadError(f"{path}: a TIFF without pages; get the file again")
        if not all(series.keyframe.compression in _UNPACKED for series in file.series):
            for series in file.series:
                _check_segments(series, path)
            stream.seek(0)
            return open_picture(stream, path)
        layers = [_Pages(series, path).layer(number) for number, series in enumerate(file.series)]
    return OpenFile(tuple(layer for layer in layers if len(layer.shape) >= 2), stream.close)


class _Pages:
    """Pages of one size and kind: their shape, and their pixels when they are asked for."""

    def __init__(self, series: tifffile.TiffPageSeries, path: str):
        self.series, self.path, self.keyframe = series, path, series.keyframe
        self.photometric = int(self.keyframe.photometric)
        if self.photometric not in (_MINISWHITE, _MINISBLACK, _RGB, _PALETTE):
            kind = getattr(self.keyframe.photometric, "name", self.photometric)
            raise ImageReadError(f"{path}: colours are {kind}; save it as grey or RGB")
        self.colours = series.axes.find("S")
        self.alpha = self._alpha() if self.colours >= 0 else None

    def layer(self, number: int) -> Layer:
        """The array, whose pixels are unpacked once."""
        pixels = cache(self._pixels)
        return Layer(self.path, "", number, self._shape(), lambda key: pixels()[key])

    def _alpha(self) -> int | None:
        """The place of the transparency among the samples."""
        extra = [int(kind) for kind in self.keyframe.extrasamples]
        found = [place for place, kind in enumerate(extra) if kind in _ALPHA]
        return self.series.shape[self.colours] - len(extra) + found[0] if found else None

    def _shape(self) -> tuple[int, ...]:
        shape = list(self.series.shape)
        samples = shape.pop(self.colours) - (self.alpha is not None) if self.colours >= 0 else 1
        if self.photometric == _PALETTE:
            samples = 3
        return (*shape[:-2], samples, *shape[-2:]) if samples > 1 else tuple(shape)

    def _pixels(self) -> np.ndarray:
        check_size(self.path, self._shape())
        with reading(self.path, _FAILURES), _unlogged():
            _check_segments(self.series, self.path)
            stored = self.series.asarray(maxworkers=1)
        if stored.shape != self.series.shape:
            raise ImageReadError(
                f"{self.path}: {stored.size} pixels, its header says {self.series.size}; is it complete?"
            )
        return self._bands(stored)

    def _bands(self, stored: np.ndarray) -> np.ndarray:
        if self.photometric == _PALETTE:
            return np.moveaxis(self._coloured(stored), -1, -3)
        pixels = fractions(self._black_is_zero(stored))
        if self.colours < 0:
            return pixels
        return opaque(np.moveaxis(pixels, self.colours, -3), self.alpha)

    def _coloured(self, places: np.ndarray) -> np.ndarray:
        """The colours of a palette, 0 to 1, at 8 bits a colour as PNG keeps them."""
        palette = np.asarray(self.keyframe.colormap) >> 8
        return fractions(palette.astype(np.uint8).T[places])

    def _black_is_zero(self, stored: np.ndarray) -> np.ndarray:
        """Brighter is larger, whichever the file chose."""
        if self.photometric != _MINISWHITE:
            return stored
        if stored.dtype.kind == "b":
            return ~stored
        if stored.dtype.kind != "u":
            raise ImageReadError(f"{self.path}: zero is white in numbers without a largest; save it as black is zero")
        largest = 2 ** int(self.keyframe.bitspersample) - 1
        return stored.dtype.type(largest) - stored


def _check_segments(series: tifffile.TiffPageSeries, path: str) -> None:
    """Strips and tiles that are missing would read as zeros, and a header that claims millions of them take hours."""
    size = series.keyframe.parent.filehandle.size
    for page in series.pages:
        if page is None:
            continue
        ends = [offset + n for offset, n in zip(page.dataoffsets, page.databytecounts, strict=True)]
        if len(ends) < prod(page.chunked) or max(ends, default=0) > size or 0 in page.databytecounts:
            raise ImageReadError(f"{path}: a part of the pixels is missing; get the file again")
        if page.compression == _JPEG and not all(map(_is_whole_jpeg, _segments(page))):
            raise ImageReadError(f"{path}: a part of its JPEG is missing; get the file again")


def _segments(page: tifffile.TiffPage | tifffile.TiffFrame) -> Iterator[bytes]:
    handle = page.parent.filehandle
    for offset, length in zip(page.dataoffsets, page.databytecounts, strict=True):
        handle.seek(offset)
        yield handle.read(length)


def _is_whole_jpeg(segment: bytes) -> bool:
    """Whether it ends as a JPEG ends: what is cut short would be continued in grey."""
    return segment.rstrip(b"\0").endswith(b"\xff\xd9")


@contextmanager
def _unlogged() -> Iterator[None]:
    """Tifffile logs what it finds amiss; what matters of it becomes the row's message."""
    logger = logging.getLogger("tifffile")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
