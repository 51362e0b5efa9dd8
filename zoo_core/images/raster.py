"""PNG, JPEG and TIFF. Rows stay in file order; colours become bands; 8-bit values of PNG and JPEG become 0 to 1."""

import logging
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from math import prod
from typing import BinaryIO

import numpy as np
import tifffile
from PIL import Image

from ..errors import ImageReadError
from .layers import Key, Layer, OpenFile, check_size, reading

__all__ = ["open_picture", "open_tiff"]

_FAILURES = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
    *(MemoryError, RuntimeError, struct.error, zlib.error),
)
_PICTURE_FAILURES = (*_FAILURES, Image.DecompressionBombError)
_TIFF_FAILURES = (*_FAILURES, tifffile.TiffFileError, AssertionError)  # tifffile asserts what a header must hold

# Pillow's mode -> what it is converted to, and whether its last channel is transparency
_MODES = {mode: (mode, False) for mode in ("1", "L", "I;16", "I;16B", "I;16L", "I", "F", "RGB")}
_MODES |= {"P": ("RGB", False), "LA": ("LA", True), "RGBA": ("RGBA", True), "PA": ("RGBA", True)}
_TIFFFILE_UNPACKS = (1, 8, 32946, 34925, 32773)  # none, deflate (two codes), LZMA, packbits


def open_picture(stream: BinaryIO, path: str) -> OpenFile:
    """A PNG or JPEG, or one of the compressed TIFFs that tifffile leaves to a further package."""
    with reading(path, _PICTURE_FAILURES):
        image = Image.open(stream, formats=("PNG", "JPEG", "TIFF"))
    mode, transparent = _target(image, path)
    bands = len(Image.new(mode, (1, 1)).getbands()) - transparent
    shape = (image.height, image.width) if bands == 1 else (bands, image.height, image.width)
    check_size(path, shape)

    def section(key: Key) -> np.ndarray:
        with reading(path, _PICTURE_FAILURES):
            pixels = np.asarray(image if image.mode == mode else image.convert(mode))
        return _bands_first(pixels if image.format == "TIFF" else _fractions(pixels), transparent)[key]

    return OpenFile((Layer(path, "", 0, shape, section),), stream.close)


def _fractions(pixels: np.ndarray) -> np.ndarray:
    """8-bit values as 0 to 1, float32, which is what data sets of such pictures hold; others as they are."""
    return pixels / np.float32(255) if pixels.dtype == np.uint8 else pixels


def _target(image: Image.Image, path: str) -> tuple[str, bool]:
    if image.mode not in _MODES:
        raise ImageReadError(f"{path}: colours are {image.mode}; save it as grey or RGB")
    if image.mode in ("RGB", "RGBA") and any("16" in str(tile.args) for tile in getattr(image, "tile", ())):
        raise ImageReadError(f"{path}: 16 bits a colour would be cut to 8; save it as FITS or as TIFF without LZW")
    return _MODES[image.mode]


def _bands_first(pixels: np.ndarray, transparent: bool) -> np.ndarray:
    """(H, W, C) -> (C, H, W) or (H, W); what is fully transparent is blank."""
    if pixels.ndim == 2:
        return pixels
    bands = np.moveaxis(pixels, -1, 0)
    if transparent:
        bands = np.where(bands[-1] == 0, np.float32(np.nan), bands[:-1].astype(np.float32))
    return bands[0] if len(bands) == 1 else bands


def open_tiff(stream: BinaryIO, path: str) -> OpenFile:
    """The series of a TIFF: pages of one size are one array, (pages, H, W)."""
    with reading(path, _TIFF_FAILURES), _unlogged():
        file = tifffile.TiffFile(stream)
        if not all(series.keyframe.compression in _TIFFFILE_UNPACKS for series in file.series):
            stream.seek(0)
            return open_picture(stream, path)
        layers = [_series(series, number, path) for number, series in enumerate(file.series)]
    return OpenFile(tuple(layer for layer in layers if len(layer.shape) >= 2), stream.close)


def _series(series: tifffile.TiffPageSeries, number: int, path: str) -> Layer:
    colours_last = series.axes.endswith("S") and series.ndim == 3
    shape = (series.shape[2], *series.shape[:2]) if colours_last else series.shape

    @cache
    def array() -> np.ndarray:
        check_size(path, shape)
        with reading(path, _TIFF_FAILURES), _unlogged():
            _check_segments(series, path)
            pixels = series.asarray(maxworkers=1)
        if pixels.shape != series.shape:
            raise ImageReadError(f"{path}: {pixels.size} pixels, not the {series.size} of its header; is it complete?")
        return np.moveaxis(pixels, -1, 0) if colours_last else pixels

    return Layer(path, "", number, shape, lambda key: array()[key])


def _check_segments(series: tifffile.TiffPageSeries, path: str) -> None:
    """Strips and tiles that are missing would read as zeros, and a header that claims millions of them take hours."""
    size = series.keyframe.parent.filehandle.size
    for page in series.pages:
        if page is None:
            continue
        ends = [offset + n for offset, n in zip(page.dataoffsets, page.databytecounts, strict=True)]
        if len(ends) < prod(page.chunked) or max(ends, default=0) > size or 0 in page.databytecounts:
            raise ImageReadError(f"{path}: a part of the pixels is missing; get the file again")


@contextmanager
def _unlogged() -> Iterator[None]:
    """Tifffile logs what it finds amiss; what matters of it becomes the row's message."""
    logger = logging.getLogger("tifffile")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
