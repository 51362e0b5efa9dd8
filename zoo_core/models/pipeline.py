"""Pipelines: models that work one after the other, each on what the one before has restored."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from ..catalog.specs import ANY, ModelSpec
from ..errors import ArgumentError, SpecError
from ..images.geometry_torch import centred
from ..tasks import Prediction, Restoration
from ..typed import read_typed
from .members import assembled, entry_of
from .model import Model
from .views import Output

__all__ = ["Pipeline", "as_described", "joined"]

NAME = "pipeline"
MOST_SAMPLES = 1024
SUMMARY = "several models one after the other"


@dataclass(frozen=True)
class Arguments:
    """Arguments of a pipeline.

    Arguments:
        samples: of what the members before the last restore, drawn from the errors that they state; 0: the images
            themselves.
    """

    samples: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.samples <= MOST_SAMPLES:
            raise ValueError(f"samples is {self.samples}; it is 0, or up to {MOST_SAMPLES}")


class Pipeline(nn.Module):
    """What the last member answers of images that the others have restored in their order.

        x_0 = the image,   x_m = member m of x_(m-1),   answer = last member of x_(M-1)

    A restored image has less noise than the one that was observed. Members that count in units of the noise count in
    that of the observed image, as they did when they were trained. A member that takes fewer pixels than the one before
    it restores is given those in the middle.

    With samples, the errors that members state of what they restore are carried on,

        p(answer) = 1/S sum_s p(answer | x^s),   x_m^s = mean_m(x_(m-1)^s) + sigma_m(x_(m-1)^s) e_m^s

    where e are numbers of the Laplace distribution of unit variance, independent between pixels, as members state no
    more. They are the same for every image, so that an answer depends on nothing else.

    Source: Madireddy et al. (2019), arXiv:1911.03867, whose modules denoise, deblend, detect and model.

    Arguments:
        members: trained models, all but the last of which give images.
        samples: S; 0: the images themselves.
    """

    def __init__(self, members: Sequence[Model], samples: int = 0):
        super().__init__()
        self.networks = nn.ModuleList([member.network for member in members])  # so that they move with the pipeline
        self.members, self.samples = tuple(members), samples

    def forward(self, prepared: Tensor) -> Output:
        """The output of the last member for images (batch, bands, size, size)."""
        if not self.samples:
            return self._output(prepared, None)
        last = self.members[-1]
        outputs = [self._output(prepared, sample) for sample in range(self.samples)]
        return last.task.marginal(outputs, last.calibration)

    def stages(self, prepared: Tensor) -> list[Prediction]:
        """What each member predicts, in order; with samples the last one from these, the others without."""
        *before, (last, channels, noise) = self._inputs(prepared, None)
        restored = [member.prediction(seen, told) for member, seen, told in before]
        if not self.samples:
            return [*restored, last.prediction(channels, noise)]
        answer = last.task.prediction(self.forward(prepared.to(last.device)), last.heads, last.calibration)
        return [*restored, answer]

    def _output(self, prepared: Tensor, sample: int | None) -> Output:
        *_, (last, channels, noise) = self._inputs(prepared, sample)
        return last.averaged(channels, noise)

    def _inputs(self, prepared: Tensor, sample: int | None) -> Iterator[tuple[Model, Tensor, Tensor | None]]:
        """Each member, the channels that it is given, of a sample of the images or of themselves, and their noise."""
        noise: Tensor | None = None
        for place, member in enumerate(self.members, 1):
            with torch.autocast(prepared.device.type, enabled=False):  # only networks may compute with fewer digits
                channels = member.preprocess.channels(centred(prepared, member.preprocess.size), noise)
            yield member, channels, noise
            if place < len(self.members):
                restored = cast(Restoration, member.prediction(channels, noise))
                noise = restored.noise if noise is None else noise
                prepared = restored.image if sample is None else _drawn(restored, sample, place)


def joined(members: Sequence[Model], id: str, samples: int = 0) -> Model:
    """The pipeline of these models, with an entry that names them.

    Raises:
        ArgumentError: fewer than two members; one before the last gives no images; bands, sizes, scales or units of
            one member do not fit those of the next; or there are samples, and no member states errors of its images, or
            the answers of the last one to them cannot be averaged.
        UntrainedError: a member has random weights.
    """
    if len(members) < 2:
        raise ArgumentError(f"members= are {[member.id for member in members]}; a pipeline has two or more")
    for member in members:
        member.require_trained()
    for one, following in pairwise(members):
        _require_fit(one, following)
    chosen = read_typed(Arguments, {"samples": samples}, "pipeline", ArgumentError)
    summary = ", then ".join(member.id for member in members)
    arguments = {"samples": samples} if chosen.samples else {}
    model = as_described(members, entry_of(NAME, members, id, members[-1].calibration, summary, arguments))
    if chosen.samples:
        _require_samples(model)
    return model


def as_described(members: Sequence[Model], spec: ModelSpec) -> Model:
    """The pipeline of an entry.

    Raises:
        WeightsError: the members are not those that the entry was written for.
    """
    chosen = read_typed(Arguments, spec.arguments, spec.id, SpecError)
    return assembled(members, spec, partial(Pipeline, samples=chosen.samples), SUMMARY)


def _drawn(restored: Restoration, sample: int, place: int) -> Tensor:
    """One of the images that a member thinks possible; its own where it states no errors."""
    if restored.sigma is None:
        return restored.image
    rng = torch.Generator().manual_seed(MOST_SAMPLES * place + sample)
    uniform = torch.rand(restored.image.shape[1:], generator=rng, dtype=torch.float64) - 0.5
    laplace = -uniform.sign() * (-2 * uniform.abs()).log1p() / math.sqrt(2)
    return restored.image + restored.sigma * laplace.to(restored.image)


def _require_samples(model: Model) -> None:
    """Raise unless samples of an image differ, and what the last member says of them can be averaged."""
    pipeline = cast(Pipeline, model.network)
    *before, _ = pipeline.members
    side = model.preprocess.size
    noise = torch.randn(1, len(model.bands), side, side, generator=torch.Generator().manual_seed(0))
    restored = [cast(Restoration, stage) for stage in pipeline.stages(noise)[:-1]]
    if all(stage.sigma is None for stage in restored):
        raise ArgumentError(
            f"samples= is {pipeline.samples}; they are drawn from the errors of restored images, and these members "
            f"state none: {', '.join(member.id for member in before)}"
        )


def _require_fit(one: Model, following: Model) -> None:
    if not one.task.restores:
        raise ArgumentError(
            f"members=: {one.id} is for {one.task.name}, and {following.id} needs an image; only models that restore "
            "images come before the last"
        )
    if any(one.heads.units):
        raise ArgumentError(
            f"members=: {one.id} gives images in {', '.join(one.heads.units)}, and {following.id} takes them in the "
            "unit of the telescope"
        )
    if one.bands != following.bands or one.task.outputs(one.heads) != len(following.bands):
        raise ArgumentError(
            f"members=: {one.id} takes the bands {', '.join(one.bands)} and gives {one.task.outputs(one.heads)}, "
            f"{following.id} takes {', '.join(following.bands)}"
        )
    for what, values in (("pixel_scale", _scales(one, following)), ("the factor of bin", _binned(one, following))):
        if values[0] != values[1]:
            raise ArgumentError(
                f"members=: {what} of {one.id} is {values[0] or ANY}, that of {following.id} {values[1] or ANY}; what "
                "one restores must be what the next takes"
            )
    sizes = [model.preprocess.size for model in (one, following)]
    if sizes[0] < sizes[1]:
        raise ArgumentError(
            f"members=: {one.id} restores {sizes[0]} pixels a side, and {following.id} takes {sizes[1]}; what one "
            "restores must hold what the next takes"
        )


def _scales(*models: Model) -> list[float | None]:
    return [model.preprocess.pixel_scale for model in models]


def _binned(*models: Model) -> list[int]:
    return [model.preprocess.field // model.preprocess.size for model in models]
