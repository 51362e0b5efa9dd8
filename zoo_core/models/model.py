"""A network with its preprocessing and meaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import save
from torch import Tensor, nn

from ..catalog.folder import write_folder
from ..catalog.specs import ModelSpec
from ..errors import ArgumentError, UntrainedError
from ..images.given import in_arcsec
from ..images.preprocess import Preprocess
from ..interfaces import Architecture
from ..predictions import Familiarity
from ..symmetries import Symmetry, read_symmetries
from ..tasks import UNCALIBRATED, Calibration, Heads, Prediction, Task, task_named
from .channels import channels_of
from .chunks import gradients, in_chunks
from .devices import device_named
from .like_module import LikeModule
from .network import arguments_of
from .views import Output, check_views, of_views, undo_view

if TYPE_CHECKING:
    from astropy.table import Table
    from astropy.units import Quantity

    from ..images.held import Held
    from ..predict.options import Progress
    from ..predict.predict import Inputs
    from .familiarity import FeatureDensity

__all__ = ["Model"]


@dataclass(frozen=True, eq=False)
class Model(LikeModule):
    """What `load` returns: images in, prediction out.

    Example:
        >>> import torch
        >>> import zoo_core as zoo
        >>> model = zoo.load("trivial", device="cpu")
        >>> model.bands, model.n_parameters, model.heads.classes
        (('VIS',), 66, ('nonlens', 'lens'))
        >>> model(torch.randn(5, 1, 101, 101), pixel_scale=0.1).probabilities.shape
        torch.Size([5, 2])

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
        density: of the features of images like those that it has learned from; None: it is not known.
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
    density: FeatureDensity | None = None

    def __post_init__(self) -> None:
        if check_views(self.views) > 1:
            self._symmetries()

    def __repr__(self) -> str:
        state = "trained" if self.trained else "untrained"
        views = "1 view" if self.views == 1 else f"{self.views} views"
        return (
            f"<Model {self.id}: {self.task.name} of {'+'.join(self.bands)}, {self.preprocess.size} px, "
            f"{self.n_parameters:,} parameters, {views}, {state}, on {self.device}>"
        )

    def __call__(
        self,
        images: Float[np.ndarray | Tensor, "batch bands height width"] | Held,
        pixel_scale: float | Quantity | None = None,
    ) -> Prediction:
        """The prediction for raw images, on the model's device.

        Arguments:
            images: any linear flux unit, on any device; NaN, or masked in a `numpy.ma` array, where nothing was
                measured. Gradients reach a tensor whose pixels the preprocessing takes as they are. Or a list of images
                of any size; or an `NDData`, `CCDData`, `Cutout2D` or HDU of astropy, whose mask and WCS count.
            pixel_scale: arcsec, or an angle of astropy; needed where the preprocessing resamples and no WCS tells it.
        """
        return self.prediction(channels_of(images, self.preprocess, pixel_scale))

    def prediction(
        self, channels: Float[Tensor, "batch channels size size"], noise: Float[Tensor, "batch bands 1 1"] | None = None
    ) -> Prediction:
        """The prediction for prepared channels (`preprocess.images`); with gradients if these require them.

        Arguments:
            noise: of the image as it was observed, in the unit of the channels, where some of it has been taken away;
                None: networks that count in it measure it.
        """
        output = in_chunks(self.averaged, channels, self.device, *([] if noise is None else [noise]))
        with gradients(channels), torch.autocast(self.device.type, enabled=False):
            return self.task.prediction(output, self.heads, self.calibration).beside(channels, noise)

    def stages(
        self,
        images: Float[np.ndarray | Tensor, "batch bands height width"] | Held,
        pixel_scale: float | Quantity | None = None,
    ) -> list[Prediction]:
        """What each member of a pipeline predicts for raw images, in order; of any other model its prediction alone."""
        channels = channels_of(images, self.preprocess, pixel_scale)
        predicted = cast("Callable[[Tensor], list[Prediction]] | None", getattr(self.network, "stages", None))
        return [self.prediction(channels)] if predicted is None else predicted(channels)

    def averaged(
        self, channels: Float[Tensor, "batch channels size size"], noise: Float[Tensor, "batch bands 1 1"] | None = None
    ) -> Output:
        """The output of the network for prepared channels on its device, averaged over the views; `noise` as there."""
        told = noise is not None and self.architecture.measures_noise
        network = partial(self.network, noise=noise) if told else self.network
        if self.views == 1:
            return network(channels)
        outputs = of_views(network, channels, self.views)
        if self.task.maps_images:
            outputs = [undo_view(output, k) for k, output in enumerate(outputs)]
        return self.task.average(cast(list[Tensor], outputs), self.heads, self._symmetries())

    def features(
        self,
        images: Float[np.ndarray | Tensor, "batch bands height width"] | Held,
        pixel_scale: float | Quantity | None = None,
    ) -> Float[Tensor, "batch features"]:
        """What the network makes of raw images before its last layer; of one view.

        Raises:
            ArgumentError: the architecture has no features.
        """
        return self.features_of(channels_of(images, self.preprocess, pixel_scale))

    def features_of(self, channels: Float[Tensor, "batch channels size size"]) -> Float[Tensor, "batch features"]:
        """Features of prepared channels (`preprocess.images`)."""
        if not hasattr(self.network, "features"):
            raise ArgumentError(f"{self.id} has no features: its network has no method `features(x)`")
        function = cast(Callable[[Tensor], Tensor], self.network.features)
        return cast(Tensor, in_chunks(function, channels, self.device))

    def predict(
        self,
        inputs: Inputs,
        *,
        pixel_scale: float | Quantity | None = None,
        out: str | Path | None = None,
        out_dir: str | Path | None = None,
        gallery: str | Path | None = None,
        picture: str | Path | None = None,
        samples: int = 0,
        refine: bool = False,
        device: str | torch.device | None = None,
        batch_size: int | None = None,
        workers: int | None = None,
        views: int | None = None,
        precision: str = "float32",
        compile: bool | None = None,
        resume: bool = False,
        progress: Progress | None = None,
        scheduler: str | Path | None = None,
    ) -> Table:
        """A table with one row for each image, in input order: id, path, status, message, and the task's columns.

        Arguments:
            inputs: `zoo.Files(...)` or `zoo.Mosaic(...)`; a file, folder or glob, or a list of them, for `Files`; an
                array (N, bands, H, W); images as a call of the model takes them; a data set; or sources of
                `zoo_core.images`.
            pixel_scale: arcsec, or an angle of astropy; overrides the header.
            out: a file to write as well, csv, ecsv, parquet or fits; a name without extension is a folder of Parquet
                files that reads as one table.
            out_dir: where restored images and draws of posteriors go.
            gallery: a picture of the best-ranked images to write as well.
            picture: likewise, of the first lenses that were measured, with critical curve and posterior.
            samples: draws of the posterior of each image, a FITS table in `out_dir` each.
            refine: fit mass, light and source to the pixels, from the posterior on; seconds an image. Two columns more:
                whether the row is that of the fit (`refined`; if not, the message says why), its chi^2 per degree.
            device: where to run, as in `zoo.load`; None: where the model is.
            batch_size: images at once; halved for a batch that the memory does not hold.
            workers: processes that read and prepare; None: as many as help, 0: none.
            views: 1 or 8; None: as published.
            precision: "float32" or "bf16".
            compile: translate the network into C++ first, see `models.compiled.for_run`; None: where it pays.
            resume: keep what an earlier, killed run into the same `out` has done.
            progress: called with (images done, images in all).
            scheduler: whose workers do it: "local" for processes of this machine, so many as `workers` says; the
                address of a Dask scheduler; or a YAML file that describes the jobs of a batch system.

        Raises:
            UntrainedError: the weights are random.
            SchedulerError: the scheduler or its workers cannot be used.
            FileError: something cannot be written, or another run writes the same table.
            ImageReadError, ArgumentError: no images, or unusable arguments. An image that cannot be used is a row.
        """
        from ..predict.options import Options
        from ..predict.predict import predict

        options = Options(
            pixel_scale=in_arcsec("pixel_scale= (--pixel-scale)", pixel_scale),
            out=None if out is None else Path(out),
            out_dir=None if out_dir is None else Path(out_dir),
            batch_size=batch_size,
            workers=workers,
            precision=precision,
            compile=compile,
            resume=resume,
            progress=progress,
            gallery=None if gallery is None else Path(gallery),
            picture=None if picture is None else Path(picture),
            samples=samples,
            refine=refine,
            scheduler=None if scheduler is None else str(scheduler),
            device=None if device is None else str(device),
        )
        model = self.with_views(views)
        model = model if device is None or scheduler is not None else model.to(device_named(device))
        return predict(model, inputs, options)

    def save(self, folder: str | Path) -> Path:
        """Write the model with its weights as they are now into a folder that `zoo.load` reads.

        Raises:
            UntrainedError: the weights are random.
            ArgumentError: it is made of other models, and has no weights of its own.
            WeightsError: the folder holds something else.
            FileError: it cannot be written.
        """
        self.require_trained()
        assert self.spec is not None
        if self.spec.members:
            raise ArgumentError(
                f"{self.id} is a {self.architecture.name}; save its members {', '.join(self.spec.members)}"
            )
        with TemporaryDirectory(prefix="zoo-") as temporary:
            weights = Path(temporary) / "model.safetensors"
            beside = {} if self.density is None else self.density.tensors()
            stored = {name: tensor.cpu().contiguous() for name, tensor in self.state_dict().items()}
            weights.write_bytes(save(stored | beside))
            return write_folder(folder, replace(self.spec, views=self.views), weights)

    def with_views(self, views: int | None) -> Model:
        """The same model with another number of views; None keeps it."""
        return self if views is None else replace(self, views=views)

    def to(self, device: str | torch.device | torch.dtype, dtype: torch.dtype = torch.float32) -> Model:
        """The same model on a device; the network itself is moved.

        Raises:
            ArgumentError: there is no such device, or another dtype than float32 is asked for.
        """
        if isinstance(device, torch.dtype):
            device, dtype = self.device, device
        if dtype != torch.float32:
            raise ArgumentError(f"{dtype}: a model predicts in float32; precision='bf16' of predict is faster")
        return replace(self, network=self.network.to(device_named(device)))

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
    def familiarity(self) -> Familiarity:
        """What tells whether an image is like those that it has learned from."""
        return Familiarity() if self.spec is None else self.spec.familiarity

    @property
    def bands(self) -> tuple[str, ...]:
        """Physical bands, in the order of the image axis."""
        return self.preprocess.bands

    @property
    def conditions(self) -> dict[str, Any]:
        """What the network is told of the images, by the names of `Architecture.conditions`."""
        if self.spec is None or not self.architecture.conditions:
            return {}
        read = arguments_of(self.architecture, self.spec.arguments)
        return {name: getattr(read, name) for name in self.architecture.conditions}

    def _symmetries(self) -> tuple[Symmetry, ...]:
        """How the outputs turn with the image; none where they are not averaged over views."""
        if self.views == 1:
            return ()
        declared = self.spec.symmetries if self.spec else ()
        return self.task.symmetries(self.heads, read_symmetries(declared, self.heads.parameters) if declared else ())
