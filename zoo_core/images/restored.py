"""FITS files of restored images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import whole
from .origin import Origin

if TYPE_CHECKING:
    import numpy as np

__all__ = ["write_restored"]


def write_restored(
    file: Path, layers: Mapping[str, np.ndarray], unit: str, origin: Origin, made_by: Mapping[str, str]
) -> None:
    """The layers of a restored image, the first of which is the primary one; pixels that were not measured are NaN.

    Arguments:
        file: replaced if there is one.
        layers: (C, H, W), by name.
        unit: of the layers; empty: that of the image that was read, in which they are then written.
        origin: of the image.
        made_by: keywords.
    """
    from astropy.io import fits

    gain = 1.0 if unit else origin.to_unit
    hdus: list[Any] = [
        (fits.ImageHDU if place else fits.PrimaryHDU)(_seen(gain * layer, origin.measured))
        for place, layer in enumerate(layers.values())
    ]
    for name, hdu in zip(layers, hdus, strict=True):
        hdu.header.update(_cards(origin, unit or origin.unit or ""))
        if name:
            hdu.name = name
    _sign(hdus[0].header, origin, made_by)
    with whole(file) as partial:
        fits.HDUList(hdus).writeto(partial, overwrite=True)


def _seen(layer: np.ndarray, measured: np.ndarray | None) -> np.ndarray:
    """The layer (C, H, W), of one channel (H, W), with NaN where its band, or of other bands any, was not measured."""
    import numpy as np

    if measured is not None:
        seen = measured if len(measured) == len(layer) else measured.all(0, keepdims=True)
        layer = np.where(seen, layer, np.float32(np.nan))
    layer = layer.astype(np.float32, copy=False)
    return layer[0] if len(layer) == 1 else layer


def _cards(origin: Origin, unit: str) -> dict[str, str | int | float | bool]:
    observed = {name: _ascii(value) if isinstance(value, str) else value for name, value in origin.observed.items()}
    return {**observed, **origin.cards, **({"BUNIT": _ascii(unit)} if unit else {})}


def _sign(header: Any, origin: Origin, made_by: Mapping[str, str]) -> None:
    """Who made it, of what, and how."""
    for name, value in made_by.items():
        header[name] = _ascii(value)
    for sentence in (f"made of {origin.path}", *origin.notes):
        header.add_history(_ascii(sentence))


def _ascii(text: str) -> str:
    """All that a header can hold."""
    return " ".join(text.split()).encode("ascii", "backslashreplace").decode()
