"""What a pull request proposes, read from its files alone: no code of it is run.

models.txt          ids of the models that it lists or measures, a line each
requirements.txt    what must be installed to try them: plugins of the proposal, or distributions of a package index
"""

import filecmp
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ..catalog.measured import RESULTS
from ..catalog.registry import FILE, Registry, read_registry
from ..catalog.specs import BenchmarkSpec, DatasetSpec, ModelSpec
from ..files import make_folder
from .places import PLUGINS, REQUIREMENTS

__all__ = ["Review", "review", "write_review"]

Spec = TypeVar("Spec", ModelSpec, DatasetSpec, BenchmarkSpec)

CORE = "zoo-core"
VERIFIED = "verified"  # folder of what maintainers have measured again
BESIDES = (FILE, "README.md", "CHANGELOG.md", REQUIREMENTS.as_posix(), "docs/leaderboard/")  # that a model may change


@dataclass(frozen=True)
class Review:
    """What is proposed, and what of it cannot be.

    Arguments:
        models: ids, in order.
        requirements: lines of a requirements file.
        faults: a sentence each.
    """

    models: tuple[str, ...]
    requirements: tuple[str, ...]
    faults: tuple[str, ...]


def review(proposal: Path, base: Path) -> Review:
    """Compare a checkout with a proposal to one without.

    A model must bring its results. A proposal of a new model leaves entries and results of all others as they are; one
    that lists none may change those of listed models, which are then checked as proposed. Data sets, benchmarks and
    code of the zoo are proposed apart from models. Files below `verified` and results of hidden tests are refused,
    since only maintainers and the keepers of the truth write them.

    Raises:
        RegistryError: a registry file is malformed.
    """
    now, then = (read_registry(folder / FILE, CORE) for folder in (proposal, base))
    listed, before = now.models, then.models
    changed = sorted(_changed(proposal, base))
    measured = {path.stem: None for path in changed if _is_result(path)}
    entries = {id: None for id in listed if _moved(listed[id], "") != _moved(before.get(id), "")}
    models = tuple(id for id in {**entries, **measured} if id in listed)
    homes = {id: _home(proposal, listed[id].plugin) for id in models}
    faults = (
        *_faults_of_entries(listed, before),
        *_faults_of_results(proposal, changed, models, now),
        *_faults_of_others(models, before, changed),
        *((*_faults_of_places(changed, homes), *_faults_of_benchmarks(now, then)) if models else ()),
    )
    lines = [_requirement(proposal, homes[id], listed[id].plugin) for id in models]
    return Review(models, tuple(line for line in dict.fromkeys(lines) if line != CORE), faults)


def write_review(found: Review, to: Path) -> None:
    """Both files, empty where nothing is proposed."""
    make_folder(to)
    for name, lines in (("models.txt", found.models), ("requirements.txt", found.requirements)):
        (to / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _changed(proposal: Path, base: Path) -> Iterator[Path]:
    """Files that are in one of the two alone, or differ."""
    found = {folder: set(_files(folder)) for folder in (proposal, base)}
    yield from found[proposal] ^ found[base]
    both = found[proposal] & found[base]
    yield from (path for path in both if not filecmp.cmp(proposal / path, base / path, shallow=False))


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if path.is_file() and inside.parts[0] != ".git" and "__pycache__" not in inside.parts:
            yield inside


def _moved(spec: Spec | None, source: str) -> Spec | None:
    """The entry as if that file listed it."""
    return None if spec is None else replace(spec, source=source)


def _is_result(path: Path) -> bool:
    return path.is_relative_to(RESULTS) and VERIFIED not in path.parts and path.suffix in (".json", ".parquet")


def _home(proposal: Path, distribution: str) -> Path | None:
    """Folder of the plugin in the proposal; None: it is to be had elsewhere."""
    for file in sorted((proposal / PLUGINS).glob("*/pyproject.toml")):
        if _canonical(_name(file)) == _canonical(distribution):
            return file.parent.relative_to(proposal)
    return None


def _name(file: Path) -> str:
    """What pip calls the distribution; empty if that cannot be read."""
    try:
        return str(tomllib.loads(file.read_text(encoding="utf-8"))["project"]["name"])
    except (ValueError, KeyError, TypeError):
        return ""


def _requirement(proposal: Path, home: Path | None, distribution: str) -> str:
    return distribution if home is None else str((proposal / home).resolve())


def _canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _faults_of_entries(listed: Mapping[str, ModelSpec], before: Mapping[str, ModelSpec]) -> Iterator[str]:
    for id, spec in before.items():
        if id not in listed:
            yield f"{FILE}: {id} is gone; what is published stays listed"
        elif listed[id].weights.sha256 != spec.weights.sha256:
            yield f"{FILE}: {id} has other weights than it had; the bytes of an id never change: choose another tag"


def _faults_of_results(
    proposal: Path, changed: list[Path], models: tuple[str, ...], registry: Registry
) -> Iterator[str]:
    hidden = {name for name, spec in registry.benchmarks.items() if spec.hidden}
    for path in changed:
        if path.is_relative_to(RESULTS) and VERIFIED in path.parts:
            yield f"{path}: only maintainers write what was measured again; leave the folder `{VERIFIED}` out"
        elif _is_result(path) and not (proposal / path).is_file():
            yield f"{path}: is gone; results of others stay"
        elif _is_result(path) and path.parent.name in hidden:
            yield f"{path}: only who keeps the truth of a hidden test brings its results"
        elif _is_result(path) and path.stem not in registry.models:
            yield f"{path}: {path.stem} is in no registry; add its entry to {FILE}"
    for id in models:
        found = sorted((proposal / RESULTS).glob(f"*/{id}.json"))
        if not found:
            yield f"{id}: nothing was measured; add {RESULTS}/<benchmark>/{id}.json and {id}.parquet"
        lacking = [path for path in found if not path.with_suffix(".parquet").is_file()]
        yield from (f"{path.relative_to(proposal)}: its predictions ({id}.parquet) are missing" for path in lacking)


def _faults_of_others(models: tuple[str, ...], before: Mapping[str, ModelSpec], changed: list[Path]) -> Iterator[str]:
    """What stands in the row of one model is not changed by the proposal of another."""
    others = [id for id in models if id in before]
    if len(others) == len(models):
        return
    for id in others:
        paths = [str(path) for path in changed if _is_result(path) and path.stem == id]
        what = ", ".join(paths) or "its entry"
        yield f"{id} was listed before, and {what} changes; propose that apart from new models"


def _faults_of_benchmarks(now: Registry, then: Registry) -> Iterator[str]:
    """A model that changes what it is measured on is measured on nothing."""
    changed = {
        "benchmark": _differing(now.benchmarks, then.benchmarks),
        "data set": _differing(now.datasets, then.datasets),
    }
    for kind, names in changed.items():
        yield from (f"{FILE}: the {kind} {name} is changed; propose that apart from models" for name in names)


def _differing(after: Mapping[str, Spec], before: Mapping[str, Spec]) -> list[str]:
    return sorted(name for name in {*after, *before} if _moved(before.get(name), "") != _moved(after.get(name), ""))


def _faults_of_places(changed: list[Path], homes: Mapping[str, Path | None]) -> Iterator[str]:
    own = tuple(f"{home.as_posix()}/" for home in homes.values() if home is not None)
    for path in changed:
        if not path.as_posix().startswith((*BESIDES, *own)):
            yield f"{path}: a proposal of a model changes nothing but its entry, its results and its plugin"
