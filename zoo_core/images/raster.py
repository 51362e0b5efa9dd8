"""PNG and JPEG. Rows stay in file order; colours become bands; 8-bit values become 0 to 1, transparency blank."""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageSequence

from ..errors import ImageReadError, ImageShapeError
from .layers import Key, Layer, OpenFile, check_size, reading

__all__ = ["PICTURE_FAILURES", "fractions", "opaque", "open_picture"]

PICTURE_FAILURES = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
    *(MemoryError, RuntimeError, struct.error, zlib.error, Image.DecompressionBombError),
)

# Pillow's mode -> what it is converted to, and the place of its transparency
_MODES: dict[str, tuple[str, int | None]] = {
    mode: (mode, None) for mode in ("1", "L", "I;16", "I;16B", "I;16L", "I", "F", "RGB")
}
_MODES |= {"P": ("RGB", None), "LA": ("LA", 1), "RGBA": ("RGBA", 3), "PA": ("RGBA", 3)}
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0  # of a TIFF; Pillow inverts 8 bits and fewer by itself
_MOST_PAGES = 4096


def open_picture(stream: BinaryIO, path: str) -> OpenFile:
    """A PNG or JPEG, or one of the compressed TIFFs that tifffile leaves to a further package; pages are a stack."""
    with reading(path, PICTURE_FAILURES):
        image = Image.open(stream, formats=("PNG", "JPEG", "TIFF"))
        pages = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    mode, alpha = _target(image, path)
    bands = len(Image.new(mode, (1, 1)).getbands()) - (alpha is not None)
    shape = (image.height, image.width) if bands == 1 else (bands, image.height, image.width)
    shape = shape if pages == 1 else (pages, *shape)
    check_size(path, shape)
    if pages > _MOST_PAGES:
        raise ImageShapeError(f"{path}: {pages} compressed pages; save it uncompressed, or as FITS")

    def section(key: Key) -> np.ndarray:
        with reading(path, PICTURE_FAILURES):
            found = list(_pages(image, mode, alpha, path)) if pages > 1 else [_pixels(image, mode, alpha)]
        return (np.stack(found) if pages > 1 else found[0])[key]

    return OpenFile((Layer(path, "", 0, shape, section),), stream.close)


def fractions(pixels: np.ndarray) -> np.ndarray:
    """8-bit values as 0 to 1, float32, which is what data sets of such pictures hold; others as they are."""
    return pixels / np.float32(255) if pixels.dtype == np.uint8 else pixels


def opaque(bands: np.ndarray, alpha: int | None) -> np.ndarray:
    """Bands (..., C, H, W) without the transparency at place `alpha`; what is fully transparent is blank.

    One band that is left loses its axis.
    """
    if alpha is None:
        return bands
    clear = np.take(bands, [alpha], axis=-3) == 0
    colours = np.where(clear, np.float32(np.nan), np.delete(bands, alpha, axis=-3).astype(np.float32))
    return colours[..., 0, :, :] if colours.shape[-3] == 1 else colours


def _target(image: Image.Image, path: str) -> tuple[str, int | None]:
    if image.mode not in _MODES:
        raise ImageReadError(f"{path}: colours are {image.mode}; save it as grey or RGB")
    if image.mode in ("RGB", "RGBA") and any("16" in str(tile.args) for tile in getattr(image, "tile", ())):
        raise ImageReadError(f"{path}: 16 bits a colour would be cut to 8; save it as FITS or as TIFF without LZW")
    return _MODES[image.mode]


def _pages(image: Image.Image, mode: str, alpha: int | None, path: str) -> Iterator[np.ndarray]:
    size, stored = image.size, image.mode
    for page in ImageSequence.Iterator(image):
        if (page.size, page.mode) != (size, stored):
            raise ImageReadError(f"{path}: pages of several sizes or kinds; save each as a file of its own")
        yield _pixels(page, mode, alpha)


def _pixels(image: Image.Image, mode: str, alpha: int | None) -> np.ndarray:
    """(H, W), or (C, H, W) of several colours."""
    pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    if mode.startswith("I;16") and _white_is_zero(image):
        pixels = np.uint16(65535) - pixels
    return opaque(np.moveaxis(fractions(pixels), -1, 0), alpha) if pixels.ndim == 3 else fractions(pixels)


def _white_is_zero(image: Image.Image) -> bool:
    return image.format == "TIFF" and image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO  # pyright: ignore[reportAttributeAccessIssue]
