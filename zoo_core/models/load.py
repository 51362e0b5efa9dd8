"""A model by name: with the weights that were published, of a folder, or with random ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from ..catalog.folder import folder_named, spec_named
from ..catalog.registry import catalog
from ..catalog.specs import ModelSpec
from ..catalog.weights import weights_file
from ..errors import ArgumentError, SpecError, UnknownNameError, UntrainedError
from ..images.preprocess import Preprocess
from ..interfaces import Architecture
from ..plugins import architecture as find_architecture
from ..plugins import list_plugins
from ..tasks import Heads
from . import committee as committees
from . import mass_map as mass_maps
from . import pipeline as pipelines
from . import zoom as zooms
from .conditions import told
from .familiarity import PREFIX, FeatureDensity
from .model import Model
from .network import Dimensions, filled, initialised

__all__ = ["build", "committee", "load", "load_spec", "mass_map", "pipeline", "zoom"]

OF_MEMBERS = {kind.NAME: kind.as_described for kind in (committees, mass_maps, pipelines, zooms)}


def load(
    name: str | Path,
    pretrained: bool = True,
    device: str | torch.device = "auto",
    cache_dir: str | Path | None = None,
    **arguments: Any,
) -> Model:
    """A trained model, ready to predict.

    Arguments:
        name: a published model (`architecture.tag`), an architecture for its default tag, or a folder of `zoo fetch` or
            `zoo train`: a `Path`, or a string with a separator (`./mine`).
        pretrained: False: the architecture with random weights, as `build` returns it.
        device: "auto" for the fastest there is, "cpu", "cuda", "cuda:1" or "mps".
        cache_dir: where downloaded weights are kept, by default Hugging Face's cache.
        arguments: with `pretrained=False` those of `build`; else what the network may be told of the images
            (`Architecture.conditions`), as `zoo.load("unet_exposures.space", ratio=4)`.

    Raises:
        UnknownNameError, NotInstalledError, WeightsError, SpecError: see `zoo_core.errors`.
        UntrainedError: nothing was published of the architecture.

    Example:
        >>> import zoo_core as zoo
        >>> zoo.load("lastro", device="cpu")
        <Model lastro.space: classification of VIS, 101 px, 5,674,657 parameters, 8 views, trained, on cpu>
    """
    if not pretrained:
        return build(_architecture_named(name), device=device, **arguments)
    spec = told(_published(name), arguments)
    if spec.members:
        members = [load(one, device=device, cache_dir=cache_dir, **spec.told.get(one, {})) for one in spec.members]
        return _of_members(spec)(members, spec)
    return load_spec(spec, weights_file(spec, cache_dir)).to(device)


def build(
    architecture: str,
    bands: int | Sequence[str] | None = None,
    classes: int | Sequence[str] | None = None,
    device: str | torch.device = "auto",
    **arguments: Any,
) -> Model:
    """An architecture with random weights, in eval mode, for bands and classes of one's own.

    Arguments:
        architecture: its name, without a tag.
        bands: number or names of the physical bands; None: those of the architecture, as for classes.
        classes: number or names of the classes.
        device: as in `load`.
        arguments: of the architecture's `build`.

    Raises:
        UnknownNameError, NotInstalledError: no installed plugin provides it.
        ArgumentError: it cannot be built for these bands and classes, or with these arguments.

    Example:
        >>> import zoo_core as zoo
        >>> zoo.build("lastro", bands=4, device="cpu").bands
        ('band_0', 'band_1', 'band_2', 'band_3')
    """
    # An architecture that the catalogue does not know may be in any plugin: then all are imported.
    found = find_architecture(architecture, plugin=catalog().architectures().get(architecture))
    preprocess, heads = Preprocess.from_operations(found.preprocess, _bands(found, bands)), _heads(found, classes)
    try:
        network = initialised(found, Dimensions.of(found, preprocess, heads), arguments)
    except SpecError as error:
        raise ArgumentError(str(error)) from error
    network = network.eval().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return Model(architecture, found, network, preprocess, heads).to(device)


def committee(
    members: Sequence[str | Path | Model], id: str = "committee.mine", device: str | torch.device = "auto"
) -> Model:
    """Several trained classifiers as one model, which averages their logits; or regressors, a mixture of Gaussians.

    Arguments:
        members: models, or what `load` takes, of the same classes and bands, that prepare images alike.
        id: of the committee, `committee.tag`.
        device: as in `load`.

    Raises:
        ArgumentError, UntrainedError: they make no committee, and why.

    Example:
        >>> import zoo_core as zoo
        >>> zoo.committee(["lastro.space", "classical.space"], device="cpu").spec.members
        ('lastro.space', 'classical.space')
    """
    return committees.joined(_loaded(committees.NAME, members, device), id).to(device)


def pipeline(
    members: Sequence[str | Path | Model],
    id: str = "pipeline.mine",
    device: str | torch.device = "auto",
    samples: int = 0,
) -> Model:
    """Trained models one after the other as one model: each takes the image that the one before has restored.

    A pipeline whose last member restores writes its images, as any restoring model does; every stage can be asked for:

        zoo.load("unet.denoise").predict("cutouts/*.fits", out_dir="restored", gallery="before_and_after.png")
        restored, found = zoo.pipeline(["unet.denoise", "lastro.space"]).stages(images, pixel_scale=0.1)

    Arguments:
        members: models, or what `load` takes; all but the last restore images.
        id: of the pipeline, `pipeline.tag`.
        device: as in `load`.
        samples: of each restored image, drawn from the errors that its model states; the answer is the mean over them.
            0: the images themselves.

    Raises:
        ArgumentError, UntrainedError: they make no pipeline, and why.

    Example:
        >>> import zoo_core as zoo
        >>> model = zoo.pipeline(["gaussian_filter.denoise", "lastro.space"], device="cpu")
        >>> model.task.name, model.spec.members
        ('classification', ('gaussian_filter.denoise', 'lastro.space'))
        >>> restored, found = model.stages(zoo.open_dataset("finding_space", n=2).images([0, 1]), pixel_scale=0.1)
        >>> restored.image.shape, found.probabilities.shape
        (torch.Size([2, 1, 101, 101]), torch.Size([2, 2]))
    """
    return pipelines.joined(_loaded(pipelines.NAME, members, device), id, samples).to(device)


def mass_map(
    model: str | Path | Model, id: str = "mass_map.mine", device: str | torch.device = "auto", size: int = 101
) -> Model:
    """A trained model that measures the parameters of lenses, as one that maps their convergence.

    Arguments:
        model: a regressor of `theta_E` and what else it knows of the mass, or what `load` takes.
        id: of the map, `mass_map.tag`.
        device: as in `load`.
        size: pixels a side of the map, as large as those that the model sees.

    Raises:
        ArgumentError, UntrainedError: it measures no lens.

    Example:
        >>> import zoo_core as zoo
        >>> mapper = zoo.mass_map("resnet_regression.euclid", device="cpu")
        >>> lens = zoo.open_dataset("convergence_euclid", n=1)
        >>> mapper(lens.images([0]), pixel_scale=0.1).image.shape
        torch.Size([1, 1, 101, 101])
    """
    member = model if isinstance(model, Model) else load(model, device=device)
    return mass_maps.joined(member, id, size).to(device)


def zoom(
    model: str | Path | Model,
    id: str = "zoom.mine",
    device: str | torch.device = "auto",
    radii: Sequence[float] = zooms.Arguments.radii,
    looks: int = zooms.Arguments.looks,
) -> Model:
    """A trained model that measures lenses, as one that looks again at what lies within a few Einstein radii.

    Arguments:
        model: a regressor of `theta_E`, or what `load` takes.
        id: of the zoom, `zoom.tag`.
        device: as in `load`.
        radii: half the sides of the frames in which it is seen again, in Einstein radii.
        looks: how often it is seen again.

    Raises:
        ArgumentError, UntrainedError: it measures no lens.

    Example:
        >>> import zoo_core as zoo
        >>> model = zoo.zoom("resnet_regression.euclid", device="cpu", radii=[2.0, 3.0])
        >>> model(zoo.open_dataset("modelling_euclid", n=2).images([0, 1]), pixel_scale=0.1).mean.shape
        torch.Size([2, 7])
    """
    member = model if isinstance(model, Model) else load(model, device=device)
    return zooms.joined(member, id, radii, looks).to(device)


def load_spec(spec: ModelSpec, weights: Path) -> Model:
    """The model that an entry describes, with the weights of a file that has its checksum."""
    architecture = find_architecture(spec.architecture, plugin=spec.plugin)
    if spec.task != architecture.task:
        raise SpecError(
            f"{spec.id} is listed for {spec.task}, architecture {architecture.name!r} is for {architecture.task}"
        )
    preprocess = Preprocess.from_operations(spec.preprocess, spec.bands, spec.pixel_scale)
    dimensions = Dimensions.of(architecture, preprocess, spec.heads)
    known = spec.familiarity.distance is not None
    network, beside = filled(architecture, dimensions, spec.arguments, weights, PREFIX if known else "")
    network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return Model(
        spec.id,
        architecture,
        network,
        preprocess,
        spec.heads,
        calibration=spec.calibration,
        views=spec.views,
        spec=spec,
        weights_sha256=spec.weights.sha256,
        density=FeatureDensity.read(beside, weights) if known else None,
    )


def _loaded(kind: str, members: Sequence[str | Path | Model], device: str | torch.device) -> list[Model]:
    if isinstance(members, str | Path | Model):
        shown = members.id if isinstance(members, Model) else str(members)
        raise ArgumentError(f"members= is {shown!r} alone; a {kind} takes a list: zoo.{kind}([{shown!r}, ...])")
    return [one if isinstance(one, Model) else load(one, device=device) for one in members]


def _of_members(spec: ModelSpec) -> Callable[[Sequence[Model], ModelSpec], Model]:
    if spec.architecture not in OF_MEMBERS:
        raise SpecError(f"{spec.id} has members, so it is a {' or a '.join(OF_MEMBERS)}, not a {spec.architecture}")
    return OF_MEMBERS[spec.architecture]


def _published(name: str | Path) -> ModelSpec:
    try:
        return spec_named(name)
    except UnknownNameError:
        if any(one.name == name for plugin in list_plugins() for one in plugin.architectures):
            raise UntrainedError(
                f"{name} has no published weights; zoo.build({name!r}) has random ones, `zoo train` trains it"
            ) from None
        raise


def _architecture_named(name: str | Path) -> str:
    if folder_named(name) is not None or str(name) in catalog().models:
        raise ArgumentError(f"{name} names trained weights; pretrained= (False) goes with the name of an architecture")
    return str(name)


def _bands(architecture: Architecture, bands: int | Sequence[str] | None) -> tuple[str, ...]:
    if bands is None or bands == len(architecture.bands):
        return architecture.bands
    if isinstance(bands, int):
        return tuple(f"band_{k}" for k in range(_at_least("bands", bands, 1)))
    return (bands,) if isinstance(bands, str) else tuple(bands)


def _heads(architecture: Architecture, classes: int | Sequence[str] | None) -> Heads:
    if classes is None:
        return architecture.heads
    if isinstance(classes, int):
        return Heads(classes=tuple(f"class_{k}" for k in range(_at_least("classes", classes, 2))))
    return Heads(classes=tuple(classes))


def _at_least(what: str, number: int, least: int) -> int:
    if number < least:
        raise ArgumentError(f"{what}= is {number}, it must be at least {least}")
    return number
