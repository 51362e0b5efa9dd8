"""Readers: from the first bytes of a file to its layers, and from a source to its raw image."""

import os
import stat
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from ..errors import ImageReadError
from .arrays import open_npy, open_npz
from .fits import open_fits, open_gzip
from .hdf5 import open_hdf5
from .layers import Layer, OpenFile, reading
from .raster import open_picture
from .remote import is_remote, open_binary
from .tiff import open_tiff

__all__ = ["SUFFIXES", "layers_of"]

SUFFIXES = (
    *(".fits", ".fit", ".fts", ".fits.gz", ".fit.gz", ".fts.gz", ".fits.fz", ".fz"),
    *(".npy", ".npz", ".h5", ".hdf5", ".png", ".jpg", ".jpeg", ".tif", ".tiff"),
)
"""Of the files that a folder is searched for. A file that is named outright is known by its first bytes."""

_FORMATS: tuple[tuple[bytes, Callable[[BinaryIO, str], OpenFile]], ...] = (
    (b"SIMPLE  =", open_fits),
    (b"\x1f\x8b", open_gzip),
    (b"\x93NUMPY", open_npy),
    (b"PK\x03\x04", open_npz),
    (b"\x89HDF\r\n\x1a\n", open_hdf5),
    (b"\x89PNG\r\n\x1a\n", open_picture),
    (b"\xff\xd8\xff", open_picture),
    (b"II*\x00", open_tiff),
    (b"MM\x00*", open_tiff),
    (b"II+\x00", open_tiff),
    (b"MM\x00+", open_tiff),
)
_KEPT_OPEN = 4  # files: four bands, or an image with its mask and weight map; packed ones are held in memory


@contextmanager
def layers_of(path: str, *, keep: bool = False) -> Iterator[tuple[Layer, ...]]:
    """The layers of a file, open inside the `with` block.

    Arguments:
        keep: leave it open afterwards, since more of its layers, planes or cutouts will be asked for.
    """
    file = _kept(path, _stamp(path), os.getpid(), threading.get_ident()) if keep else _open(path)
    try:
        yield file.layers
    finally:
        if not keep:
            file.close()


@lru_cache(maxsize=_KEPT_OPEN)
def _kept(path: str, stamp: tuple[int, int, int], process: int, thread: int) -> OpenFile:
    """Neither another process nor another thread may share a handle, which has one position in the file."""
    file = _open(path)
    weakref.finalize(file, file.close)
    return file


def _open(path: str) -> OpenFile:
    _stamp(path)
    stream, start = _stream(path)
    try:
        return _format(path, start)(stream, path)
    except BaseException:
        stream.close()
        raise


def _stamp(path: str) -> tuple[int, int, int]:
    """What changes when the file does; ImageReadError unless it is a file.

    One elsewhere is taken not to change while it is kept open: to ask each time would cost as much as to read.
    """
    if is_remote(path):
        return 0, 0, 0
    try:
        found = Path(path).stat()
    except FileNotFoundError as error:
        raise ImageReadError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:
        raise ImageReadError(f"{path}: cannot be opened ({error})") from error
    if not stat.S_ISREG(found.st_mode):  # a pipe would block, a device never end
        raise ImageReadError(f"{path}: not a file")
    return found.st_ino, found.st_size, found.st_mtime_ns


def _stream(path: str) -> tuple[BinaryIO, bytes]:
    """The opened file and its first bytes."""
    with reading(path, (OSError,)):
        stream = open_binary(path)  # closed with its layers
        start = stream.read(16)
        stream.seek(0)
    return stream, start


def _format(path: str, start: bytes) -> Callable[[BinaryIO, str], OpenFile]:
    for magic, opener in _FORMATS:
        if start.startswith(magic):
            return opener
    if not start:
        raise ImageReadError(f"{path}: the file is empty")
    raise ImageReadError(f"{path}: starts with {start!r}, which is none of FITS, NPY, NPZ, HDF5, PNG, JPEG and TIFF")
