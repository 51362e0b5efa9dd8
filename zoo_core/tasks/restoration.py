"""Restoration: denoising, deblending, convergence maps. What is predicted of an image is an image."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from ..errors import ArgumentError
from ..predictions import UNCALIBRATED, Calibration, Columns, Heads, Prediction
from ..references import lazy
from ..scores import ImageTruth
from ..symmetries import Symmetry
from .task import Task, unlike

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ..images.origin import Origin
    from ..metric import Metric

__all__ = ["TASK", "Restoration", "RestorationTask"]


@dataclass(frozen=True)
class Restoration(Prediction):
    """What images become.

    Arguments:
        image: (B, C, H, W).
        unit: of the image; empty: that of the image that was given.
        sigma: standard deviation of each pixel, (B, C, H, W), where the network gives one.
        noise: standard deviation of the sky in the image that was observed, (B, C, 1, 1). What is restored has less,
            and what comes after it in a pipeline counts in units of this one. None where only outputs are at hand.
    """

    LAYERS: ClassVar[tuple[str, str]] = "", "SIGMA"
    """Of the file of an image: that of the image, and that of its standard deviation."""

    SHOWN: ClassVar[tuple[float, float] | None] = None
    """Values that pictures show darkest and lightest; None: the image is stretched as telescope images are."""

    image: Tensor
    unit: str
    sigma: Tensor | None = None
    noise: Tensor | None = None

    def beside(self, channels: Tensor, noise: Tensor | None = None) -> Restoration:
        """The prediction with the noise of the input, which is measured unless it is known."""
        from ..images.sky import level_and_noise

        found = level_and_noise(channels.float())[1] if noise is None else noise
        return replace(self, noise=found.to(self.image))

    def to_table(self) -> Columns:
        """No columns: the images are files of their own."""
        return {}

    def write(self, files: Sequence[Path], origins: Sequence[Origin], made_by: Mapping[str, str]) -> Columns:
        """A FITS file for each image, with its standard deviation as a second layer; `output`, their paths.

        Pixels that were not measured are NaN, as nobody saw what the network shows there. The header says where the
        image is on the sky, its unit, what it was made of and by what.
        """
        from ..images.restored import write_restored

        parts = zip(self.LAYERS, (self.image, self.sigma), strict=True)
        layers = {name: part.cpu().numpy() for name, part in parts if part is not None}
        for k, (file, origin) in enumerate(zip(files, origins, strict=True)):
            write_restored(file, {name: layer[k] for name, layer in layers.items()}, self.unit, origin, made_by)
        return {"output": [str(file) for file in files]}


class RestorationTask(Task):
    """Denoising, deblending, convergence maps: an image (B, C, H, W).

    Or a tuple (image, scale), both (B, C, H, W), of which the second is the scale b > 0 of the Laplace distribution of
    each pixel,

        p(y) = exp(-|y - image| / b) / (2 b),

    whose standard deviation is sqrt(2) b.
    """

    VARIANCE = 2.0  # of the distribution of a pixel, over the square of its scale

    name = "restoration"
    trains_on = ("restoration",)
    maps_images = True
    restores = True
    written = ("output",)
    pipeline = "image-to-image"
    pictures = lazy("zoo_core.board.restored:draw_restored")

    def outputs(self, heads: Heads) -> int:
        """One channel for each parameter (map)."""
        return max(1, len(heads.parameters))

    def prediction(
        self, output: Tensor | tuple[Tensor, ...], heads: Heads, calibration: Calibration = UNCALIBRATED
    ) -> Restoration:
        """The image in the first unit."""
        unit = heads.units[0] if heads.units else ""
        if isinstance(output, tuple):
            return Restoration(output[0].float(), unit, math.sqrt(self.VARIANCE) * output[1].float())
        return Restoration(output.float(), unit)

    def loss(self, output: Tensor | tuple[Tensor, ...], target: Tensor, heads: Heads) -> Tensor:
        """Mean absolute error of the pixels that were measured, where `target` is not NaN.

            L = <|y - image|>

        With a scale it is minus the log likelihood of the Laplace distribution, which is the same up to constants
        where all scales are equal:

            L = <|y - image| / b + ln 2 b>

        Source: Vojtekova et al. (2021), MNRAS 503, 3204, for the first.
        """
        image = _first(output)
        if image.shape != target.shape:
            raise ArgumentError(f"what is restored has shape {tuple(image.shape)}, the truth {tuple(target.shape)}")
        measured = target.isfinite()
        error = (image - target)[measured].abs()
        if not isinstance(output, tuple):
            return error.mean()
        scale = output[1][measured]
        return (error / scale + (2 * scale).log()).mean()

    def metrics(self, heads: Heads) -> list[Metric]:
        """Metrics of a comparison with the images without noise."""
        from ..bench.metrics.restoration import restoration_metrics

        return restoration_metrics()

    def answers(self, prediction: Prediction, images: np.ndarray, truth: ImageTruth) -> Columns:
        """What a comparison of each image with the noise-free one gives, as no table holds the images."""
        from ..bench.metrics.comparison import compared

        assert isinstance(prediction, Restoration)
        return compared(prediction.image.cpu().numpy(), images, truth.noise_free())

    def faults(self, output: Tensor | tuple[Tensor, ...], channels: Tensor, heads: Heads) -> Iterator[str]:
        """An image of the size of the input, and a scale of the same shape if there is one."""
        shape = (len(channels), self.outputs(heads), *channels.shape[2:])
        for part in output if isinstance(output, tuple) else (output,):
            yield from unlike(part, shape, self.name)

    def average(
        self, outputs: Sequence[Tensor | tuple[Tensor, ...]], heads: Heads, symmetries: Sequence[Symmetry]
    ) -> Tensor | tuple[Tensor, ...]:
        """The mean of the images, and of the scales if there are any."""
        if isinstance(outputs[0], tuple):
            kinds = zip(*cast("Sequence[tuple[Tensor, ...]]", outputs), strict=True)
            return tuple(super(RestorationTask, self).average(parts, heads, symmetries) for parts in kinds)
        return super().average(cast("Sequence[Tensor]", outputs), heads, symmetries)

    def marginal(
        self, outputs: Sequence[Tensor | tuple[Tensor, ...]], calibration: Calibration
    ) -> tuple[Tensor, Tensor]:
        """The mean image, and the scale of a variance that is the mean one of the samples and that of their images."""
        import torch

        images = torch.stack([_first(output) for output in outputs])
        variance = images.var(0, correction=0)
        scales = [output[1] for output in outputs if isinstance(output, tuple)]
        if scales:
            variance = variance + self.VARIANCE * torch.stack(scales).square().mean(0)
        return images.mean(0), (variance / self.VARIANCE).sqrt()

    def empty_columns(self, heads: Heads) -> Columns:
        """No columns: the images are files."""
        return {}


def _first(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    return output[0] if isinstance(output, tuple) else output


TASK = RestorationTask()
