"""Layers: the arrays of an open file."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from typing import Any, Protocol

import numpy as np

from ..errors import ImageReadError, ImageShapeError

__all__ = ["MAX_PIXELS", "Cards", "Key", "Layer", "OpenFile", "check_size", "reading"]

MAX_PIXELS = 2**28
"""Most pixels that are read at once, 1 GiB in float32: what a corrupt header or a decompression bomb can cost."""

_REASON = 200  # letters of a library's message; some repeat the bytes of the file

Key = tuple[int | slice, ...]


class Cards(Protocol):
    """The keywords of a header: `fits.Header`, or a dict."""

    def get(self, key: str, /) -> object:
        """The value of a keyword, None without one."""
        ...

    def __contains__(self, key: Any, /) -> bool:
        """Whether there is such a keyword, whatever its value."""
        ...


@dataclass(frozen=True, eq=False)
class Layer:
    """One array of a file, still on disk.

    Arguments:
        path: of the file, for messages.
        name: what `--ext` calls it; empty where the format has no names.
        number: its place in the file, the other thing `--ext` takes. FITS: the number of the HDU.
        shape: as stored, two axes or more.
        section: reads a part; blank pixels are NaN. Raises ImageReadError.
        header: keywords that may tell pixel scale and unit.
        shared: keywords that hold for all layers of the file, where it has some: FITS: the primary header.
    """

    path: str
    name: str
    number: int
    shape: tuple[int, ...]
    section: Callable[[Key], np.ndarray]
    header: Cards = field(default_factory=dict)
    shared: Cards = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What `--ext` takes for it."""
        return self.name or str(self.number)

    @property
    def where(self) -> str:
        """The layer as messages call it, `tile.fits[SCI]`."""
        return f"{self.path}[{self.name}]" if self.name else self.path

    def read(self, key: Key) -> np.ndarray:
        """The part that `key` selects, one entry for each axis; refused above MAX_PIXELS."""
        lengths = [len(range(*k.indices(n))) for k, n in zip(key, self.shape, strict=True) if isinstance(k, slice)]
        check_size(self.where, tuple(lengths))
        return self.section(key)


@dataclass(frozen=True, eq=False)
class OpenFile:
    """The layers of a file, and what closes it."""

    layers: tuple[Layer, ...]
    close: Callable[[], None]


def check_size(where: str, shape: tuple[int, ...]) -> None:
    """Raises ImageShapeError for an empty array, and for one that no model's image can be."""
    if prod(shape) == 0:
        raise ImageShapeError(f"{where}: shape {shape} holds no pixels")
    if prod(shape) > MAX_PIXELS:
        raise ImageShapeError(f"{where}: {shape} is too large for one image; take cutouts with --catalog and --image")


@contextmanager
def reading(path: str, failures: tuple[type[Exception], ...]) -> Iterator[None]:
    """Turns the failures that a file format's library documents into ImageReadError; its warnings are not shown."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except failures as error:
        reason = " ".join(str(error).split())[:_REASON] or type(error).__name__
        raise ImageReadError(f"{path}: cannot be read ({reason}); is it complete and not corrupt?") from error
