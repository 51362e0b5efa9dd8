"""FITS: images, extensions, cubes, scaled integers, tile compression; whole files under gzip."""

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from itertools import count
from typing import BinaryIO

import numpy as np
from astropy.io import fits
from astropy.io.fits.hdu.compressed._compression import CfitsioException  # an Exception that nothing public exports

from ..errors import ImageReadError
from .layers import Key, Layer, OpenFile, reading
from .plain import open_plain

__all__ = ["FITS_FAILURES", "open_fits", "open_gzip"]

FITS_FAILURES = (
    *(OSError, EOFError, ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError),
    *(MemoryError, RuntimeError, struct.error, zlib.error, fits.VerifyError, CfitsioException),
)
"""What astropy raises for files that are corrupt, found by fuzzing: it promises OSError and VerifyError only."""

_Hdu = fits.PrimaryHDU | fits.ImageHDU | fits.CompImageHDU
_BLOCK, _CARD = 2880, 80
_MAX_HEADER = 2**24  # bytes
_MAX_UNPACKED = 2**31  # bytes; gzip gives no access to a part of a file, so all of it is held
_ENDLESS = re.compile(rb"(Z?NAXIS|TFIELDS) *= *\+?0*[1-9]\d{3}")  # FITS allows 999; astropy loops over any number


def open_fits(stream: BinaryIO, path: str) -> OpenFile:
    """The images of a FITS file; tables and HDUs without pixels are left out."""
    if plain := open_plain(stream, path):
        return plain
    with reading(path, FITS_FAILURES):
        return OpenFile(tuple(_layers(stream, path)), stream.close)


def open_gzip(stream: BinaryIO, path: str) -> OpenFile:
    """The images of a FITS file under gzip."""
    with closing(stream), reading(path, (OSError, zlib.error)):
        inflater = zlib.decompressobj(wbits=31)
        unpacked = inflater.decompress(stream.read(), _MAX_UNPACKED)
    if inflater.unconsumed_tail:
        raise ImageReadError(f"{path}: unpacks to more than {_MAX_UNPACKED >> 30} GiB; gunzip it first")
    if not inflater.eof:
        raise ImageReadError(f"{path}: the gzip stream is cut short; get the file again")
    if not unpacked.startswith(b"SIMPLE"):
        raise ImageReadError(f"{path}: a gzip file that holds no FITS; unpack it first")
    return open_fits(BytesIO(unpacked), path)


def _layers(stream: BinaryIO, path: str) -> Iterator[Layer]:
    size = stream.seek(0, 2)
    for number, hdu in enumerate(_hdus(stream, path)):
        if not isinstance(hdu, _Hdu) or len(hdu.shape) < 2:
            continue
        if not all(isinstance(n, int) and n >= 0 for n in hdu.shape):
            raise ImageReadError(f"{path}: impossible axes {hdu.shape} in HDU {number}; is the file corrupt?")
        name = "" if hdu.name == "PRIMARY" else str(hdu.name)
        yield Layer(path, name, number, tuple(hdu.shape), _Section(hdu, path, size), hdu.header)


def _hdus(stream: BinaryIO, path: str) -> Iterator[fits.hdu.base._BaseHDU]:
    """The HDUs, each header looked at before astropy parses it."""
    _check_header(stream, 0, path)
    stream.seek(0)
    hdus = fits.open(stream, memmap=False, lazy_load_hdus=True, do_not_scale_image_data=True)
    for number in count():
        try:
            hdu = hdus[number]
        except IndexError:
            return
        yield hdu
        place = hdu.fileinfo()
        _check_header(stream, place["datLoc"] + place["datSpan"], path)


def _check_header(stream: BinaryIO, start: int, path: str) -> None:
    """Refuses a header without end, and one with so many axes or columns that astropy would loop for hours."""
    stream.seek(start)
    for _ in range(_MAX_HEADER // _BLOCK):
        block = stream.read(_BLOCK)
        cards = [block[i : i + _CARD] for i in range(0, len(block), _CARD)]
        if endless := next((card for card in cards if _ENDLESS.match(card)), None):
            raise ImageReadError(f"{path}: {endless[:30].decode('ascii', 'replace')!r} in a header; is it corrupt?")
        if len(block) < _BLOCK or any(card[:8] == b"END     " for card in cards):
            return
    raise ImageReadError(f"{path}: a header of more than {_MAX_HEADER >> 20} MiB; is the file corrupt?")


class _Section:
    """Reads a part of an HDU's pixels in physical values, blank ones as NaN.

    We scale, not astropy: it leaves BLANK = 0 unapplied.
    """

    def __init__(self, hdu: _Hdu, path: str, size: int):
        self.hdu, self.path, self.size = hdu, path, size

    def __call__(self, key: Key) -> np.ndarray:
        with reading(self.path, FITS_FAILURES):
            self._check_extent()
            return _physical(np.asarray(self.hdu.section[key]), self.hdu.header)

    def _check_extent(self) -> None:
        """A header that asks for more than the file holds is found out before memory is asked for."""
        place = self.hdu.fileinfo()
        length = place["datSpan"] - _BLOCK + 1 if isinstance(self.hdu, fits.CompImageHDU) else self.hdu.size
        missing = place["datLoc"] + length - self.size
        if missing > 0:
            raise ImageReadError(f"{self.path}: {missing} bytes of the image are missing; get the file again")


def _physical(stored: np.ndarray, header: fits.Header) -> np.ndarray:
    scale, zero, blank = header.get("BSCALE", 1), header.get("BZERO", 0), header.get("BLANK")
    blanks = stored == blank if blank is not None and stored.dtype.kind in "iu" else None
    if blanks is None and scale == 1 and zero == 0:
        return stored
    pixels = stored.astype(np.float64) * scale + zero
    if blanks is not None:
        pixels[blanks] = np.nan
    return pixels
