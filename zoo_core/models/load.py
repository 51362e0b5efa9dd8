"""A model by name: published, from a folder, or untrained."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ..catalog.folder import read_folder
from ..catalog.registry import catalog
from ..catalog.specs import ModelSpec
from ..catalog.weights import weights_file
from ..errors import SpecError, UnknownNameError
from ..images.preprocess import Preprocess
from ..interfaces import Architecture
from ..plugins import architecture as find_architecture
from ..tasks import Heads, task_named
from .build import build, filled
from .devices import device_named
from .model import Model

__all__ = ["load", "load_spec"]

logger = logging.getLogger("zoo")


def load(
    name: str | Path,
    pretrained: bool | None = None,
    bands: int | Sequence[str] | None = None,
    classes: int | Sequence[str] | None = None,
    device: str | torch.device = "cpu",
    cache_dir: str | Path | None = None,
    **arguments: Any,
) -> Model:
    """A model, ready to predict: `load("lastro.space")`, `load("lastro", pretrained=True)`, `load("my/folder")`.

    Arguments:
        name: a published model (`architecture.tag`), an architecture, or a folder of `zoo fetch` or `zoo train`.
        pretrained: None: True for a published model and for a folder, False for an architecture's bare name. True with
            a bare name loads its default tag.
        bands: number or names of the physical bands; only for an untrained network, as are the next two.
        classes: number or names of the classes.
        arguments: of the architecture's `build`.
        device: "cpu", "cuda", "cuda:1", "mps", or "auto" for the fastest there is.
        cache_dir: where downloaded weights are kept, by default Hugging Face's cache.

    Raises:
        UnknownNameError, NotInstalledError, SpecError, WeightsError: see `zoo_core.errors`.
    """
    folder = _folder(name)
    if folder is None and "." not in str(name) and not pretrained:
        return untrained(str(name), bands, classes, arguments).to(device_named(device))
    spec = read_folder(folder) if folder else _published(str(name))
    _check_as_published(spec, pretrained, {"bands": bands, "classes": classes, **arguments})
    return load_spec(spec, weights_file(spec, cache_dir)).to(device_named(device))


def load_spec(spec: ModelSpec, weights: Path) -> Model:
    """The model that an entry describes, with the weights of a file that has its checksum."""
    architecture = find_architecture(spec.architecture, plugin=spec.plugin)
    if spec.task != architecture.task:
        raise SpecError(
            f"{spec.id} is listed for {spec.task}, architecture {architecture.name!r} is for {architecture.task}"
        )
    preprocess = Preprocess.from_operations(spec.preprocess, spec.bands)
    outputs = task_named(spec.task).outputs(spec.heads)
    network = filled(architecture, preprocess.n_channels, outputs, spec.arguments, weights)
    network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return Model(spec.id, architecture, network, preprocess, spec.heads, spec.views, spec, spec.weights.sha256)


def untrained(
    name: str, bands: int | Sequence[str] | None, classes: int | Sequence[str] | None, arguments: dict[str, Any]
) -> Model:
    """An architecture with random weights, in eval mode."""
    # An architecture that the catalogue does not know may be in any plugin: then all are imported.
    architecture = find_architecture(name, plugin=catalog().architectures().get(name))
    preprocess = Preprocess.from_operations(architecture.preprocess, _bands(architecture, bands))
    heads = _heads(architecture, classes)
    outputs = task_named(architecture.task).outputs(heads)
    network = build(architecture, preprocess.n_channels, outputs, {**architecture.arguments, **arguments})
    network = network.eval().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return Model(name, architecture, network, preprocess, heads)


def _folder(name: str | Path) -> Path | None:
    path = Path(name).expanduser()
    if isinstance(name, Path) or path.is_absolute() or len(path.parts) > 1 or str(name) in (".", ".."):
        if not path.is_dir():
            raise UnknownNameError(f"{path}: no such folder; a published model has a name without slashes")
        return path
    return path if (path / "config.json").is_file() else None


def _published(name: str) -> ModelSpec:
    spec = catalog().model(name)
    if spec.id != name:
        logger.info("%s is %s, the default tag", name, spec.id)
    return spec


def _check_as_published(spec: ModelSpec, pretrained: bool | None, changes: dict[str, Any]) -> None:
    bare = spec.architecture
    if pretrained is False:
        raise SpecError(f"{spec.id} names trained weights; pretrained=False goes with {bare!r}")
    changed = [key for key, value in changes.items() if value is not None]
    if changed:
        raise SpecError(
            f"{spec.id} is published as it is, without {', '.join(changed)}; "
            f"zoo.load({bare!r}, {changed[0]}=...) builds it untrained"
        )


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
        raise SpecError(f"{what} is {number}, it must be at least {least}")
    return number
