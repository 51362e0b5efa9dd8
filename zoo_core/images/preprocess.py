"""From raw pixels to the network's input, as declared in the catalogue. The same code trains and predicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Generator, Tensor

from ..errors import ImageShapeError, PixelScaleError
from . import blanks, geometry, geometry_torch
from .background_torch import filled
from .given import as_array
from .grid import UNCHANGED, Grid, n_resampled
from .operation import Operation, channel_operations, digest, n_channels
from .operations import AbsentBands, Bin, Blank, Frame, Resample, parse

if TYPE_CHECKING:
    from .image import RawImage

__all__ = ["Prepared", "Preprocess"]


@dataclass(frozen=True)
class Prepared:
    """One image, ready for batching.

    Arguments:
        pixels: (bands, size, size) float32, finite.
        blank: pixels that were not measured in all bands and have been filled, without a border that is blank on
            opposite sides, and without bands of which nothing was measured.
        padded: pixels that were added around the image, in the place of such a border too.
        measured: (bands, size, size), false where pixels were filled or added; None: all were measured.
        grid: its pixels on those of the image that was read.
    """

    pixels: np.ndarray
    blank: int = 0
    padded: int = 0
    measured: np.ndarray | None = None
    grid: Grid = UNCHANGED


@dataclass(frozen=True)
class Preprocess:
    """A declared preprocessing: `prepare` one image, see the `channels` of a batch, or both for arrays.

    Arguments:
        operations: in order; alone they decide the `digest`.
        bands: physical bands, in the order of the image axis.
        trained_at: arcsec of the pixels of the training images, or None if any will do. Images that are known to have
            other pixels are resampled to it, also where no operation says so.

    Example:
        >>> import numpy as np
        >>> from zoo_core.images.preprocess import Preprocess
        >>> declared = [{"op": "frame", "size": 4}, {"op": "clip", "low": 0.0, "high": 2.0}]
        >>> preprocess = Preprocess.from_operations(declared, bands=["VIS"])
        >>> preprocess.size, preprocess.n_channels
        (4, 1)
        >>> preprocess.images(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0, 0]
        tensor([0., 1., 2., 2.])
    """

    operations: tuple[Operation, ...]
    bands: tuple[str, ...]
    trained_at: float | None = None

    @classmethod
    def from_operations(
        cls,
        declared: Sequence[Mapping[str, Any]],
        bands: Sequence[str],
        pixel_scale: float | str | None = None,
    ) -> Preprocess:
        """From the mappings of a catalogue entry, its bands and its pixel scale; errors as `operations.parse`."""
        return cls(parse(declared), tuple(bands), None if isinstance(pixel_scale, str) else pixel_scale)

    @cached_property
    def size(self) -> int:
        """Pixels a side of the network's input."""
        return self._operation(Frame).size

    @cached_property
    def field(self) -> int:
        """Pixels a side of the part of an image that is used: more than `size` where pixels are binned."""
        binned = self._operation(Bin)
        return self.size * (binned.factor if binned else 1)

    @cached_property
    def pixel_scale(self) -> float | None:
        """Arcsec of the pixels that are resampled to, before any binning, or None if it takes any."""
        resample = self._operation(Resample)
        return resample.pixel_scale if resample else self.trained_at

    @property
    def seen_scale(self) -> float | None:
        """Arcsec of the pixels that the network sees; None: it takes them as they are."""
        return None if self.pixel_scale is None else self.pixel_scale * self.field / self.size

    def assumes(self, pixel_scale: float | None) -> bool:
        """Whether images of that scale are believed to have the pixels that the network was trained on."""
        return pixel_scale is None and self.trained_at is not None and self._operation(Resample) is None

    @cached_property
    def n_channels(self) -> int:
        """Channels of the network's input, of one image."""
        return n_channels(self.operations, len(self.bands))

    @cached_property
    def digest(self) -> str:
        """sha256 of the operations."""
        return digest(self.operations)

    def declared(self) -> list[dict[str, Any]]:
        """The operations as in the catalogue."""
        return [operation.declared() for operation in self.operations]

    def prepare(self, raw: RawImage, pixel_scale: float | None = None) -> Prepared:
        """Fill, resample, bin and frame one image that was read; `pixel_scale` overrides its header.

        Raises:
            ImageShapeError, PixelScaleError, ImageError: it cannot be used, and why.
        """
        return self.prepare_array(raw.pixels, raw.pixel_scale if pixel_scale is None else pixel_scale, raw.mask)

    def prepare_array(
        self, pixels: np.ndarray, pixel_scale: float | None = None, mask: np.ndarray | None = None
    ) -> Prepared:
        """`prepare` for an array (bands, H, W), `mask` (H, W) true where bad."""
        if pixels.ndim != 3 or len(pixels) != len(self.bands):
            raise ImageShapeError(
                f"shape {pixels.shape} is not (bands, height, width) with the {len(self.bands)} "
                f"band(s) {', '.join(self.bands)} of this model"
            )
        if not pixels.size:
            raise ImageShapeError(f"shape {pixels.shape} holds no pixels")
        valid = self.measured(pixels, mask)
        trimmed = _trimmed(valid)
        pixels, valid = pixels[trimmed], valid[trimmed]
        n_blank = _n_blank(valid)
        pixels, valid = self._resampled(pixels, valid, pixel_scale)
        if (binned := self._operation(Bin)) is not None:
            pixels, valid = geometry.bin_mean(pixels, valid, binned.factor)
        pixels, valid = geometry.crop(pixels, valid, self.size)
        pixels = blanks.fill(pixels, valid, absent=self._operation(AbsentBands) is not None)
        pixels, padded = geometry.frame(pixels, self.size)
        measured = geometry.placed(valid, self.size)
        return Prepared(
            np.ascontiguousarray(pixels, dtype=np.float32), n_blank, padded, measured, self._grid(trimmed, pixel_scale)
        )

    def measured(self, pixels: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Which pixels of an image (bands, H, W) were measured, as `prepare_array` has it; `mask` true where bad."""
        blank = self._operation(Blank) or Blank()
        valid = blanks.find(pixels, blank.values, blank.repeated)
        if mask is not None:
            valid &= ~mask
        return valid

    def prepare_batch(self, images: Tensor, pixel_scale: float | None, generator: Generator) -> Tensor:
        """`prepare` for images of one size on any device, (B, bands, H, W), NaN where nothing was measured.

        Neither values that mark pixels nor their share are looked at. The noise in the gaps is drawn by the generator,
        and not the same every time.

        Raises:
            PixelScaleError: it resamples, and the scale is not given.
        """
        if (scale := self._resampled_from(pixel_scale)) is not None and self.pixel_scale is not None:
            images = geometry_torch.resample(images, scale, self.pixel_scale, generator)
        if (binned := self._operation(Bin)) is not None:
            images = geometry_torch.bin_mean(images, binned.factor)
        return filled(geometry_torch.centred(images, self.size), generator)

    def channels(self, batch: Tensor, noise: Tensor | None = None) -> Tensor:
        """The network's input, (B, n_channels, size, size), of prepared images (B, bands, size, size).

        Arguments:
            noise: standard deviation of the sky, (B, bands, 1, 1), in images as they were observed, for those that have
                less of it since, see `tasks.Restoration`; None: what the images show.
        """
        for operation in channel_operations(self.operations):
            batch = operation.apply(batch, noise)
        return batch

    def images(self, pixels: np.ndarray | Tensor, pixel_scale: float | None = None) -> Tensor:
        """Both steps for images of one size, (B, bands, H, W) or (B, H, W) for one band."""
        return self.channels(self.prepared(pixels, pixel_scale))

    def prepared(self, pixels: np.ndarray | Tensor, pixel_scale: float | None = None) -> Tensor:
        """The first step for the same images, (B, bands, size, size)."""
        pixels = as_array(pixels)
        if pixels.ndim == 3 and len(self.bands) == 1:
            pixels = pixels[:, None]
        if pixels.ndim != 4:
            raise ImageShapeError(f"shape {pixels.shape} is not (images, bands, height, width)")
        return torch.from_numpy(np.stack([self.prepare_array(image, pixel_scale).pixels for image in pixels]))

    def _grid(self, trimmed: tuple[slice, slice, slice], pixel_scale: float | None) -> Grid:
        """The grid of the prepared pixels, of an image whose trimmed part is this."""
        _, rows, columns = trimmed
        grid = UNCHANGED.cut(columns.start, rows.start)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        scale = self._resampled_from(pixel_scale)
        if scale is not None and self.pixel_scale is not None:
            ratio = geometry.ratio_of(scale, self.pixel_scale)
            grid = grid.resampled((height, width), ratio)
            height, width = n_resampled(height, ratio), n_resampled(width, ratio)
        if (binned := self._operation(Bin)) is not None:
            grid = grid.binned((height, width), binned.factor)
            height, width = height // binned.factor, width // binned.factor
        return grid.framed((height, width), self.size)

    def _resampled(
        self, pixels: np.ndarray, valid: np.ndarray, pixel_scale: float | None
    ) -> tuple[np.ndarray, np.ndarray]:
        scale = self._resampled_from(pixel_scale)
        if scale is None or self.pixel_scale is None:
            return pixels, valid
        return geometry.resample(pixels, valid, scale, self.pixel_scale)

    def _resampled_from(self, pixel_scale: float | None) -> float | None:
        """The scale of an image; None where it is not known and need not be."""
        if pixel_scale is None and self._operation(Resample) is not None:
            raise PixelScaleError(
                f"no pixel scale in the header, and this model resamples to {self.pixel_scale:g} arcsec; pass "
                f"--pixel-scale (pixel_scale=), the arcsec of a pixel of these images, such as {self.pixel_scale:g}"
            )
        return pixel_scale

    def _operation(self, kind: type) -> Any:
        return next((operation for operation in self.operations if isinstance(operation, kind)), None)


def _n_blank(valid: np.ndarray) -> int:
    """Pixels that are blank in any band, of those bands that are not blank altogether; each counts once."""
    return int(np.count_nonzero(~valid[valid.any((1, 2))].all(0)))


def _trimmed(valid: np.ndarray) -> tuple[slice, slice, slice]:
    """All but the border that was not measured, as far as it reaches on opposite sides: the centre stays."""
    _, height, width = valid.shape
    if valid[:, 0].any() and valid[:, :, 0].any():
        return slice(None), slice(0, height), slice(0, width)
    rows, columns = (_margin(np.any(valid, axis=axes)) for axes in ((0, 2), (0, 1)))
    return slice(None), slice(rows, height - rows), slice(columns, width - columns)


def _margin(measured: np.ndarray) -> int:
    """How many entries are false on both ends; none if all are."""
    places = np.flatnonzero(measured)
    return int(min(places[0], len(measured) - 1 - places[-1])) if len(places) else 0
