"""What a pull request needs to have a model listed, laid out as the repository has it.

    registry.yaml                                       with the entry
    docs/leaderboard/results/<benchmark>/<id>.json      what was measured
    docs/leaderboard/results/<benchmark>/<id>.parquet   and the predictions
    docs/leaderboard/cards/<id>.md                      the card, for the reader of the proposal
    plugins/<name>/                                     the plugin with weights and golden file, if they come with it
    plugins/requirements.txt                            with the plugin

Nothing of it is written unless all checks are passed, and all of it is prepared before any of it is put in its place.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..bench.results import read_result
from ..catalog.added import with_model
from ..catalog.checksum import sha256_of
from ..catalog.folder import folder_named, spec_named, whole_folder
from ..catalog.measured import RESULTS, published_results
from ..catalog.registry import FILE, catalog, core_registry
from ..catalog.specs import ModelSpec
from ..catalog.weights import GOLDEN, golden_file, weights_file
from ..errors import PublishError, WeightsError
from ..files import make_folder, whole
from ..models.load import load
from ..plugins import plugin_listed
from ..testing.golden import write_golden
from .bundle import as_listed, bundled_files, listed_entry, with_cost
from .card import model_card
from .checks import LARGEST, Candidate, Check, checked
from .places import CARDS, PLUGINS, REQUIREMENTS
from .samples import samples_of

__all__ = ["Proposal", "submit"]

SOURCE = ("pyproject.toml", "README.md", "LICENSE", "recipes", "tests")  # of a plugin, beside its package


@dataclass(frozen=True)
class Proposal:
    """What came of preparing a proposal.

    Arguments:
        model: its id.
        checks: of all that it must hold.
        files: size in bytes of each file that it has, by its place in the repository; none if a check failed.
        to: where they are; None if nothing was written.
    """

    model: str
    checks: tuple[Check, ...]
    files: Mapping[str, int] = field(default_factory=dict)
    to: Path | None = None

    @property
    def passed(self) -> bool:
        """Nothing is missing and nothing is false."""
        return not any(check.faults for check in self.checks)


def submit(
    name: str | Path,
    to: Path | str | None,
    results: Path | str | None = None,
    data: Path | str | None = None,
) -> Proposal:
    """Check a model, and write what a pull request needs to have it listed.

    Arguments:
        name: what `zoo.load` takes: an id that a plugin of yours lists, or a folder of `zoo train`.
        to: a checkout of the repository, or a new folder; None: nothing is written.
        results: folder of <benchmark>/<model>.json; by default as `leaderboard`.
        data: where the images are that it was trained on, if a golden file is still to be written from files.

    Raises:
        PublishError: `to` is neither new nor a checkout, or the files cannot be read.
    """
    place = None if to is None else _place(Path(to))
    measured = published_results(results)
    with tempfile.TemporaryDirectory() as temporary:
        candidate = _candidate(name, measured, data, Path(temporary))
        checks = tuple(checked(candidate))
        if any(check.faults for check in checks):
            return Proposal(candidate.spec.id, checks)
        files = _files(candidate, place, Path(temporary) / "prepared")
        sizes = {str(inside): path.stat().st_size for inside, path in sorted(files.items())}
        if large := [f"{inside} has {size:,} bytes" for inside, size in sizes.items() if size > LARGEST]:
            raise PublishError(f"{'; '.join(large)}: at most {LARGEST:,} bytes a file are taken")
        if place is not None:
            _put(files, place)
        return Proposal(candidate.spec.id, checks, sizes, place)


def _place(to: Path) -> Path:
    if to.exists() and not _is_checkout(to) and (not to.is_dir() or any(to.iterdir())):
        raise PublishError(f"{to}: holds something; --to takes a new folder, or a checkout of the repository")
    return to


def _candidate(name: str | Path, results: Path, data: Path | str | None, temporary: Path) -> Candidate:
    spec = spec_named(name)
    measured = tuple(sorted(results.glob(f"*/{spec.id}.json")))
    known = catalog().models.get(spec.id)
    golden = _golden(name, spec, known, data, temporary)
    return Candidate(name, as_listed(spec, known), weights_file(spec), golden, measured)


def _golden(
    name: str | Path, spec: ModelSpec, known: ModelSpec | None, data: Path | str | None, temporary: Path
) -> Path:
    """The golden file; a folder that has none gets that of its plugin, or a new one."""
    try:
        return golden_file(spec)
    except WeightsError:
        if folder_named(name) is None:
            raise
    if known is not None and known.weights.sha256 == spec.weights.sha256:
        return golden_file(known)
    return write_golden(load(name, device="cpu"), samples_of(spec, data), temporary / GOLDEN)


def _files(candidate: Candidate, place: Path | None, prepared: Path) -> dict[Path, Path]:
    """Place in the repository of each file, and where it lies now."""
    spec = with_cost(candidate.spec, candidate.name)
    registry = place / FILE if place is not None and _is_checkout(place) else core_registry()
    entry = listed_entry(spec, sha256_of(candidate.golden))
    files = {Path(FILE): _written(prepared / FILE, with_model(registry, spec.id, entry))}
    for path in candidate.results:
        inside = RESULTS / path.parent.name / path.name
        files |= {inside: path, inside.with_suffix(".parquet"): path.with_suffix(".parquet")}
    card = str(model_card(spec, [read_result(path) for path in candidate.results]))
    files[CARDS / f"{spec.id}.md"] = _written(prepared / "card.md", card)
    return files | dict(_plugin_files(candidate, registry.parent, prepared))


def _plugin_files(candidate: Candidate, checkout: Path, prepared: Path) -> Iterator[tuple[Path, Path]]:
    """The plugin, unless others can have it and the weights already: from a package index, or from the Hub."""
    plugin = plugin_listed(candidate.spec.plugin)
    package = plugin.folder()
    if package is None or not (package.parent / "pyproject.toml").is_file():
        return
    home = PLUGINS / plugin.name
    for source in (package, *(package.parent / name for name in SOURCE)):
        yield from ((home / path.relative_to(package.parent), path) for path in _source_files(source))
    if candidate.spec.weights.repo is None:
        bundled = bundled_files(home / package.name, candidate.spec.id)
        yield from zip(bundled, (candidate.weights, candidate.golden), strict=True)
    requirements = checkout / REQUIREMENTS
    if requirements.is_file():
        yield REQUIREMENTS, _written(prepared / "requirements.txt", _with_line(requirements.read_text(), f"-e {home}"))


def _source_files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
    for path in sorted(source.rglob("*")) if source.is_dir() else ():
        if path.is_file() and not any(
            part.startswith((".", "__pycache__")) for part in path.parts[len(source.parts) :]
        ):
            yield path


def _with_line(text: str, line: str) -> str:
    lines = text.splitlines()
    return "\n".join(lines if line in lines else [*lines, line]) + "\n"


def _written(path: Path, text: str) -> Path:
    make_folder(path.parent)
    path.write_text(text, encoding="utf-8")
    return path


def _is_checkout(folder: Path) -> bool:
    return (folder / FILE).is_file() and (folder / "zoo_core").is_dir()


def _put(files: Mapping[Path, Path], place: Path) -> None:
    if not _is_checkout(place):
        with whole_folder(place) as partial:
            for inside, path in files.items():
                make_folder((partial / inside).parent)
                shutil.copyfile(path, partial / inside)
        return
    for inside, path in files.items():
        if not (place / inside).is_file() or not path.samefile(place / inside):
            with whole(place / inside) as part:
                shutil.copyfile(path, part)
