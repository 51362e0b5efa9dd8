"""NPY and NPZ, never pickled."""

import lzma
import struct
import tokenize
import zipfile
import zlib
from functools import cache
from io import BytesIO
from math import prod
from typing import IO, BinaryIO

import numpy as np

from ..errors import ImageReadError
from .layers import Key, Layer, OpenFile, check_size, reading

__all__ = ["open_npy", "open_npz"]

_MAX_HEADER = 2**16  # bytes; numpy itself trusts no more than 10,000

_FAILURES = (OSError, EOFError, ValueError, TypeError, SyntaxError, MemoryError, struct.error, tokenize.TokenError)
_ZIP_FAILURES = (*_FAILURES, zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError)


def open_npy(stream: BinaryIO, path: str) -> OpenFile:
    """The array of an NPY file, memory-mapped."""
    with reading(path, _FAILURES):
        shape, fortran, dtype = _array_header(stream, path)
        start, end = stream.tell(), stream.seek(0, 2)
        missing = start + prod(shape) * dtype.itemsize - end
        if missing > 0:
            raise ImageReadError(f"{path}: {missing} bytes of the array are missing; get the file again")
    if len(shape) < 2:
        return OpenFile((), stream.close)

    def section(key: Key) -> np.ndarray:
        with reading(path, _FAILURES):
            order = "F" if fortran else "C"
            return np.memmap(stream, dtype, "r", offset=start, shape=shape, order=order)[key]

    return OpenFile((Layer(path, "", 0, shape, section),), stream.close)


def open_npz(stream: BinaryIO, path: str) -> OpenFile:
    """The arrays of an NPZ file with two axes or more, named by their keys."""
    with reading(path, _ZIP_FAILURES):
        archive = zipfile.ZipFile(stream)
        members = [name for name in archive.namelist() if name.endswith(".npy")]
        if not members:
            raise ImageReadError(f"{path}: a zip archive without NPY arrays; write images with np.savez")
        layers = [_member(archive, name, number, path) for number, name in enumerate(members)]
    return OpenFile(tuple(layer for layer in layers if len(layer.shape) >= 2), stream.close)


def _member(archive: zipfile.ZipFile, member: str, number: int, path: str) -> Layer:
    name = member.removesuffix(".npy")
    with archive.open(member) as stream:
        shape, fortran, dtype = _array_header(stream, f"{path}[{name}]")
        start = stream.tell()

    @cache
    def array() -> np.ndarray:
        check_size(f"{path}[{name}]", shape)
        missing = start + prod(shape) * dtype.itemsize - archive.getinfo(member).file_size
        if missing > 0:
            raise ImageReadError(f"{path}[{name}]: {missing} bytes of the array are missing; get the file again")
        with archive.open(member) as stream:
            stream.read(start)
            stored = stream.read(prod(shape) * dtype.itemsize)
        return np.frombuffer(stored, dtype).reshape(shape, order="F" if fortran else "C")

    def section(key: Key) -> np.ndarray:
        with reading(path, _ZIP_FAILURES):
            return array()[key]

    return Layer(path, name, number, shape, section)


def _array_header(stream: IO[bytes], where: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, Fortran order and dtype, without reading the pixels."""
    version = np.lib.format.read_magic(stream)
    sized = stream.read(2 if version == (1, 0) else 4)
    length = int.from_bytes(sized, "little")
    if length > _MAX_HEADER:
        raise ImageReadError(f"{where}: a header of {length:,} bytes; is the file corrupt?")
    text = BytesIO(sized + stream.read(length))
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(text)
    if dtype.hasobject:
        raise ImageReadError(f"{where}: holds pickled Python objects, which can run code when read; save plain numbers")
    if any(n < 0 for n in shape):
        raise ImageReadError(f"{where}: impossible shape {shape}; is the file corrupt?")
    if dtype.kind not in "buif":
        raise ImageReadError(f"{where}: holds {dtype}, not real numbers; write it as float32")
    return shape, fortran, dtype
