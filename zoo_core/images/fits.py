"""FITS: images, extensions, cubes, scaled integers, tile compression; whole files under gzip."""

import gzip
import struct
import zlib
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from itertools import count
from typing import Any, BinaryIO

import numpy as np
from astropy.io import fits
from astropy.io.fits.hdu.compressed._compression import CfitsioException  # an Exception that nothing public exports

from ..errors import ImageReadError
from .layers import Key, Layer, OpenFile, reading
from .plain import PlainHeader, open_plain

__all__ = ["FITS_FAILURES", "open_fits", "open_gzip"]

FITS_FAILURES = (
    *(OSError, EOFError, ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError),
    *(MemoryError, RuntimeError, struct.error, zlib.error, fits.VerifyError, CfitsioException),
)
"""What astropy raises for files that are corrupt, found by fuzzing: it promises OSError and VerifyError only."""

_Hdu = fits.PrimaryHDU | fits.ImageHDU | fits.CompImageHDU
_BLOCK, _CARD = 2880, 80
_MAX_HEADER = 2**22  # bytes
_MAX_UNPACKED = 2**28  # bytes; gzip gives no access to a part of a file, so all of it is held
_PART = 2**18  # bytes that are unpacked at a time
_COUNTS = dict.fromkeys(("NAXIS", "ZNAXIS", "TFIELDS"), range(1000))  # astropy loops over any number
_SAFE = ("RICE_1", "GZIP_1", "GZIP_2", "NOCOMPRESS")  # the C code for HCOMPRESS and PLIO trusts what it unpacks
_CODES = {"BYTEPIX": (1, 2, 4), "BLOCKSIZE": range(1, 4096)}  # its decompression crashes with others


def open_fits(stream: BinaryIO, path: str) -> OpenFile:
    """The images of a FITS file; tables and HDUs without pixels are left out."""
    if plain := open_plain(stream, path):
        return plain
    with reading(path, FITS_FAILURES):
        return OpenFile(tuple(_layers(stream, path)), stream.close)


def open_gzip(stream: BinaryIO, path: str, most: int = _MAX_UNPACKED) -> OpenFile:
    """The images of a FITS file under gzip, of one member or several, refused above `most` bytes."""
    unpacked = BytesIO()
    with closing(stream), reading(path, (OSError, EOFError, zlib.error)), gzip.GzipFile(fileobj=stream) as members:
        while unpacked.tell() <= most and (part := members.read(_PART)):
            unpacked.write(part)
    if unpacked.tell() > most:
        raise ImageReadError(f"{path}: unpacks to more than {most >> 20} MiB; gunzip it first")
    if not unpacked.getbuffer()[:6] == b"SIMPLE":
        raise ImageReadError(f"{path}: a gzip file that holds no FITS; unpack it first")
    return open_fits(unpacked, path)


def _layers(stream: BinaryIO, path: str) -> Iterator[Layer]:
    size, shared = stream.seek(0, 2), None
    for number, hdu in enumerate(_hdus(stream, path)):
        shared = hdu.header if shared is None else shared
        if not isinstance(hdu, _Hdu) or len(hdu.shape) < 2:
            continue
        if not all(isinstance(n, int) and n >= 0 for n in hdu.shape):
            raise ImageReadError(f"{path}: impossible axes {hdu.shape} in HDU {number}; is the file corrupt?")
        name = "" if hdu.name == "PRIMARY" else str(hdu.name)
        yield Layer(path, name, number, tuple(hdu.shape), _Section(hdu, path, size), hdu.header, shared)


def _hdus(stream: BinaryIO, path: str) -> Iterator[Any]:
    """The HDUs, each header looked at before astropy parses it."""
    _check_header(stream, 0, path)
    stream.seek(0)
    hdus: Any = fits.open(stream, memmap=False, lazy_load_hdus=True, do_not_scale_image_data=True)
    for number in count():
        try:
            hdu = hdus[number]
        except IndexError:
            return
        yield hdu
        place = hdu.fileinfo()
        if place["datSpan"] < 0:  # the next HDU would be this one again, for ever
            raise ImageReadError(f"{path}: HDU {number} has a negative size; is the file corrupt?")
        _check_header(stream, place["datLoc"] + place["datSpan"], path)


def _check_header(stream: BinaryIO, start: int, path: str) -> None:
    """Refuses what would keep astropy busy for hours or crash it: no end, countless axes, unknown codes."""
    stream.seek(start)
    stored = bytearray()
    while len(stored) < _MAX_HEADER:
        block = stream.read(_BLOCK)
        stored += block
        if len(block) < _BLOCK or any(block[i : i + 8] == b"END     " for i in range(0, _BLOCK, _CARD)):
            break
    else:
        raise ImageReadError(f"{path}: a header of more than {_MAX_HEADER >> 10} KiB; is the file corrupt?")
    header = PlainHeader(stored.decode("latin-1"))
    names = [(header.get(f"ZNAME{i}"), f"ZVAL{i}") for i in range(1, 10)]
    allowed = _COUNTS | {value: _CODES[str(name)] for name, value in names if name in _CODES}
    for key, values in allowed.items():
        if key in header and (not isinstance(found := header.get(key), int) or found not in values):
            raise ImageReadError(f"{path}: {key} = {found} in a header; is the file corrupt?")


class _Section:
    """Reads a part of an HDU's pixels in physical values, blank ones as NaN.

    We scale, not astropy: it leaves BLANK = 0 unapplied.
    """

    def __init__(self, hdu: _Hdu, path: str, size: int):
        self.hdu, self.path, self.size = hdu, path, size

    def __call__(self, key: Key) -> np.ndarray:
        with reading(self.path, FITS_FAILURES):
            if isinstance(self.hdu, fits.CompImageHDU) and self.hdu.compression_type not in _SAFE:
                kind = self.hdu.compression_type
                raise ImageReadError(f"{self.path}: {kind}, whose decoder is not safe; unpack it first with funpack")
            self._check_extent()
            return _physical(np.asarray(self.hdu.section[key]), self.hdu.header, self.path)

    def _check_extent(self) -> None:
        """A header that asks for more than the file holds is found out before memory is asked for."""
        place: dict[str, int] = self.hdu.fileinfo() or {}
        length = place["datSpan"] - _BLOCK + 1 if isinstance(self.hdu, fits.CompImageHDU) else self.hdu.size
        missing = place["datLoc"] + length - self.size
        if missing > 0:
            raise ImageReadError(f"{self.path}: {missing} bytes of the image are missing; get the file again")


def _physical(stored: np.ndarray, header: Any, path: str) -> np.ndarray:
    scale, zero, blank = header.get("BSCALE", 1), header.get("BZERO", 0), header.get("BLANK")
    for key, value in {"BSCALE": scale, "BZERO": zero, "BLANK": blank}.items():
        if not isinstance(value, int | float | None):
            raise ImageReadError(f"{path}: {key} = {value!r} in its header is no number; correct the header")
    blanks = stored == blank if blank is not None and stored.dtype.kind in "iu" else None
    if blanks is None and scale == 1 and zero == 0:
        return stored
    if stored.dtype.itemsize == 8 and scale == 1 and zero == 2**63:  # unsigned; float64 would round 63 bits away
        pixels = (stored.astype(np.int64).view(np.uint64) ^ np.uint64(2**63)).astype(np.float64)
    else:
        pixels = stored.astype(np.float64) * scale + zero
    if blanks is not None:
        pixels[blanks] = np.nan
    return pixels
