"""Registry files, and the catalogue they make together."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from ..errors import PluginError, RegistryError, UnknownNameError
from ..plugins import Plugin, list_plugins
from .entries import benchmark_spec, check_version, dataset_spec, entry_of, model_spec
from .remembered import remembered
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
    registries, problems = [read_registry(core_registry(), CORE, check=False)], []
    for plugin in list_plugins(import_them=False):
        try:
            registries.append(_registry_of(plugin))
        except (RegistryError, PluginError) as error:
            problems.append(f"plugin {plugin.name!r} of {plugin.distribution} {plugin.version}: {error}")
            log.warning("%s", problems[-1])
    return merge(registries, tuple(problems))


def core_registry() -> Path:
    """The core's registry file: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).parents[1]
    inside = package / FILE
    return inside if inside.is_file() else package.parent / FILE


def read_registry(path: Path | str, plugin: str | None = None, check: bool = True) -> Registry:
    """What a registry file lists.

    Arguments:
        path: the file.
        plugin: the distribution of entries that name none.
        check: every entry now; else only what keeps a spec from being built.

    Raises:
        RegistryError: names the file, the entry and the key.
    """
    path = Path(path)
    sections = remembered(path, f"{_code()} {plugin} {check}", lambda: _sections(path, plugin, check))
    specs = {section: _specs(path, section, entries) for section, entries in sections.items()}
    _check_defaults(path, specs["models"])
    return Registry(**specs)


@cache
def _code() -> str:
    """Changes with the code that reads and checks entries."""
    files = [Path(__file__).with_name(name) for name in ("registry.py", "schema.py", "yaml12.py")]
    return " ".join(str(path.stat().st_mtime_ns) for path in files)


def _sections(path: Path, plugin: str | None, check: bool) -> dict[str, dict[str, dict[str, Any]]]:
    """Entries by section and name."""
    content = dict(read_mapping(path, RegistryError))
    check_version(content.pop("schema", None), str(path), RegistryError)
    papers = content.pop("papers", None) or {}
    sections = {section: _entries(path, section, content.pop(section, None) or {}, plugin) for section in _SECTIONS}
    if content:
        known = sorted(["papers", *_SECTIONS])
        raise RegistryError(f"{path}: {sorted(content)} are no sections of a registry; it has {known}")
    sections["models"] = {name: _cited(path, name, entry, papers) for name, entry in sections["models"].items()}
    if check:
        for section, entries in sections.items():
            _check(path, section, entries)
    return sections


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


def _registry_of(plugin: Plugin) -> Registry:
    folder = plugin.folder()
    if plugin.distribution == CORE or folder is None or not (folder / FILE).is_file():
        return Registry()
    return read_registry(folder / FILE, plugin.distribution)


def _entries(path: Path, section: str, content: Any, plugin: str | None) -> dict[str, dict[str, Any]]:
    """Entries by name, each with its name and what follows from it among its keys."""
    if not isinstance(content, dict):
        raise RegistryError(f"{path}: {section} must be a mapping of names to entries, got {type(content).__name__}")
    entries = {}
    for name, entry in content.items():
        if not isinstance(entry, dict):
            raise RegistryError(f"{path}: {section}: {name}: an entry is a mapping of keys to values, got {entry!r}")
        derived = {"architecture": str(name).partition(".")[0]} if section == "models" else {}
        default = {} if plugin is None else {"plugin": plugin}
        entries[name] = {**default, **derived, **entry, _SECTIONS[section].key: name}
    return entries


def _cited(path: Path, name: str, entry: dict[str, Any], papers: Any) -> dict[str, Any]:
    """The entry with the BibTeX of its paper, which the file holds once under `papers`; BibTeX itself stays."""
    key = entry.get("paper", "")
    if not isinstance(key, str) or not key or key.startswith("@"):
        return entry
    if not isinstance(papers, dict) or not isinstance(papers.get(key), str):
        problem = UnknownNameError.among("entry of papers", key, papers if isinstance(papers, dict) else ())
        raise RegistryError(f"{path}: models: {name}: paper: {problem}")
    return {**entry, "paper": papers[key]}


def _specs(path: Path, section: str, entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    try:
        return {name: _SECTIONS[section].spec(entry, str(path)) for name, entry in entries.items()}
    except (TypeError, KeyError, ValueError, AttributeError):
        _check(path, section, entries)
        raise


def _check(source: Path | str, section: str, entries: Mapping[str, Mapping[str, Any]]) -> None:
    from .schema import check_entry  # its library takes longer to import than a listing may take

    for name, entry in entries.items():
        check_entry(section, entry, f"{source}: {section}: {name}", RegistryError)


def _check_defaults(path: Path, models: Mapping[str, ModelSpec]) -> None:
    defaults = [spec.architecture for spec in models.values() if spec.default]
    if twice := sorted({name for name in defaults if defaults.count(name) > 1}):
        raise RegistryError(f"{path}: models: {twice[0]} has {defaults.count(twice[0])} default tags, it can have one")


def _used(listed: Catalog, section: str, name: str, also: Mapping[str, str] | None = None) -> Any:
    """The spec of that name, its entry checked."""
    if (section, name) in listed.conflicts:
        raise RegistryError(listed.conflicts[section, name])
    among = getattr(listed, section)
    if name not in among:
        raise UnknownNameError.among(_SECTIONS[section].kind, name, {*among, *(also or {})})
    _check(among[name].source, section, {name: entry_of(among[name])})
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
                f"the {_SECTIONS[section].kind} {name} is listed differently by {first.source} and {spec.source}: "
                f"{identity(first)} and {identity(spec)}; uninstall one of the two, or rename its entry"
            )
    return {name: spec for name, spec in united.items() if (section, name) not in conflicts}, conflicts


def _without_source(spec: DatasetSpec | BenchmarkSpec) -> DatasetSpec | BenchmarkSpec:
    return replace(spec, source="")


@dataclass(frozen=True)
class _Section:
    """What a section of a registry is called, which key of an entry is its name, and what is built of it."""

    kind: str
    key: str
    spec: Callable[[Mapping[str, Any], str], ModelSpec | DatasetSpec | BenchmarkSpec]


_SECTIONS = {
    "models": _Section("model", "id", model_spec),
    "datasets": _Section("data set", "name", dataset_spec),
    "benchmarks": _Section("benchmark", "id", benchmark_spec),
}
