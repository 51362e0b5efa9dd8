"""A model as a repository of the Hugging Face Hub: complete, proved to work, with the card of what was measured."""

import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..bench.examination import examine
from ..bench.results import Result, read_result
from ..catalog.folder import read_folder, spec_named, write_folder
from ..catalog.measured import published_results
from ..catalog.registry import catalog
from ..catalog.specs import ModelSpec
from ..catalog.weights import golden_file, weights_file
from ..errors import PublishError, WeightsError
from ..models.load import load_spec
from ..testing.golden import replay, tolerance
from .card import model_card
from .commit import UploadedModel, commit_folder, files_of
from .eval_results import write_eval_results

__all__ = ["Rehearsal", "publish", "rehearse", "write_repository"]

log = logging.getLogger("zoo")


def publish(
    name: str | Path, repo: str, results: Path | str | None = None, private: bool = False, benchmarks: str | None = None
) -> UploadedModel:
    """Upload a model with its golden file and the card of its measured results, in one commit.

    Arguments:
        name: a model of the catalogue, or a folder as `zoo train` writes it.
        repo: "owner/name"; made if it does not exist. The token is that of HF_TOKEN or of `hf auth login`.
        results: the folder of <benchmark>/<model>.json; by default as `leaderboard`.
        private: of a new repository.
        benchmarks: owner of data sets that the Hub lists as benchmarks, called as those of the results, which are then
            written as `.eval_results` too; None: they stand in the card alone.

    Raises:
        PublishError: what is missing, or why the Hub refused.
    """
    with tempfile.TemporaryDirectory() as temporary:
        published = commit_folder(write_repository(name, Path(temporary) / "model", results, benchmarks), repo, private)
    log.info("%s is at %s, commit %s", published.model, published.url, published.weights.revision)
    return published


@dataclass(frozen=True)
class Rehearsal:
    """What would be uploaded.

    Arguments:
        files: name and size in bytes of each file.
        card: the model card, Markdown.
    """

    files: Mapping[str, int]
    card: str

    def text(self, repo: str) -> str:
        """For a person who wants to see it before it is sent."""
        lines = [f"{size:>12,}  {name}" for name, size in self.files.items()]
        return "\n".join([f"nothing was sent; {repo} would hold, in bytes:", *lines, "", self.card])


def rehearse(name: str | Path, results: Path | str | None = None, benchmarks: str | None = None) -> Rehearsal:
    """All of `publish` but the upload: what is missing or does not replay is an error, and no network is used.

    Raises:
        PublishError: as `publish`.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = write_repository(name, Path(temporary) / "model", results, benchmarks)
        files = {one: (folder / one).stat().st_size for one in files_of(folder)}
        return Rehearsal(files, (folder / "README.md").read_text(encoding="utf-8"))


def write_repository(
    name: str | Path, to: Path | str, results: Path | str | None = None, benchmarks: str | None = None
) -> Path:
    """The repository as a folder: weights, config.json, golden file, card and results; `zoo.load` reads it.

    Arguments:
        name, results: as of `publish`.
        to: the folder.
        benchmarks: as of `publish`.

    Raises:
        PublishError: says all that is missing, or that the golden file does not replay.
    """
    spec = spec_named(name)
    measured = _results(spec, published_results(results))
    _check_complete(spec, measured)
    weights, golden = weights_file(spec), golden_file(spec)
    _check_replays(spec, weights, golden)
    folder = write_folder(to, spec, weights, golden)
    model_card(read_folder(folder), measured).save(folder / "README.md")
    if benchmarks is not None:
        for result in filter(lambda one: one.metrics, measured):
            write_eval_results(result, benchmarks, folder)
    return folder


def _results(spec: ModelSpec, results: Path) -> list[Result]:
    """The results of these weights on every benchmark; those of other weights, or that are not true, are refused."""
    paths = sorted(results.glob(f"*/{spec.id}.json"))
    found = [read_result(path) for path in paths]
    for path, result in zip(paths, found, strict=True):
        if fault := _fault(path, result, spec):
            again = f"run `zoo benchmark {spec.id} --on {result.benchmark} --rerun`"
            raise PublishError(f"{spec.id} on {result.benchmark}: {fault}; {again}")
    return found


def _fault(path: Path, result: Result, spec: ModelSpec) -> str:
    """Why a result is not believed; empty if it is."""
    if result.hashes.get("weights") != spec.weights.sha256:
        return "measured with other weights"
    if result.status != "ok":
        return ""
    bench = catalog().benchmarks.get(result.benchmark)
    pinned = bench.truth_sha256 if bench is not None and bench.sha256 == result.hashes.get("dataset") else None
    return examine(path, result, bench, pinned).reason


def _check_complete(spec: ModelSpec, measured: Sequence[Result]) -> None:
    missing = [key for key in ("summary", "training_data") if not getattr(spec, key)]
    if not measured:
        missing.append(f"measured results (zoo benchmark {spec.id} --on ...)")
    try:
        golden_file(spec)
    except WeightsError as error:
        missing.append(str(error))
    if missing:
        raise PublishError(f"{spec.id} can't be published yet; missing: {'; '.join(missing)}")


def _check_replays(spec: ModelSpec, weights: Path, golden: Path) -> None:
    worst = replay(load_spec(spec, weights), golden)[0]
    if worst.value > tolerance("cpu"):
        raise PublishError(
            f"{spec.id} does not replay its golden file: {worst.quantity} of {worst.id} is off by {worst.value:.1e}; "
            "find out why, or write the file again"
        )
