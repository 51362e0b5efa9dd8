"""Registry files, and the catalogue they make together."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from ..errors import PluginError, RegistryError, UnknownNameError
from ..plugins import package_folder, plugins
from .schema import benchmark_spec, check_schema, dataset_spec, model_spec
from .specs import BenchmarkSpec, DatasetSpec, ModelSpec
from .yaml12 import read_mapping

__all__ = ["Catalog", "Registry", "catalog", "core_registry", "merge", "read_registry"]

CORE = "zoo-core"
FILE = "registry.yaml"

log = logging.getLogger("zoo")
Spec = TypeVar("Spec", ModelSpec, DatasetSpec, BenchmarkSpec)


@dataclass(frozen=True)
class Registry:
    """What one registry file lists, by id or name."""

    models: Mapping[str, ModelSpec] = field(default_factory=dict)
    datasets: Mapping[str, DatasetSpec] = field(default_factory=dict)
    benchmarks: Mapping[str, BenchmarkSpec] = field(default_factory=dict)


@dataclass(frozen=True)
class Catalog:
    """All registries together.

    Arguments:
        models, datasets, benchmarks: by id or name.
        conflicts: (kind, name) of what two files list differently, in none of the above; a sentence that names both.
        problems: a sentence for each plugin whose registry could not be used.
    """

    models: Mapping[str, ModelSpec]
    datasets: Mapping[str, DatasetSpec]
    benchmarks: Mapping[str, BenchmarkSpec]
    conflicts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def model(self, name: str) -> ModelSpec:
        """The model of that id, or the default one of that architecture.

        Raises:
            UnknownNameError: no registry lists it.
            RegistryError: two registries contradict each other about it, or an architecture has no default.
        """
        if "." not in name and self.tags(name):
            return self._default(name)
        return self._listed("model", name, self.models, self.architectures())

    def dataset(self, name: str) -> DatasetSpec:
        """The data set of that name; errors as `model`."""
        return self._listed("data set", name, self.datasets)

    def benchmark(self, name: str) -> BenchmarkSpec:
        """The benchmark of that id; errors as `model`."""
        return self._listed("benchmark", name, self.benchmarks)

    def tags(self, architecture: str) -> list[str]:
        """Ids of the published models of an architecture."""
        return [id for id, spec in self.models.items() if spec.architecture == architecture]

    def architectures(self) -> dict[str, str]:
        """Architectures with published models, each with the distribution that provides it."""
        return {spec.architecture: spec.plugin for spec in self.models.values()}

    def _default(self, architecture: str) -> ModelSpec:
        tags = self.tags(architecture)
        chosen = [id for id in tags if self.models[id].default] or tags
        if len(chosen) > 1:
            raise RegistryError(f"{architecture} has no single default tag; name one of {', '.join(chosen)}")
        return self.models[chosen[0]]

    def _listed(self, kind: str, name: str, among: Mapping[str, Spec], also: Mapping[str, str] | None = None) -> Spec:
        if (kind, name) in self.conflicts:
            raise RegistryError(self.conflicts[kind, name])
        if name not in among:
            raise UnknownNameError.among(kind, name, {*among, *(also or {})})
        return among[name]


def catalog() -> Catalog:
    """The core's registry and those of the installed plugins, none of which is imported.

    A plugin's file that is malformed is logged and listed in `problems`; it disturbs no other.
    """
    registries, problems = [read_registry(core_registry(), CORE)], []
    for plugin in plugins(import_them=False):
        try:
            registries.append(_registry_of(plugin.name, plugin.distribution))
        except (RegistryError, PluginError) as error:
            problems.append(f"plugin {plugin.name!r} of {plugin.distribution} {plugin.version}: {error}")
            log.warning("%s", problems[-1])
    return merge(registries, tuple(problems))


def core_registry() -> Path:
    """The core's registry file: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).parents[1]
    inside = package / FILE
    return inside if inside.is_file() else package.parent / FILE


def read_registry(path: Path | str, plugin: str | None = None) -> Registry:
    """What a registry file lists.

    Arguments:
        path: the file.
        plugin: the distribution of entries that name none.

    Raises:
        RegistryError: names the file, the entry and the key.
    """
    path = Path(path)
    content = dict(read_mapping(path, RegistryError))
    check_schema(content.pop("schema", None), str(path), RegistryError)
    sections = {section: content.pop(section, None) or {} for section in ("models", "datasets", "benchmarks")}
    if content:
        raise RegistryError(f"{path}: {sorted(content)} are no sections of a registry; it has {sorted(sections)}")
    defaults = {} if plugin is None else {"plugin": plugin}
    return _one_default_each(
        path,
        Registry(
            _specs(path, "models", "id", sections["models"], defaults, model_spec),
            _specs(path, "datasets", "name", sections["datasets"], defaults, dataset_spec),
            _specs(path, "benchmarks", "id", sections["benchmarks"], defaults, benchmark_spec),
        ),
    )


def merge(registries: list[Registry], problems: tuple[str, ...] = ()) -> Catalog:
    """One catalogue of several registries; what is listed twice alike is one entry."""
    models, of_models = _united("model", [one.models for one in registries], lambda spec: spec.weights.sha256)
    datasets, of_datasets = _united("data set", [one.datasets for one in registries], _without_source)
    benchmarks, of_benchmarks = _united("benchmark", [one.benchmarks for one in registries], _without_source)
    conflicts = of_models | of_datasets | of_benchmarks
    for sentence in conflicts.values():
        log.warning("%s", sentence)
    return Catalog(models, datasets, benchmarks, conflicts, problems)


def _registry_of(plugin: str, distribution: str) -> Registry:
    folder = package_folder(plugin)
    if distribution == CORE or folder is None or not (folder / FILE).is_file():
        return Registry()
    return read_registry(folder / FILE, distribution)


def _specs(
    path: Path, section: str, key: str, entries: Any, defaults: Mapping[str, str], spec: Callable[..., Spec]
) -> dict[str, Spec]:
    if not isinstance(entries, dict):
        raise RegistryError(f"{path}: {section} must be a mapping of names to entries, got {type(entries).__name__}")
    found = {}
    for name, entry in entries.items():
        where = f"{path}: {section}: {name}"
        if not isinstance(entry, dict):
            raise RegistryError(f"{where}: an entry is a mapping of keys to values, got {entry!r}")
        derived = {"architecture": str(name).partition(".")[0]} if section == "models" else {}
        found[name] = spec({**defaults, **derived, **entry, key: name}, where, str(path), RegistryError)
    return found


def _one_default_each(path: Path, registry: Registry) -> Registry:
    defaults = [spec.architecture for spec in registry.models.values() if spec.default]
    if twice := sorted({name for name in defaults if defaults.count(name) > 1}):
        raise RegistryError(f"{path}: models: {twice[0]} has {defaults.count(twice[0])} default tags, it can have one")
    return registry


def _united(
    kind: str, sections: list[Mapping[str, Spec]], identity: Callable[[Spec], Any]
) -> tuple[dict[str, Spec], dict[tuple[str, str], str]]:
    """What several files list by name; and what they list differently, with a sentence each."""
    united: dict[str, Spec] = {}
    conflicts: dict[tuple[str, str], str] = {}
    for name, spec in (item for section in sections for item in section.items()):
        first = united.setdefault(name, spec)
        if identity(first) != identity(spec):
            conflicts[kind, name] = (
                f"the {kind} {name} is listed differently by {first.source} and {spec.source}: {identity(first)} and "
                f"{identity(spec)}; uninstall one of the two, or rename its entry"
            )
    return {name: spec for name, spec in united.items() if (kind, name) not in conflicts}, conflicts


def _without_source(spec: DatasetSpec | BenchmarkSpec) -> DatasetSpec | BenchmarkSpec:
    return replace(spec, source="")
