"""Shipping trained weights inside a plugin."""

import shutil
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..catalog.added import entry_text, with_model
from ..catalog.checksum import sha256_of
from ..catalog.entries import entry_of
from ..catalog.folder import read_folder
from ..catalog.registry import FILE, read_registry
from ..catalog.specs import ModelSpec
from ..catalog.weights import WEIGHTS
from ..errors import PublishError
from ..files import make_folder, whole
from ..models.cost import cost_of
from ..models.load import load
from ..plugins import package_folder
from ..tasks import UNCALIBRATED
from ..testing.golden import Samples, write_golden
from .samples import samples_of

__all__ = ["Shipped", "as_listed", "bundle", "bundled_files", "listed_entry", "ship", "with_cost"]


@dataclass(frozen=True)
class Shipped:
    """A model that its plugin has now.

    Arguments:
        model: its id.
        files: that were written.
    """

    model: str
    files: tuple[Path, ...]


def ship(folder: Path | str, data: Path | str | None = None) -> Shipped:
    """Give a trained model to its installed plugin: weights, a golden file and an entry in its `registry.yaml`.

    Arguments:
        folder: of `zoo train`.
        data: where the images are that it was trained on, if they are read from files; the golden file takes five.

    Raises:
        NotInstalledError: the plugin is not installed.
        PublishError: it is not installed from its source (`pip install -e`), or its package has no registry, as those
            of the zoo's repository, or holds other weights under this id.
        RegistryError: its registry lists other weights under this id.
    """
    spec = read_folder(folder)
    package = _source_package(spec.plugin)
    registry = package / FILE
    spec = as_listed(spec, read_registry(registry, spec.plugin).models.get(spec.id))
    samples = samples_of(spec, data)
    with_model(registry, spec.id, listed_entry(spec, spec.weights.sha256))  # refuses before anything is written
    spec = with_cost(spec, folder)
    weights, golden = _copied(Path(folder), package, samples)
    text = with_model(registry, spec.id, listed_entry(spec, sha256_of(golden)))
    with whole(registry) as part:
        part.write_text(text, encoding="utf-8")
    return Shipped(spec.id, (weights, golden, registry))


def bundle(folder: Path | str, package: Path | str, samples: Samples) -> str:
    """Copy a trained model into a plugin's package, with a golden file, and return its entry for `registry.yaml`.

    Arguments:
        folder: of `zoo train` or `zoo fetch`.
        package: folder of the plugin's package, as in plugins/lastro/zoo_lastro.
        samples: of the golden file.

    Raises:
        PublishError: the package holds other weights under this id.
    """
    _, golden = _copied(Path(folder), Path(package), samples)
    spec = with_cost(read_folder(folder), folder)
    return entry_text(spec.id, listed_entry(spec, sha256_of(golden)))


def as_listed(spec: ModelSpec, known: ModelSpec | None) -> ModelSpec:
    """The entry of a folder with what only a registry says: the default tag, and where the same weights lie."""
    if known is None or known.weights.sha256 != spec.weights.sha256:
        return spec
    return replace(spec, default=known.default, weights=known.weights)


def with_cost(spec: ModelSpec, name: Path | str) -> ModelSpec:
    """The entry with what its network costs; `name` is what `load` takes."""
    return replace(spec, cost=cost_of(load(name, device="cpu")))


def bundled_files(package: Path, id: str) -> tuple[Path, Path]:
    """Where weights and golden file of a model lie in its plugin's package."""
    return package / "weights" / f"{id}.safetensors", package / "weights" / f"{id}.golden.safetensors"


def listed_entry(spec: ModelSpec, golden_sha256: str) -> dict[str, Any]:
    """What an entry must say; what is as by default is left out, and so is what the id says already."""
    defaults = {field.name: field.default for field in fields(ModelSpec)}
    whole = entry_of(spec)
    known = {key: value for key, value in whole["weights"].items() if value is not None}
    weights = known if spec.weights.repo else {key: known[key] for key in ("sha256", "size")}
    heads = {key: value for key, value in whole["heads"].items() if value}
    calibration = whole["calibration"] if spec.calibration != UNCALIBRATED else {}
    trained_on = [{key: value for key, value in one.items() if value not in (None, {})} for one in whole["trained_on"]]
    cost = {key: value for key, value in whole.get("cost", {}).items() if value is not None}
    chosen = whole | {"cost": cost, "heads": heads, "calibration": calibration, "trained_on": trained_on}
    chosen |= {"weights": weights | {"golden_sha256": golden_sha256}}
    stated = {key: value for key, value in chosen.items() if value not in ([], {}, defaults.get(key))}
    stated["known_failures"] = whole["known_failures"]  # an empty list is a statement too
    return {key: value for key, value in stated.items() if key not in ("id", "architecture")}


def _copied(folder: Path, package: Path, samples: Samples) -> tuple[Path, Path]:
    """Weights and golden file in the package."""
    weights, golden = bundled_files(package, read_folder(folder).id)
    if weights.exists() and sha256_of(weights) != sha256_of(folder / WEIGHTS):
        raise PublishError(
            f"{weights}: holds other weights under this id, whose bytes never change; choose another tag, or remove "
            "the file if it was never published"
        )
    make_folder(weights.parent)
    write_golden(load(folder, device="cpu"), samples, golden)
    with whole(weights) as part:
        shutil.copyfile(folder / WEIGHTS, part)
    return weights, golden


def _source_package(plugin: str) -> Path:
    package = package_folder(plugin)
    if package is None or not (package.parent / "pyproject.toml").is_file():
        raise PublishError(
            f"{plugin} is not installed from its source; in the folder of its pyproject.toml, pip install -e ."
        )
    if not (package / FILE).is_file():
        raise PublishError(
            f"{package} has no {FILE} that could list the model; into one of the zoo's own plugins `zoo submit FOLDER "
            f"--to CHECKOUT` puts it, one of yours takes a {FILE} as `zoo new` writes it"
        )
    return package
