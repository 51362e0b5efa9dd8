"""Where the pixels of a prepared image lie on those that were read, and what its header is then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .layers import Cards
from .wcs import card, has_sky, is_garbled, number

__all__ = ["UNCHANGED", "Grid", "header_on"]

Value = str | int | float | bool

_COPIED = ("WCSNAME", "LONPOLE", "LATPOLE", "RADESYS", "EQUINOX")
_OF_AXES = ("CTYPE", "CUNIT", "CRVAL", "CROTA")
_TABULATED = "-TAB"  # a projection that is a table of its own
_MOST_PV = 40  # projection parameters of an axis
_SIP = ("A", "B", "AP", "BP")
_MOST_SIP = 9  # orders


@dataclass(frozen=True)
class Grid:
    """Pixels on those of the image that was read: on its axes the edge e of theirs lies at left (top) + step e.

    Arguments:
        left, top: where the first column and row begin, pixels of the image that was read.
        step: side of a pixel, in the same.
        flux: value of each pixel where all that were read are 1.

    Example:
        >>> from zoo_core.images.grid import Grid
        >>> Grid().resampled((20, 20), 2.0).cut(1, 1)  # twice as large pixels, without the first row and column
        Grid(left=2.0, top=2.0, step=2.0, flux=4.0)
    """

    left: float = 0.0
    top: float = 0.0
    step: float = 1.0
    flux: float = 1.0

    def cut(self, left: int, top: int) -> Grid:
        """From that column and row on; negative where some were added before the first."""
        return replace(self, left=self.left + self.step * left, top=self.top + self.step * top)

    def resampled(self, shape: tuple[int, int], ratio: float) -> Grid:
        """As `geometry.resample` does it: `ratio` times as large, the centre and the flux stay."""
        if ratio == 1:
            return self
        height, width = (length / 2 - ratio * n_resampled(length, ratio) / 2 for length in shape)
        moved = replace(self, left=self.left + self.step * width, top=self.top + self.step * height)
        return replace(moved, step=self.step * ratio, flux=self.flux * ratio**2)

    def binned(self, shape: tuple[int, int], factor: int) -> Grid:
        """As `geometry.bin_mean` does it: means of blocks, the central ones that are whole."""
        top, left = (length % factor // 2 for length in shape)
        return replace(self.cut(left, top), step=self.step * factor)

    def framed(self, shape: tuple[int, int], size: int) -> Grid:
        """As `geometry.frame` does it: cropped or padded, pixel H // 2 lands on size // 2."""
        top, left = (length // 2 - size // 2 for length in shape)
        return self.cut(left, top)

    def to_unit(self, per_area: bool) -> float:
        """Factor that gives values of these pixels the unit of those that were read.

        Arguments:
            per_area: the unit is one of surface brightness, which does not change with the size of the pixels.
        """
        return (1.0 if per_area else self.step**2) / self.flux


UNCHANGED = Grid()


def spans(length: int, size: int) -> tuple[slice, slice]:
    """What a frame takes of an axis, and where it goes: pixel length // 2 lands on size // 2."""
    shift = size // 2 - length // 2
    return slice(max(0, -shift), min(length, size - shift)), slice(max(0, shift), min(size, length + shift))


def n_resampled(length: int, ratio: float) -> int:
    """Pixels along an axis of so many, each `ratio` times as large."""
    return max(1, int(length / ratio + 0.5))


def header_on(grid: Grid, header: Cards, corner: tuple[int, int] = (0, 0)) -> dict[str, Value]:
    """The celestial WCS of a header, adapted to another grid; empty where there is none that can be.

    Of distortions SIP and TPV are kept, lookup tables are not.

    Arguments:
        grid: on the image that was read.
        header: of the file.
        corner: column and row of the file's image, where that image begins.

    Source: Calabretta & Greisen (2002), A&A 395, 1077; Shupe et al. (2005), ASP Conf. Ser. 347, 491, for SIP.
    """
    if not has_sky(header) or is_garbled(header) or _TABULATED in str(card(header, "CTYPE1")):
        return {}
    x, y = ((number(header, f"CRPIX{axis}") or 0.0) for axis in (1, 2))
    reference = {
        "CRPIX1": (x - 0.5 - corner[0] - grid.left) / grid.step + 0.5,  # FITS counts from the centre of pixel 1
        "CRPIX2": (y - 0.5 - corner[1] - grid.top) / grid.step + 0.5,
    }
    return {**_copied(header), **reference, **_linear(header, grid.step), **_sip(header, grid.step)}


def _copied(header: Cards) -> dict[str, Value]:
    names = [f"{name}{axis}" for name in _OF_AXES for axis in (1, 2)]
    parameters = [f"PV{axis}_{m}" for axis in (1, 2) for m in range(_MOST_PV)]
    found = ((name, card(header, name)) for name in (*names, *_COPIED, *parameters))
    return {name: value for name, value in found if isinstance(value, Value)}


def _linear(header: Cards, step: float) -> dict[str, float]:
    """PC before CD before CDELT alone, as in `wcs.pixel_scale`."""
    matrix = {
        name: {f"{name}{i}_{j}": number(header, f"{name}{i}_{j}") for i in (1, 2) for j in (1, 2)}
        for name in ("PC", "CD")
    }
    pc, cd = ({key: value for key, value in matrix[name].items() if value is not None} for name in ("PC", "CD"))
    if cd and not pc:
        return {key: value * step for key, value in cd.items()}
    steps = {f"CDELT{axis}": number(header, f"CDELT{axis}") for axis in (1, 2)}
    return pc | {key: (1.0 if value is None else value) * step for key, value in steps.items()}


def _sip(header: Cards, step: float) -> dict[str, float | int]:
    """A_p_q and their like, of pixels from the reference pixel: they grow with step^(p + q - 1)."""
    cards: dict[str, float | int] = {}
    for name in _SIP:
        order = number(header, f"{name}_ORDER")
        if order is not None and 0 <= order <= _MOST_SIP:
            cards[f"{name}_ORDER"] = int(order)
            cards |= dict(_coefficients(header, name, int(order), step))
    return cards


def _coefficients(header: Cards, name: str, order: int, step: float) -> Iterator[tuple[str, float]]:
    for p in range(order + 1):
        for q in range(order + 1 - p):
            value = number(header, f"{name}_{p}_{q}")
            if value is not None:
                yield f"{name}_{p}_{q}", value * step ** (p + q - 1)
