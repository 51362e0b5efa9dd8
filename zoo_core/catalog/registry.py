"""The catalogue that the registry files of the core and of the installed plugins make together."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from ..errors import RegistryError, UnknownNameError
from ..installed import Installed, installed_plugins
from ..remembered import remembered
from .entries import entry_of
from .registry_file import SECTIONS, Registry, RegistryFile, check_entries, read_registry, sections_of, specs_of
from .specs import BenchmarkSpec, DatasetSpec, ModelSpec

__all__ = ["Catalog", "Registry", "catalog", "core_registry", "merge", "read_registry"]

CORE = "zoo-core"
FILE = "registry.yaml"

log = logging.getLogger("zoo")
Spec = TypeVar("Spec", ModelSpec, DatasetSpec, BenchmarkSpec)


@dataclass(frozen=True)
class Catalog(Registry):
    """All registries together. An entry is checked when it is asked for by name.

    Arguments:
        conflicts: (section, name) of what two files list differently, in no section, each with a sentence that names
            both files.
        problems: a sentence for each plugin whose registry could not be used.
    """

    conflicts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def model(self, name: str) -> ModelSpec:
        """The model of that id, or the default one of that architecture.

        Raises:
            UnknownNameError: no registry lists it.
            RegistryError: its entry is wrong, two registries contradict each other about it, or an architecture has no
                default tag.
        """
        tags = [] if "." in name else self.tags(name)
        return _used(self, "models", self._default(name, tags) if tags else name, self.architectures())

    def dataset(self, name: str) -> DatasetSpec:
        """The data set of that name; errors as `model`."""
        return _used(self, "datasets", name)

    def benchmark(self, name: str) -> BenchmarkSpec:
        """The benchmark of that id; errors as `model`."""
        return _used(self, "benchmarks", name)

    def tags(self, architecture: str) -> list[str]:
        """Ids of the published models of an architecture."""
        return [id for id, spec in self.models.items() if spec.architecture == architecture]

    def architectures(self) -> dict[str, str]:
        """Architectures with published models, each with the distribution that provides it."""
        return {spec.architecture: spec.plugin for spec in self.models.values()}

    def _default(self, architecture: str, tags: list[str]) -> str:
        chosen = [id for id in tags if self.models[id].default] or tags
        if len(chosen) > 1:
            raise RegistryError(f"{architecture} has no single default tag; name one of {', '.join(chosen)}")
        return chosen[0]


def catalog() -> Catalog:
    """The core's registry and those of the installed plugins, none of which is imported.

    A plugin's file that is malformed is logged and listed in `problems`; it disturbs no other. The core's own file is
    checked by the tests of the core, and not each time that it is listed.
    """
    plugins = [plugin for plugin in installed_plugins() if plugin.distribution != CORE and plugin.package]
    found = [(RegistryFile.at(Path(str(one.package), FILE), one.distribution), one) for one in plugins]
    core = RegistryFile.at(core_registry(), CORE, check=False)
    return _catalog(core, tuple((file, plugin) for file, plugin in found if file.exists))


def core_registry() -> Path:
    """The core's registry file: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).parents[1]
    inside = package / FILE
    return inside if inside.is_file() else package.parent / FILE


def merge(registries: list[Registry], problems: tuple[str, ...] = ()) -> Catalog:
    """One catalogue of several registries; what is listed twice alike is one entry."""
    models, of_models = _united("models", [one.models for one in registries], lambda spec: spec.weights.sha256)
    datasets, of_datasets = _united("datasets", [one.datasets for one in registries], _without_source)
    benchmarks, of_benchmarks = _united("benchmarks", [one.benchmarks for one in registries], _without_source)
    claims = {("models", spec.id): claim for spec in models.values() if (claim := _false_domain(spec, datasets))}
    models = {name: spec for name, spec in models.items() if ("models", name) not in claims}
    conflicts = of_models | of_datasets | of_benchmarks | claims
    for sentence in conflicts.values():
        log.warning("%s", sentence)
    return Catalog(models, datasets, benchmarks, conflicts, problems)


def _false_domain(spec: ModelSpec, datasets: Mapping[str, DatasetSpec]) -> str:
    """What is wrong with the domains that a model says its training images are of, as far as the catalogue knows."""
    for one in spec.trained_on:
        known = datasets.get(one.dataset)
        if known is not None and known.domain != one.domain:
            return (
                f"{spec.source}: models: {spec.id}: trained_on: {one.dataset} is listed as {one.domain}, but "
                f"{known.source} lists it as {known.domain}; correct the domain"
            )
    return ""


@lru_cache(2)
def _catalog(core: RegistryFile, others: tuple[tuple[RegistryFile, Installed], ...]) -> Catalog:
    """The catalogue of files that are as they were, each with the plugin that brings it."""
    files = [core, *(file for file, _ in others)]
    sections = _sections(files)
    registries, problems = [specs_of(core, sections[0])], []
    for (file, plugin), known in zip(others, sections[1:], strict=True):
        try:
            registries.append(specs_of(file, known))
        except RegistryError as error:
            problems.append(f"plugin {plugin.name!r} of {plugin.distribution} {plugin.version}: {error}")
            log.warning("%s", problems[-1])
    return merge(registries, tuple(problems))


def _sections(files: list[RegistryFile]) -> list[Mapping[str, Any] | None]:
    """The sections of each file, read from the cache in one piece; None where it cannot be read."""
    name, state = "catalogue " + " ".join(file.path for file in files), "\n".join(file.state for file in files)
    return remembered(name, state, lambda: {"files": [_readable(file) for file in files]})["files"]


def _readable(file: RegistryFile) -> Mapping[str, Any] | None:
    try:
        return sections_of(file)
    except RegistryError:
        return None  # which is reported where the specs are made of it


def _used(listed: Catalog, section: str, name: str, also: Mapping[str, str] | None = None) -> Any:
    """The spec of that name, its entry checked."""
    if (section, name) in listed.conflicts:
        raise RegistryError(listed.conflicts[section, name])
    among = getattr(listed, section)
    if name not in among:
        raise UnknownNameError.among(SECTIONS[section].kind, name, {*among, *(also or {})})
    check_entries(among[name].source, section, {name: entry_of(among[name])})
    return among[name]


def _united(
    section: str, registries: list[Mapping[str, Spec]], identity: Callable[[Spec], Any]
) -> tuple[dict[str, Spec], dict[tuple[str, str], str]]:
    """What several files list by name; and what they list differently, with a sentence each."""
    united: dict[str, Spec] = {}
    conflicts: dict[tuple[str, str], str] = {}
    for name, spec in (item for listed in registries for item in listed.items()):
        first = united.setdefault(name, spec)
        if identity(first) != identity(spec):
            conflicts[section, name] = (
                f"the {SECTIONS[section].kind} {name} is listed differently by {first.source} and {spec.source}: "
                f"{identity(first)} and {identity(spec)}; uninstall one of the two, or rename its entry"
            )
    return {name: spec for name, spec in united.items() if (section, name) not in conflicts}, conflicts


def _without_source(spec: DatasetSpec | BenchmarkSpec) -> DatasetSpec | BenchmarkSpec:
    return replace(spec, source="")
