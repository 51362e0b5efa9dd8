"""The laws of published weights: the file is the one that was published, and its outputs are still the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch

from ..catalog.registry import catalog
from ..catalog.specs import ModelSpec
from ..catalog.weights import golden_file
from ..models.cost import cost_of
from ..models.load import load
from ..models.model import Model
from .golden import Golden, read_golden, replay, tolerance
from .laws import batch_faults, batch_tolerance, device_faults, thread_faults

__all__ = ["OF_CODE", "ROUNDS", "TRAINED_LAWS", "TrainedLaw", "Trial", "golden_replay", "samples_of"]

THREADS, ROUNDS = 4, 20
IMAGES = 4  # of a golden file that the law `batch size` takes in a trial of fewer rounds


@dataclass(frozen=True)
class Trial:
    """How the laws of published weights are tried.

    Arguments:
        device: where the models run.
        rounds: of predictions in threads.
    """

    device: str = "cpu"
    rounds: int = ROUNDS

    @property
    def is_short(self) -> bool:
        """Whether it has fewer rounds than a release takes: then it takes fewer images, views and models, too."""
        return self.rounds < ROUNDS


TrainedLaw = Callable[[ModelSpec, Trial], Iterator[str]]


def weights_load(spec: ModelSpec, trial: Trial) -> Iterator[str]:
    """The published file has its checksum, fits the network strictly, and the model is in eval mode and float32."""
    model = load(spec.id, device=trial.device)
    if not model.trained or model.network.training:
        yield "the loaded model is not trained or not in eval mode"
    if model.weights_sha256 != spec.weights.sha256:
        yield f"loaded weights are {model.weights_sha256}, the catalogue says {spec.weights.sha256}"
    kinds = {tensor.dtype for tensor in model.network.state_dict().values() if tensor.is_floating_point()}
    if kinds - {torch.float32}:
        yield f"inference is in {', '.join(sorted(map(str, kinds)))}, not in torch.float32"


def golden_replay(spec: ModelSpec, trial: Trial) -> Iterator[str]:
    """The golden file's raw images give the predictions that were published, to 1e-4 on the CPU and 1e-3 on a GPU."""
    allowed = tolerance(trial.device)
    differences = replay(_loaded(spec.id, trial.device), golden_file(spec))
    off = [difference for difference in differences if not difference.value <= allowed]
    yield from (f"{each.quantity} of {each.id} differs by {each.value:.1e}, more than {allowed:g}" for each in off)


def trained_batch_size(spec: ModelSpec, trial: Trial) -> Iterator[str]:
    """With the published weights, too, an image's prediction does not depend on its companions (on a GPU: to 1e-3).

    Of one view: another view is another image. Of four images in a short trial.
    """
    model = _loaded(spec.id, trial.device).with_views(1)
    channels = _golden_channels(model, spec, IMAGES if trial.is_short else None)
    yield from batch_faults(model.prediction, channels, batch_tolerance(trial.device))


def stated_cost(spec: ModelSpec, trial: Trial) -> Iterator[str]:
    """The network has as many parameters, and takes as many operations for an image, as the entry says, if it does."""
    stated, model = spec.cost, _loaded(spec.id, trial.device)
    if stated is not None and stated.parameters != model.n_parameters:
        yield f"the network has {model.n_parameters:,} parameters, the entry says {stated.parameters:,}"
    if stated is not None and stated.flops is not None and stated != (found := cost_of(model)):
        takes = "varying" if found.flops is None else f"{found.flops:,}"
        yield f"the network takes {takes} flops, the entry says {stated.flops:,}"


def any_number_of_threads(spec: ModelSpec, trial: Trial) -> Iterator[str]:
    """Four threads that predict different images at once get what one gets, time and again: to 1e-5, on a GPU 1e-3.

    Of one view in a short trial.
    """
    model, golden = _loaded(spec.id, trial.device), samples_of(spec)
    model = model.with_views(1) if trial.is_short else model
    batches = list(zip(golden.images, golden.pixel_scales, strict=True))[:THREADS]
    yield from thread_faults(
        lambda batch: model(batch[0][None], batch[1]), batches, trial.rounds, batch_tolerance(trial.device)
    )


def trained_device(spec: ModelSpec, trial: Trial) -> Iterator[str]:
    """With the published arguments and weights, too, the network computes where its input is."""
    model = _loaded(spec.id, "cpu")
    yield from device_faults(
        lambda output: model.task.prediction(output, model.heads), model.network, _golden_channels(model, spec, 2)
    )


TRAINED_LAWS: dict[str, TrainedLaw] = {
    "weights": weights_load,
    "golden": golden_replay,
    "batch size": trained_batch_size,
    "threads": any_number_of_threads,
    "device": trained_device,
    "cost": stated_cost,
}


OF_CODE = ("batch size", "threads", "device")  # a short trial has these of one model of each architecture


def samples_of(spec: ModelSpec) -> Golden:
    """The golden images of a model; of one that is made of others, those of the first."""
    return samples_of(catalog().model(spec.members[0])) if spec.members else read_golden(golden_file(spec))


@lru_cache(1)
def _loaded(model_id: str, device: str) -> Model:
    """A published model, for law after law."""
    return load(model_id, device=device)


def _golden_channels(model: Model, spec: ModelSpec, count: int | None) -> torch.Tensor:
    """What the network sees of the first golden images; None: of all."""
    golden = samples_of(spec)
    pairs = list(zip(golden.images, golden.pixel_scales, strict=True))[:count]
    return torch.cat([model.preprocess.images(image[None], pixel_scale=scale) for image, scale in pairs])
