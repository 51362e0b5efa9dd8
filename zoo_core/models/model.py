"""A network with its preprocessing and meaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..catalog.specs import ModelSpec
from ..errors import ImageShapeError, SpecError, UntrainedError
from ..images.preprocess import Preprocess
from ..interfaces import Architecture
from ..predict.predict import predict
from ..tasks import UNCALIBRATED, Calibration, Heads, Prediction, Task, task_named
from .views import averaged, check_views

__all__ = ["Model"]

CPU_CHUNK = 16  # images in the network at once on the CPU: their activations stay in the caches


@dataclass(frozen=True, eq=False)
class Model:
    """What `load` returns: images in, prediction out.

    Arguments:
        id: `architecture.tag`, the architecture's name if untrained, or the folder it came from.
        architecture: what was built.
        network: in eval mode and float32; sees what `preprocess` makes.
        preprocess: from raw pixels to the network's channels.
        heads: what the outputs stand for.
        calibration: how probabilities are to be read.
        views: 1, or 8 to average the output over rotations and mirror images.
        spec: the catalogue's entry or the folder's; None if untrained.
        weights_sha256: of the file the weights came from; None if untrained.
    """

    id: str
    architecture: Architecture
    network: nn.Module
    preprocess: Preprocess
    heads: Heads
    calibration: Calibration = UNCALIBRATED
    views: int = 1
    spec: ModelSpec | None = None
    weights_sha256: str | None = None

    def __post_init__(self) -> None:
        check_views(self.views)

    def __repr__(self) -> str:
        state = "trained" if self.trained else "untrained"
        views = "1 view" if self.views == 1 else f"{self.views} views"
        return (
            f"<Model {self.id}: {self.task.name} of {'+'.join(self.bands)}, {self.preprocess.size} px, "
            f"{self.parameters:,} parameters, {views}, {state}, on {self.device}>"
        )

    def __call__(
        self, images: Float[np.ndarray | Tensor, "batch bands height width"], pixel_scale: float | None = None
    ) -> Prediction:
        """The prediction for raw images, on the model's device.

        Arguments:
            images: any linear flux unit; NaN where nothing was measured.
            pixel_scale: arcsec; needed where the preprocessing resamples.
        """
        return self.prediction(self.preprocess.images(_batch(images), pixel_scale))

    @torch.no_grad()
    def prediction(self, channels: Float[Tensor, "batch channels size size"]) -> Prediction:
        """The prediction for preprocessed images."""
        return self.task.prediction(self.output(channels), self.heads, self.calibration).beside(channels)

    @torch.no_grad()
    def output(self, channels: Float[Tensor, "batch channels size size"]) -> Tensor | tuple[Tensor, ...]:
        """What the network returns for preprocessed images, averaged over the views."""
        return self._in_chunks(lambda part: averaged(self.network, part, self.views, self.task), channels)

    @torch.no_grad()
    def output_of(self, prepared: Float[Tensor, "batch bands size size"]) -> Tensor | tuple[Tensor, ...]:
        """The same for images that are prepared (`Preprocess.prepare`); what it computes stays in a core's cache."""
        return self._in_chunks(lambda part: self.output(self._channels(part)), prepared)

    @torch.no_grad()
    def features(
        self, images: Float[np.ndarray | Tensor, "batch bands height width"], pixel_scale: float | None = None
    ) -> Float[Tensor, "batch features"]:
        """What the network knows of raw images before it decides; of one view.

        Raises:
            SpecError: the architecture has no features.
        """
        if not hasattr(self.network, "features"):
            raise SpecError(f"{self.id} has no features: its network has no method `features(x)`")
        function = cast(Callable[[Tensor], Tensor], self.network.features)
        return cast(Tensor, self._in_chunks(function, self.preprocess.images(_batch(images), pixel_scale)))

    predict = predict

    def with_views(self, views: int | None) -> Model:
        """The same model with another number of views; None keeps it."""
        return self if views is None else replace(self, views=views)

    def to(self, device: str | torch.device) -> Model:
        """The same model on a device; the network itself is moved."""
        return replace(self, network=self.network.to(device))

    def require_trained(self) -> None:
        """Raise UntrainedError unless the weights are more than random numbers."""
        if not self.trained:
            raise UntrainedError(
                f"{self.id} has random weights, its predictions mean nothing; load a published tag "
                f"(`zoo models` lists them), a folder, or train it (`zoo train`)"
            )

    @property
    def trained(self) -> bool:
        """The weights came from a file."""
        return self.weights_sha256 is not None

    @property
    def task(self) -> Task:
        """What is asked of the network."""
        return task_named(self.architecture.task)

    @property
    def bands(self) -> tuple[str, ...]:
        """Physical bands, in the order of the image axis."""
        return self.preprocess.bands

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        tensors = chain(self.network.parameters(), self.network.buffers())
        return next((tensor.device for tensor in tensors), torch.device("cpu"))

    @property
    def parameters(self) -> int:
        """Number of weights that training sets."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def _channels(self, prepared: Tensor) -> Tensor:
        with torch.autocast(prepared.device.type, enabled=False):  # only the network may compute with fewer digits
            return self.preprocess.channels(prepared)

    def _in_chunks(self, function: Callable, channels: Tensor) -> Tensor | tuple[Tensor, ...]:
        device = self.device
        chunk = CPU_CHUNK if device.type == "cpu" else max(1, len(channels))
        channels = channels.to(device, memory_format=torch.channels_last)
        return _joined([function(part) for part in channels.split(chunk)])


def _joined(parts: list) -> Tensor | tuple[Tensor, ...]:
    if isinstance(parts[0], tuple):
        return tuple(torch.cat(column) for column in zip(*parts, strict=True))
    return torch.cat(parts)


def _batch(images: np.ndarray | Tensor) -> np.ndarray | Tensor:
    if images.ndim != 4:
        raise ImageShapeError(
            f"shape {tuple(images.shape)} is not (images, bands, height, width); "
            "add an axis to a single image or a single band: image[None, None]"
        )
    return images
