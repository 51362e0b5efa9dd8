"""FITS: images, extensions, cubes, scaled integers, tile compression; whole files under gzip."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from typing import BinaryIO

import numpy as np
from astropy.io import fits

from ..errors import ImageReadError
from .layers import Key, Layer, OpenFile, reading
from .plain import open_plain

__all__ = ["open_fits", "open_gzip"]

_FAILURES = (OSError, ValueError, TypeError, KeyError, IndexError, fits.VerifyError, struct.error)
_IMAGES = (fits.PrimaryHDU, fits.ImageHDU, fits.CompImageHDU)
_MAX_UNPACKED = 2**31  # bytes; gzip gives no access to a part of a file, so all of it is held


def open_fits(stream: BinaryIO, path: str) -> OpenFile:
    """The images of a FITS file; tables and HDUs without pixels are left out."""
    if plain := open_plain(stream, path):
        return plain
    with reading(path, _FAILURES):
        stream.seek(0)
        hdus = fits.open(stream, memmap=False, lazy_load_hdus=True, do_not_scale_image_data=True)
        size = stream.seek(0, 2)
        return OpenFile(tuple(_layers(hdus, path, size)), stream.close)


def open_gzip(stream: BinaryIO, path: str) -> OpenFile:
    """The images of a FITS file under gzip."""
    with closing(stream), reading(path, (zlib.error,)):
        inflater = zlib.decompressobj(wbits=31)
        unpacked = inflater.decompress(stream.read(), _MAX_UNPACKED)
    if inflater.unconsumed_tail:
        raise ImageReadError(f"{path}: unpacks to more than {_MAX_UNPACKED >> 30} GiB; gunzip it first")
    if not inflater.eof:
        raise ImageReadError(f"{path}: the gzip stream is cut short; get the file again")
    if not unpacked.startswith(b"SIMPLE"):
        raise ImageReadError(f"{path}: a gzip file that holds no FITS; unpack it first")
    return open_fits(BytesIO(unpacked), path)


def _layers(hdus: fits.HDUList, path: str, size: int) -> Iterator[Layer]:
    for number, hdu in enumerate(hdus):
        if isinstance(hdu, _IMAGES) and len(hdu.shape) >= 2:
            name = "" if hdu.name == "PRIMARY" else hdu.name
            yield Layer(path, name, number, tuple(hdu.shape), _Section(hdu, path, size), hdu.header)


class _Section:
    """Reads a part of an HDU's pixels in physical values, blank ones as NaN.

    We scale, not astropy: it leaves BLANK = 0 unapplied, and rounds 16-bit images to float32 twice.
    """

    def __init__(self, hdu: fits.ImageHDU, path: str, size: int):
        self.hdu, self.path, self.size = hdu, path, size

    def __call__(self, key: Key) -> np.ndarray:
        with reading(self.path, _FAILURES):
            self._check_extent()
            return _physical(np.asarray(self.hdu.section[key]), self.hdu.header)

    def _check_extent(self) -> None:
        """A header that asks for more than the file holds is found out before memory is."""
        extent = self.hdu.fileinfo()
        bytes_ = extent["datSpan"] - 2879 if isinstance(self.hdu, fits.CompImageHDU) else self.hdu.size
        missing = extent["datLoc"] + bytes_ - self.size
        if missing > 0:
            raise ImageReadError(f"{self.path}: {missing} bytes of the image are missing; get the file again")


def _physical(stored: np.ndarray, header: fits.Header) -> np.ndarray:
    scale, zero, blank = (header.get(key, default) for key, default in (("BSCALE", 1), ("BZERO", 0), ("BLANK", None)))
    integers = stored.dtype.kind in "iu"
    if scale == 1 and zero == 0 and not (integers and blank is not None):
        return stored
    pixels = stored.astype(np.float64) * scale + zero
    if integers and blank is not None:
        pixels[stored == blank] = np.nan
    return pixels
