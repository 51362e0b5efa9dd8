"""One registry file: its sections, parsed once and then remembered, and what they list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import RegistryError, UnknownNameError
from ..remembered import remembered
from .entries import benchmark_spec, check_version, dataset_spec, model_spec
from .specs import BenchmarkSpec, DatasetSpec, ModelSpec

__all__ = ["SECTIONS", "Registry", "RegistryFile", "check_entries", "read_registry", "sections_of", "specs_of"]

Sections = Mapping[str, Mapping[str, Mapping[str, Any]]]  # entries by section and name


@dataclass(frozen=True)
class Registry:
    """What one registry file lists, by id or name."""

    models: Mapping[str, ModelSpec] = field(default_factory=dict)
    datasets: Mapping[str, DatasetSpec] = field(default_factory=dict)
    benchmarks: Mapping[str, BenchmarkSpec] = field(default_factory=dict)


@dataclass(frozen=True)
class RegistryFile:
    """A registry file as it lies there now.

    Arguments:
        path: of the file.
        plugin: the distribution of entries that name none.
        check: every entry when it is read; else only what keeps a spec from being built.
        size, time: bytes, and when it was modified (nanoseconds); -1 if it is not there.
    """

    path: str
    plugin: str | None
    check: bool
    size: int
    time: int

    @classmethod
    def at(cls, path: Path, plugin: str | None, check: bool = True) -> "RegistryFile":
        """The file at a path."""
        try:
            facts = path.stat()
        except OSError:
            return cls(str(path), plugin, check, -1, -1)
        return cls(str(path), plugin, check, facts.st_size, facts.st_mtime_ns)

    @property
    def exists(self) -> bool:
        """Whether the file is there."""
        return self.size >= 0

    @property
    def state(self) -> str:
        """Changes with what its sections are."""
        return f"{self.path} {self.plugin} {self.check} {self.size} {self.time} {_code()}"


def read_registry(path: Path | str, plugin: str | None = None, check: bool = True) -> Registry:
    """What a registry file lists.

    Arguments:
        path: the file.
        plugin: the distribution of entries that name none.
        check: every entry now; else only what keeps a spec from being built.

    Raises:
        RegistryError: names the file, the entry and the key.
    """
    return specs_of(RegistryFile.at(Path(path), plugin, check))


def sections_of(file: RegistryFile) -> Sections:
    """The entries of a file by section and name; errors as `read_registry`."""
    return remembered(f"registry {file.path}", file.state, lambda: _parsed(file))


def specs_of(file: RegistryFile, sections: Sections | None = None) -> Registry:
    """What the entries list; of the sections of that file, where they are known."""
    path = Path(file.path)
    entries = sections_of(file) if sections is None else sections
    listed = {section: _specs(path, section, entries[section]) for section in entries}
    _check_defaults(path, listed["models"])
    return Registry(**listed)


def check_entries(source: Path | str, section: str, entries: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise RegistryError unless every entry is as the schema says."""
    from .schema import check_entry  # its library takes longer to import than a listing may take

    for name, entry in entries.items():
        check_entry(section, entry, f"{source}: {section}: {name}", RegistryError)


def _parsed(file: RegistryFile) -> Sections:
    from .yaml12 import read_mapping  # its library takes longer to import than all else that a listing needs

    path, plugin = Path(file.path), file.plugin
    content = dict(read_mapping(path, RegistryError))
    check_version(content.pop("schema", None), str(path), RegistryError)
    papers = content.pop("papers", None) or {}
    sections = {section: _entries(path, section, content.pop(section, None) or {}, plugin) for section in SECTIONS}
    if content:
        known = sorted(["papers", *SECTIONS])
        raise RegistryError(f"{path}: {sorted(content)} are no sections of a registry; it has {known}")
    sections["models"] = {name: _cited(path, name, entry, papers) for name, entry in sections["models"].items()}
    if file.check:
        for section, entries in sections.items():
            check_entries(path, section, entries)
    return sections


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
        entries[name] = {**default, **derived, **entry, SECTIONS[section].key: name}
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


def _check_defaults(path: Path, models: Mapping[str, ModelSpec]) -> None:
    defaults = [spec.architecture for spec in models.values() if spec.default]
    if twice := sorted({name for name in defaults if defaults.count(name) > 1}):
        raise RegistryError(f"{path}: models: {twice[0]} has {defaults.count(twice[0])} default tags, it can have one")


def _specs(path: Path, section: str, entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    try:
        return {name: SECTIONS[section].spec(entry, str(path)) for name, entry in entries.items()}
    except (TypeError, KeyError, ValueError, AttributeError):
        check_entries(path, section, entries)
        raise


@cache
def _code() -> str:
    """Changes with the code that reads and checks entries."""
    files = [Path(__file__).with_name(name) for name in ("registry_file.py", "schema.py", "yaml12.py")]
    return " ".join(str(path.stat().st_mtime_ns) for path in files)


@dataclass(frozen=True)
class Section:
    """What a section of a registry is called, which key of an entry is its name, and what is built of it."""

    kind: str
    key: str
    spec: Callable[[Mapping[str, Any], str], ModelSpec | DatasetSpec | BenchmarkSpec]


SECTIONS = {
    "models": Section("model", "id", model_spec),
    "datasets": Section("data set", "name", dataset_spec),
    "benchmarks": Section("benchmark", "id", benchmark_spec),
}
