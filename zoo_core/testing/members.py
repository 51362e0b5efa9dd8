"""The laws of models that are made of others: what the members are, and that together they answer as one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

from torch import Tensor

from ..catalog.registry import catalog
from ..catalog.specs import ModelSpec
from ..models.committee import Committee
from ..models.load import load
from ..models.mass_map import MassMap, map_of
from ..models.model import Model
from ..models.pipeline import Pipeline
from ..models.zoom import Zoom, within
from ..sim.frame import CutoutFrame
from ..tasks import UNCALIBRATED, Prediction, Regression, Restoration
from .golden import Golden
from .laws import quantities, rows_apart
from .trained import TRAINED_LAWS, TrainedLaw, Trial, golden_replay, samples_of

__all__ = ["MEMBERS_LAW", "OF_MEMBERS_LAWS", "members_fit"]

SAME = 1e-6  # of outputs of order one
MEMBERS_LAW = "members"


def members_fit(spec: ModelSpec) -> Iterator[str]:
    """Every member is published and fits the next, and they are those that the entry was written for."""
    known = catalog().models
    yield from (f"there is no published model {member}" for member in spec.members if member not in known)
    if all(member in known for member in spec.members):
        load(spec.id, device="cpu")


def members_replay(spec: ModelSpec, trial: Trial) -> Iterator[str]:
    """The golden files of all members give what was published."""
    for member in dict.fromkeys(spec.members):
        found = catalog().model(member)
        faults = members_replay(found, trial) if found.members else golden_replay(found, trial)
        yield from (f"{member}: {fault}" for fault in faults)


def answers_one_by_one(spec: ModelSpec, trial: Trial) -> Iterator[str]:
    """The answer is that of the members called by hand, to 1e-6."""
    model = load(spec.id, device=trial.device)
    golden = samples_of(spec)
    together, by_hand = _together(model, golden), _by_hand(model, golden)
    for one, other in zip(together, by_hand, strict=True):
        for name, rows in quantities(one).items():
            apart = rows_apart(rows, quantities(other)[name])
            if not apart <= SAME:
                yield f"{name} differs by {apart:.1e} from that of {', '.join(spec.members)} called by hand"


OF_MEMBERS_LAWS: dict[str, TrainedLaw] = {
    **TRAINED_LAWS,
    "golden": members_replay,
    "one by one": answers_one_by_one,
}


def _together(model: Model, golden: Golden) -> Iterator[Prediction]:
    for image, scale in zip(golden.images, golden.pixel_scales, strict=True):
        yield model(image[None], scale)


def _by_hand(model: Model, golden: Golden) -> Iterator[Prediction]:
    network = model.network
    ways: dict[type, Callable[[Model, Tensor], Prediction]] = {
        Pipeline: _in_turn,
        Committee: _pooled,
        MassMap: _mapped,
        Zoom: _seen_again,
    }
    answer = ways[type(network)]
    for image, scale in zip(golden.images, golden.pixel_scales, strict=True):
        yield answer(model, model.preprocess.prepared(image[None], scale))


def _in_turn(model: Model, prepared: Tensor) -> Prediction:
    pipeline = cast(Pipeline, model.network)
    *before, last = pipeline.members
    if pipeline.samples:
        return pipeline.stages(prepared)[-1]
    noise: Tensor | None = None
    for member in before:
        restored = cast(Restoration, member.prediction(member.preprocess.channels(prepared, noise)))
        prepared, noise = restored.image, restored.noise if noise is None else noise
    return last.prediction(last.preprocess.channels(prepared, noise))


def _mapped(model: Model, prepared: Tensor) -> Prediction:
    member = cast(MassMap, model.network).member
    posterior = cast(Regression, member(prepared, member.preprocess.pixel_scale))
    frame = CutoutFrame(model.preprocess.size, cast(float, member.preprocess.seen_scale))
    output = tuple(part[None, None] for part in map_of(posterior, frame))
    return model.task.prediction(output, model.heads).beside(prepared)


def _seen_again(model: Model, prepared: Tensor) -> Prediction:
    zoom = cast(Zoom, model.network)
    member = replace(zoom.member, calibration=UNCALIBRATED)
    scale, place = cast(float, member.preprocess.seen_scale), model.heads.parameters.index("theta_E")
    found = member.prediction(member.preprocess.channels(prepared))
    for look in range(zoom.looks):
        radius = cast(Regression, found).mean[:, place] / scale
        frames = [member.preprocess.channels(within(prepared, r * radius)) for r in zoom.radii]
        outputs = [model.task.output_of(member.prediction(one), model.heads, UNCALIBRATED) for one in frames]
        calibration = model.calibration if look == zoom.looks - 1 else UNCALIBRATED
        found = model.task.prediction(model.task.pooled(outputs), model.heads, calibration)
    return found


def _pooled(model: Model, prepared: Tensor) -> Prediction:
    outputs = []
    for member in cast(Committee, model.network).members:
        predicted = member.prediction(member.preprocess.channels(prepared))
        outputs.append(member.task.output_of(predicted, member.heads, member.calibration))
    return model.task.prediction(model.task.pooled(outputs), model.heads, model.calibration)
