"""The frame of an image: how many pixels of what size."""

from dataclasses import dataclass

__all__ = ["FINDING", "CutoutFrame"]


@dataclass(frozen=True)
class CutoutFrame:
    """A square of pixels on the sky, its centre at the origin.

    Lengths are divided by the pixels in an arcsec, which are a whole number, and not multiplied with their inverse,
    which binary fractions do not hold: 101 pixels of 0.1" are 10.1" and not 10.100000000000001".

    Arguments:
        side: pixels.
        pixel_scale: arcsec.

    >>> frame = CutoutFrame(side=101, pixel_scale=0.1)
    >>> frame.half_width, frame.pixel_area
    (5.05, 0.01)
    >>> frame.finer(2)
    CutoutFrame(side=202, pixel_scale=0.05)
    """

    side: int
    pixel_scale: float

    @property
    def half_width(self) -> float:
        """From the centre to an edge, arcsec."""
        return self.side / 2 / self._pixels_per_arcsec

    @property
    def pixel_area(self) -> float:
        """Square arcsec."""
        return 1 / self._pixels_per_arcsec**2

    @property
    def _pixels_per_arcsec(self) -> float:
        return 1 / self.pixel_scale

    def finer(self, oversample: int) -> "CutoutFrame":
        """The same square in sub-pixels, `oversample` along the side of a pixel."""
        return CutoutFrame(oversample * self.side, self.pixel_scale / oversample)


FINDING = CutoutFrame(side=101, pixel_scale=0.1)
"""Cutouts for lens finding, in one band of a space telescope."""
