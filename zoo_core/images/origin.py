"""What an image that was predicted was made of, for the header of the file that it becomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from .grid import Value, header_on
from .image import RawImage
from .layers import Cards
from .preprocess import Prepared
from .wcs import card

__all__ = ["Origin", "contradicts"]

SAME_SCALE = 0.01  # relative difference of pixel scales that is no contradiction
BEYOND = 4  # pixels that a cutout may be larger than what is used of it, without a word
OF_THE_FIELD = ("OBJECT", "TELESCOP", "OBSERVER", "PROPOSID")
OF_THE_EXPOSURE = (
    *("INSTRUME", "DETECTOR", "FILTER", "FILTER1", "FILTER2", "BAND", "EXPTIME", "TIMESYS"),
    *("DATE-OBS", "TIME-OBS", "MJD-OBS", "DATE-BEG", "DATE-AVG", "DATE-END", "MJD-BEG", "MJD-AVG", "MJD-END"),
)
"""What was observed, by what and when, which no processing changes; of several bands each has its own exposure."""


@dataclass(frozen=True, eq=False)
class Origin:
    """What a predicted image was made of.

    Arguments:
        path: key of the image that was read.
        unit: of its pixels, as its file spells it; None: it is not known.
        cards: keywords that say where the pixels that the network sees are on the sky, or how large.
        observed: keywords that say what was observed, by what and when.
        to_unit: factor that gives values of these pixels that unit.
        measured: (bands, H, W), false where they were filled or added; None: all were measured.
        notes: what was done to the image, a sentence each.
        cropped: what is said of an image of which only the middle is seen; empty of others.
    """

    path: str
    unit: str | None = None
    cards: Mapping[str, Value] = field(default_factory=dict)
    observed: Mapping[str, Value] = field(default_factory=dict)
    to_unit: float = 1.0
    measured: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    cropped: str = ""

    @classmethod
    def of(cls, image: RawImage, prepared: Prepared, pixel_scale: float | None) -> Self:
        """The origin of one image.

        Arguments:
            image: as it was read.
            prepared: as the network sees it.
            pixel_scale: arcsec, that was given instead of the header's; None: none was.
        """
        scale, cards = image.pixel_scale if pixel_scale is None else pixel_scale, {}
        if image.header is not None and not contradicts(pixel_scale, image.pixel_scale):
            cards = header_on(prepared.grid, image.header, image.corner)
        if not cards and scale is not None:
            cards = {"PIXSCALE": scale * prepared.grid.step}
        return cls(
            path=image.path,
            unit=image.unit,
            cards=cards,
            observed=_observed(image),
            to_unit=prepared.grid.to_unit(per_area=_is_surface_brightness(image.unit)),
            measured=prepared.measured,
            notes=tuple(_notes(image, prepared, scale)),
            cropped=_cropped(image, prepared),
        )


def _observed(image: RawImage) -> dict[str, Value]:
    """The keywords of the image's own header before those of its file."""
    headers: list[Cards] = [header for header in (image.header, image.shared) if header is not None]
    names = OF_THE_FIELD + (OF_THE_EXPOSURE if len(image.pixels) == 1 else ())
    found = {
        name: next((value for one in headers if isinstance(value := card(one, name), Value)), None) for name in names
    }
    return {name: value for name, value in found.items() if value is not None}


def contradicts(given: float | None, header: float | None) -> bool:
    """Whether the pixel scale that was given is not that of the header, which is known."""
    return given is not None and header is not None and abs(given / header - 1) > SAME_SCALE


def _notes(image: RawImage, prepared: Prepared, scale: float | None) -> Iterator[str]:
    step, size = prepared.grid.step, prepared.pixels.shape[-1]
    if step != 1:
        known = "" if scale is None else f", from {scale:.6g} to {scale * step:.6g} arcsec"
        yield f"resampled to pixels {step:.6g} times as large{known}, flux kept"
    if image.pixels.shape[-2:] != (size, size) or step != 1:
        yield f"cropped or padded to {size} x {size} pixels about the centre"
    if prepared.measured is not None:
        yield f"{np.count_nonzero(~prepared.measured)} pixels were not measured and are NaN"


def _cropped(image: RawImage, prepared: Prepared) -> str:
    (height, width), side = image.pixels.shape[-2:], prepared.grid.step * prepared.pixels.shape[-1]
    if max(height, width) < side + BEYOND:
        return ""
    return f"only the middle {side:.4g} x {side:.4g} of {height} x {width} pixels is used"


def _is_surface_brightness(unit: str | None) -> bool:
    """Whether it is a unit per solid angle, `MJy/sr`, whose values do not depend on the size of the pixels."""
    from astropy.units import Unit, UnitBase, rad

    if not unit:
        return False
    parsed = Unit(unit, parse_strict="silent")  # pyright: ignore[reportCallIssue] - of its metaclass
    if not isinstance(parsed, UnitBase):  # magnitudes
        return False
    bases = parsed.decompose()
    return any(base == rad and power < 0 for base, power in zip(bases.bases, bases.powers, strict=True))
