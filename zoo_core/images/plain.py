"""Plain FITS: a file that is one image of floats and nothing more, as most cutouts are.

Astropy reads these too, at ten times the cost: most of it goes into cards that nobody asks for. Whatever is unusual
in a file, or wrong, is left to astropy.
"""

from functools import lru_cache
from math import prod
from typing import BinaryIO

import numpy as np
from astropy.io import fits
from astropy.io.fits.card import Undefined

from .layers import Key, Layer, OpenFile

__all__ = ["PlainHeader", "open_plain"]

_BLOCK, _CARD = 2880, 80
_MAX_BYTES = 2**24  # a larger file may be a mosaic, of which only parts are wanted
_DTYPES = {"-32": np.dtype(">f4"), "-64": np.dtype(">f8")}
_UNUSUAL = ("GROUPS", "BSCALE", "BZERO", "XTENSION", "INHERIT")


class PlainHeader:
    """Keywords of a header; cards are parsed when they are asked for."""

    def __init__(self, text: str):
        cards = [text[i : i + _CARD] for i in range(0, len(text), _CARD)]
        self._cards = {card[:8].rstrip(): card for card in reversed(cards)}  # the first of a name counts
        self.ordered = [card[:8].rstrip() for card in cards[:3]]

    def __contains__(self, key: str) -> bool:
        return key in self._cards

    def get(self, key: str, /) -> object:
        """The value of a keyword of at most eight letters as astropy reads its card; None where there is none."""
        card = self._cards.get(key, "")
        if card[8:10] != "= ":
            return None
        return _value(card)


@lru_cache(maxsize=4096)  # the images of a survey share most of their cards
def _value(card: str) -> object:
    """The value of a card as astropy reads it; None where it cannot be parsed or has none."""
    try:
        value = fits.Card.fromstring(card).value
    except fits.VerifyError:
        return None
    return None if isinstance(value, Undefined) else value


def open_plain(stream: BinaryIO, path: str) -> OpenFile | None:
    """The image of a plain FITS file; None for any other FITS file."""
    if stream.seek(0, 2) > _MAX_BYTES:
        return None
    stream.seek(0)
    stored = stream.read()
    header, start = _header(stored)
    if header is None:
        return None
    dtype, shape = _DTYPES.get(str(header.get("BITPIX"))), _shape(header)
    if dtype is None or shape is None or header.get("SIMPLE") is not True or any(key in header for key in _UNUSUAL):
        return None
    if not 0 <= len(stored) - start - prod(shape) * dtype.itemsize < _BLOCK:
        return None

    def section(key: Key) -> np.ndarray:
        return np.frombuffer(stored, dtype, prod(shape), start).reshape(shape)[key]

    return OpenFile((Layer(path, "", 0, shape, section, header),), stream.close)


def _header(stored: bytes) -> tuple[PlainHeader | None, int]:
    """The header and the number of bytes that it takes."""
    for start in range(0, len(stored), _BLOCK):
        block = stored[start : start + _BLOCK]
        if any(block[i : i + 8] == b"END     " for i in range(0, len(block), _CARD)):
            end = start + _BLOCK
            return (PlainHeader(stored[:end].decode("ascii")), end) if stored[:end].isascii() else (None, 0)
    return None, 0


def _shape(header: PlainHeader) -> tuple[int, ...] | None:
    """(..., NAXIS2, NAXIS1) of an image of two to four axes."""
    n_axes = header.get("NAXIS")
    if header.ordered != ["SIMPLE", "BITPIX", "NAXIS"] or not isinstance(n_axes, int) or not 2 <= n_axes <= 4:
        return None
    axes = [header.get(f"NAXIS{i}") for i in range(n_axes, 0, -1)]
    shape = tuple(n for n in axes if type(n) is int and n > 0)  # T is an int, too, but no number of pixels
    return shape if len(shape) == n_axes else None
