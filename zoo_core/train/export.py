"""What a finished run leaves: a folder that `zoo.load` reads."""

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn

from ..catalog.folder import write_folder
from ..catalog.specs import ANY, ModelSpec, TrainedOn, WeightsSpec
from ..files import whole
from ..models.calibration import error_scales, temperature
from ..models.familiarity import FeatureDensity, fitted, learned_ranges
from ..models.model import Model
from ..models.network import arguments_of
from ..predictions import Familiarity
from ..symmetries import Symmetry, described
from ..tasks import Calibration
from ..typed import as_values
from .descent import Plan
from .hub_start import on_the_hub
from .prepared import PreparedImages
from .recipe import Publication, Recipe

__all__ = ["export"]

CALIBRATION_IMAGES = 4000
LEAST_OF_A_CLASS = 10
LEAST_OF_ERRORS = 100  # images, from which a scale of errors is known to a tenth
LEAST_OF_FEATURES = 200  # images, of which two lie beyond the hundredth part
NO_DOUBT = 0.06  # close to the least temperature that is tried: the likelihood grows without end

log = logging.getLogger("zoo")


def export(
    model: Model,
    plan: Plan,
    validation: PreparedImages,
    trained_on: tuple[TrainedOn, ...],
    symmetries: Sequence[Symmetry],
    targets: Callable[[], np.ndarray],
) -> Path:
    """Calibrate on the validation images and write config.json and model.safetensors into `model` in the run's folder.

    Arguments:
        model: whose network is trained.
        plan: of the run.
        validation: images that it was not trained on.
        trained_on: what it was trained on.
        symmetries: of its parameters, where they are declared.
        targets: of the training images.
    """
    recipe, architecture, stated = plan.recipe, model.architecture, plan.recipe.publish
    stored = _stored(model.network, stated.storage)
    familiarity, density = _familiarity(model, validation, targets)
    weights = plan.folder / "stored.safetensors"
    with whole(weights) as part:
        part.write_bytes(save(stored | ({} if density is None else density.tensors())))
    spec = ModelSpec(
        id=recipe.id,
        architecture=architecture.name,
        plugin=recipe.plugin,
        task=architecture.task,
        heads=model.heads,
        bands=model.bands,
        pixel_scale=model.preprocess.pixel_scale or ANY,
        preprocess=tuple(model.preprocess.declared()),
        weights=WeightsSpec(sha256="0" * 64, size=1),
        arguments=as_values(arguments_of(architecture, recipe.arguments)),
        familiarity=familiarity,
        views=stated.views,
        symmetries=tuple(described(symmetries)),
        summary=architecture.summary,
        training_data=stated.training_data or _sets(recipe, trained_on),
        trained_on=trained_on,
        licence=stated.licence,
        known_failures=stated.known_failures,
        paper=stated.paper or architecture.paper,
    )
    spec = replace(spec, calibration=_calibration(replace(model, spec=spec, views=spec.views), validation, stated))
    written = plan.folder / "model"
    if written.exists():  # of this run, before it went on
        shutil.rmtree(written)
    return write_folder(written, spec, weights)


def _sets(recipe: Recipe, trained_on: Sequence[TrainedOn]) -> str:
    """The names of the data sets, behind the weights of the Hub that a training began with."""
    start = [recipe.warm_start] if recipe.warm_start and on_the_hub(recipe.warm_start) else []
    return ", ".join(start + list(dict.fromkeys(one.dataset for one in trained_on)))


def _calibration(model: Model, validation: PreparedImages, stated: Publication) -> Calibration:
    """The calibration of errors, and of probabilities that labels can calibrate.

    Every class was drawn equally often, or counts as much.
    """
    if model.task.states_errors:
        return Calibration(error_scales=_error_scales(*_outputs(model, validation), model))
    if not model.task.is_calibrated:
        return Calibration()
    prior = stated.prior or (1 / len(model.heads.classes),) * model.task.outputs(model.heads)
    return Calibration(_temperature(*_outputs(model, validation), model), prior)


def _error_scales(outputs: Tensor, targets: Tensor, model: Model) -> tuple[float, ...]:
    """Error scales of the parameters; none where so few images cannot tell them."""
    if len(targets) < LEAST_OF_ERRORS:
        log.info("the errors are not calibrated: there are fewer than %d validation images", LEAST_OF_ERRORS)
        return ()
    return tuple(round(scale, 4) for scale in error_scales(outputs, targets, model.task, model.heads))


def _temperature(logits: Tensor, targets: Tensor, model: Model) -> float:
    """The temperature of the best likelihood; 1 where so few images, or images without any doubt, cannot tell it."""
    counts = torch.bincount(targets.round().long(), minlength=len(model.heads.classes))
    found = temperature(logits, targets, model.task, model.heads)
    if counts.min() >= LEAST_OF_A_CLASS and found > NO_DOUBT:
        return round(found, 4)
    log.info("the probabilities are not calibrated: there are too few validation images, or none in doubt")
    return 1.0


def _familiarity(
    model: Model, validation: PreparedImages, targets: Callable[[], np.ndarray]
) -> tuple[Familiarity, FeatureDensity | None]:
    """What tells a regressor's familiar images and answers from others; nothing where too few images tell."""
    if not model.task.states_errors:
        return Familiarity(), None
    known = Familiarity(ranges=learned_ranges(targets()))
    if len(validation) < LEAST_OF_FEATURES or not hasattr(model.network, "features"):
        return known, None
    density, distance = fitted(_features(model, validation), known.share)
    return replace(known, distance=float(f"{distance:.4g}")), density


def _stored(network: nn.Module, storage: str) -> dict[str, Tensor]:
    """The weights as they are published; the network takes what rounding left of them.

    Matrices and kernels are stored in half precision. Moments, biases and indices are few and stay as they are, and
    so do buffers, whose range may be any.
    """
    state = network.state_dict()
    if storage == "float16":
        weights = {name for name, parameter in network.named_parameters() if parameter.ndim > 1}
        state = {name: tensor.half() if name in weights else tensor for name, tensor in state.items()}
    network.load_state_dict(state, strict=True)
    return {name: tensor.contiguous() for name, tensor in state.items()}


@torch.inference_mode()
def _features(model: Model, images: PreparedImages) -> np.ndarray:
    """Features (N, D) of the first images."""
    model.network.eval()
    parts = []
    for channels, _ in images.batches(64):
        parts.append(model.features_of(channels.to(model.device)).flatten(1).cpu())
        if 64 * len(parts) >= CALIBRATION_IMAGES:
            break
    return torch.cat(parts).numpy()


@torch.inference_mode()
def _outputs(model: Model, images: PreparedImages) -> tuple[Tensor, Tensor]:
    """Logits and targets of the first images, averaged over the views."""
    model.network.eval()
    parts = []
    for channels, targets in images.batches(64):
        averages = model.averaged(channels.to(model.device))
        assert isinstance(averages, Tensor)
        parts.append((averages.float().cpu(), targets.cpu()))
        if 64 * len(parts) >= CALIBRATION_IMAGES:
            break
    outputs, targets = zip(*parts, strict=True)
    return torch.cat(outputs), torch.cat(targets)
