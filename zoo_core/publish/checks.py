"""What a model must hold to be proposed for the board: a sentence for everything that is missing or false."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..bench.verify import faults_on_file
from ..catalog.entries import entry_of
from ..catalog.registry import catalog
from ..catalog.schema import check_entry
from ..catalog.specs import ModelSpec
from ..errors import RegistryError, ZooError
from ..models.load import load_spec
from ..testing.check import check
from ..testing.golden import replay, tolerance
from .declaration import faults_of_declaration

__all__ = ["LARGEST", "Candidate", "Check", "checked"]

LARGEST = 16_000_000  # bytes of a file in the repository


@dataclass(frozen=True)
class Candidate:
    """A model with all that its proposal will hold.

    Arguments:
        name: what `zoo.load` takes.
        spec: its entry.
        weights, golden: the files.
        results: JSON files of what was measured of it.
    """

    name: str | Path
    spec: ModelSpec
    weights: Path
    golden: Path
    results: tuple[Path, ...]


@dataclass(frozen=True)
class Check:
    """What came of checking one thing.

    Arguments:
        subject: what was checked.
        faults: what is missing or false, which value, and what to do; a sentence each.
    """

    subject: str
    faults: tuple[str, ...]


def checked(candidate: Candidate) -> list[Check]:
    """All checks, also after one has failed."""
    return [Check(subject, tuple(_found(faults, candidate))) for subject, faults in _CHECKS.items()]


def _found(faults: Callable[[Candidate], Iterator[str]], candidate: Candidate) -> Iterator[str]:
    try:
        yield from faults(candidate)
    except ZooError as error:
        yield str(error)


def _entry(candidate: Candidate) -> Iterator[str]:
    """The licence is one of the SPDX list, and every key what the schema says."""
    check_entry("models", entry_of(candidate.spec), candidate.spec.source, RegistryError)
    if not candidate.spec.summary:
        yield "summary is empty: say in a line what the model is"


def _training(candidate: Candidate) -> Iterator[str]:
    yield from faults_of_declaration(candidate.spec)


def _known_failures(candidate: Candidate) -> Iterator[str]:
    if not any(sentence.strip() for sentence in candidate.spec.known_failures):
        yield (
            "known_failures is empty: say in a sentence what it gets wrong; its worst mistakes are drawn by "
            f"`zoo explain {candidate.name} --on BENCHMARK --worst 12 -o worst.png`"
        )


def _paper(candidate: Candidate) -> Iterator[str]:
    paper = candidate.spec.paper.strip()
    if not paper.startswith("@") or not paper.endswith("}"):
        given = f"{paper[:40]!r}" if paper else "empty"
        yield f"paper is {given}: give the BibTeX of what is to be cited, @misc with author, title and year if need be"


def _weights(candidate: Candidate) -> Iterator[str]:
    spec, size = candidate.spec, candidate.weights.stat().st_size
    if spec.weights.repo is None and size > LARGEST:
        yield (
            f"the weights have {size:,} bytes, at most {LARGEST:,} come with a plugin: put them on the Hub, and write "
            "the repository and the commit that `zoo publish` prints into the entry"
        )
    known = catalog().models.get(spec.id)
    if known is not None and known.weights.sha256 != spec.weights.sha256:
        yield (
            f"{spec.id} is listed by {known.source} with other weights (sha256 {known.weights.sha256}, not "
            f"{spec.weights.sha256}): choose another tag"
        )


def _golden(candidate: Candidate) -> Iterator[str]:
    worst, allowed = replay(load_spec(candidate.spec, candidate.weights), candidate.golden)[0], tolerance("cpu")
    if not worst.value <= allowed:
        yield (
            f"{worst.quantity} of {worst.id} is off by {worst.value:.1e}, more than {allowed:g}: find out why, or "
            "write the golden file again (`zoo bundle`)"
        )


def _laws(candidate: Candidate) -> Iterator[str]:
    report = check(candidate.spec.architecture)
    yield from (f"{one.law}: {one.message}" for one in report.outcomes if one.status == "broken")


def _results(candidate: Candidate) -> Iterator[str]:
    if not candidate.results:
        yield f"nothing was measured: `zoo benchmark {candidate.name} --on BENCHMARK`, see `zoo benchmarks`"
    for path in candidate.results:
        large = [file for file in (path, path.with_suffix(".parquet")) if file.stat().st_size > LARGEST]
        yield from (f"{file} has {file.stat().st_size:,} bytes, at most {LARGEST:,} are taken" for file in large)
        yield from (f"{path}: {fault}" for fault in faults_on_file(path, candidate.name))


_CHECKS: dict[str, Callable[[Candidate], Iterator[str]]] = {
    "entry and licence": _entry,
    "training data": _training,
    "known failures": _known_failures,
    "paper": _paper,
    "weights": _weights,
    "golden file": _golden,
    "laws": _laws,
    "results": _results,
}
