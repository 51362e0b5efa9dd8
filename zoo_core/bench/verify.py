"""Whether a result is true: every number computed again, and some of the images scored again.

    stored predictions -> every metric again -> as the result says
    images, drawn at random -> published weights -> predictions -> as those that are stored

Whoever changes a number is caught by the first line, whoever changes predictions and numbers together, or has other
weights than those that are published, by the second. The images are drawn after the result was written, so that nobody
knows which ones to leave as they are.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ..catalog.folder import folder_named, spec_named
from ..catalog.measured import published_results
from ..catalog.overlap import denials
from ..catalog.registry import catalog
from ..errors import ResultError
from ..models.load import load
from ..models.model import Model
from .claims import false_claims
from .drawn import Drawn
from .effort import Effort
from .environment import environment, machine, settings
from .examination import examine
from .opened import where_from, with_data
from .results import Result, read_result
from .scoring import predicted
from .verification import HIDDEN, Verification, badge_of, write_verification

__all__ = ["Verdict", "faults_on_file", "results_named", "verify"]

BATCH = 64

# Between machines, in standard deviations of a column: rounding, and what a GPU or half precision add to it.
TOLERANCES = {"cpu": 1e-3, "accelerator": 1e-2, "bf16": 0.1}


@dataclass(frozen=True)
class Verdict:
    """What came of verifying a result.

    Arguments:
        model, benchmark: ids.
        badge: "self-reported", "recomputed", "re-measured" or "hidden test"; empty where the claim is false.
        faults: what differs, a sentence each; none if nothing does.
        remark: why it was not re-measured.
        verification: of what was re-measured; None where nothing was.
    """

    model: str
    benchmark: str
    badge: str
    faults: tuple[str, ...] = ()
    remark: str = ""
    verification: Verification | None = None

    @property
    def is_false(self) -> bool:
        """Whether anything differs."""
        return bool(self.faults)


def verify(
    path: Path,
    model: str | Path | None = None,
    *,
    images: int | None = None,
    seed: int | None = None,
    data: str | Path | None = None,
    device: str = "auto",
    keep: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Verify the result at that path.

    Arguments:
        path: of a result's JSON; the predictions lie beside it.
        model: what `zoo.load` takes; by default the id that the result names.
        images: to score again; None: 256, or as many as decide the claim (`images_needed`).
        seed: that draws them; None: one that nobody could know before.
        data: where the images of the benchmark are, if one must have them.
        device: "auto", "cpu", "cuda" or "mps".
        keep: write what was re-measured beside the result.
        progress: called with the number of images that are scored, and of those that will be.

    Raises:
        ResultError: the file is no result of a listed benchmark.
        NotInstalledError: the plugin of the model or of the benchmark is missing.
    """
    result = read_result(path)
    spec = catalog().benchmark(result.benchmark)
    faults = faults_on_file(path, model)
    if faults:
        return Verdict(result.model, result.benchmark, "", tuple(faults))
    if spec.hidden:
        remark = "only who keeps its truth and its predictions can say more"
        return Verdict(result.model, result.benchmark, HIDDEN, remark=remark)
    if spec.needs_data and data is None:
        badge = badge_of(result, spec.truth_sha256 is not None, None)
        remark = (
            "nothing was scored again, because its images are not made here: pass data= (--data PATH); "
            + where_from(spec)
        )
        return Verdict(result.model, result.benchmark, badge, remark=remark)
    spec = with_data(spec, data, None)
    loaded = load(model or result.model, device=device)
    drawn = Drawn.of(path, result, spec, images, seed)
    faults, verification = _measured_again(result, loaded, drawn, progress)
    if faults:
        return Verdict(result.model, result.benchmark, "", tuple(faults))
    if keep:
        write_verification(verification, path)
    return Verdict(result.model, result.benchmark, "re-measured", verification=verification.sealed())


def faults_on_file(path: Path, model: str | Path | None = None) -> list[str]:
    """What is false of the result at that path as far as it can be told without scoring an image, a sentence each.

    Arguments:
        path, model: as of `verify`.
    """
    result = read_result(path)
    spec = catalog().benchmark(result.benchmark)
    faults = [*_faults_of_status(result), *_faults_of_entry(result, model)]
    return faults or _reasons(examine(path, result, spec, spec.truth_sha256, every_interval=True).reason)


def results_named(name: str, results: Path | str | None = None, on: str | None = None) -> list[tuple[Path, str | None]]:
    """Paths of the results that a name stands for, each with the model to load if the result does not say it.

    Arguments:
        name: a result's JSON, a published model, an architecture for its default tag, or the folder of a model.
        results: folder of <benchmark>/<model>.json; by default as `leaderboard`.
        on: of one benchmark only.

    Raises:
        ResultError: there is no result of that name.
    """
    if name.endswith(".json"):
        return [(Path(name), None)]
    spec, folder, results = spec_named(name), folder_named(name), published_results(results)
    found = sorted(results.glob(f"{on or '*'}/{spec.id}.json"))
    if not found:
        where = f" on {on}" if on else ""
        raise ResultError(
            f"{results} holds no result of {spec.id}{where}; measure it with `zoo benchmark {name} --on ...`"
        )
    return [(path, name if folder else None) for path in found]


def _reasons(text: str) -> list[str]:
    return [text] if text else []


def _faults_of_status(result: Result) -> list[str]:
    return [] if result.status == "ok" else [f"it failed, and claims nothing: {result.message}"]


def _faults_of_entry(result: Result, model: str | Path | None) -> Iterator[str]:
    """What the result says of the weights and of the training, against the entry."""
    spec = spec_named(model or result.model)
    if spec.id != result.model:
        yield f"it is of {result.model}, not of {spec.id}"
    if spec.weights.sha256 != result.hashes["weights"]:
        yield f"its weights have the sha256 {result.hashes['weights']}, those that are published {spec.weights.sha256}"
    yield from false_claims(result, spec)
    yield from denials(spec, catalog().benchmarks.values())


def _measured_again(
    result: Result, model: Model, drawn: Drawn, progress: Callable[[int, int], None] | None
) -> tuple[list[str], Verification]:
    faults = [*_faults_of_model(result, model), *_faults_of_images(result, drawn)]
    allowed = _tolerance(result, model)
    differences = {} if faults else _differences(result, model, drawn, progress)
    faults += [_sentence(name, apart, drawn, allowed) for name, apart in differences.items() if (apart > allowed).any()]
    largest = max((float(apart.max()) for apart in differences.values()), default=math.inf)
    assert model.spec is not None
    verification = Verification(
        model=result.model,
        benchmark=result.benchmark,
        hashes=result.hashes,
        settings=result.settings,
        images=len(drawn.rows),
        of=len(drawn.truth["id"]),
        seed=drawn.seed,
        unseen=drawn.unseen,
        largest=largest,
        tolerance=allowed,
        environment=environment(model.spec.plugin),
        machine=machine(model.device),
        verified=datetime.now(UTC).date().isoformat(),
    )
    return faults, verification


def _faults_of_model(result: Result, model: Model) -> Iterator[str]:
    found = {"weights": model.weights_sha256, "preprocess": model.preprocess.digest}
    for what, sha256 in found.items():
        if result.hashes[what] != sha256:
            yield f"its {what} has the sha256 {result.hashes[what]}, that of the published model {sha256}"
    chosen = settings(model, _precision(result))
    for name, value in chosen.items():
        if result.settings.get(name) != value:
            yield f"{name} is {result.settings.get(name)!r} in the result, {value!r} of the published model"


def _faults_of_images(result: Result, drawn: Drawn) -> Iterator[str]:
    found = drawn.dataset.fingerprint()
    if found != result.hashes["dataset"]:
        yield f"its images have the fingerprint {result.hashes['dataset']}, those of the benchmark {found}"
    elif len(drawn.dataset) != len(drawn.truth["id"]):
        yield f"it is of {len(drawn.truth['id'])} images, the benchmark has {len(drawn.dataset)}"
    elif not drawn.pinned:
        yield from _faults_of_truth(drawn)


def _faults_of_truth(drawn: Drawn) -> Iterator[str]:
    """Where no registry says what the truth is, the data set does."""
    known = drawn.dataset.truth()
    for name, stored in drawn.truth.items():
        different = [k for k, (a, b) in enumerate(zip(stored, np.asarray(known[name]), strict=True)) if not _same(a, b)]
        if different:
            first = different[0]
            whose = drawn.truth["id"][first]
            written, true = stored[first], known[name][first]
            count = len(different)
            yield f"the true {name} of {count} images is another: of {whose} {written} in the result, not {true}"


def _same(stored: object, known: object) -> bool:
    if isinstance(stored, (float, np.floating)) and isinstance(known, (float, np.floating)):
        return math.isclose(stored, known, rel_tol=1e-6, abs_tol=1e-9) or (math.isnan(stored) and math.isnan(known))
    return bool(stored == known)


def _differences(
    result: Result, model: Model, drawn: Drawn, progress: Callable[[int, int], None] | None
) -> dict[str, np.ndarray]:
    """The distance (n,) of each column between stored and new predictions, in standard deviations of the column."""
    parts = []
    for start in range(0, len(drawn.rows), BATCH):
        rows = drawn.rows[start : start + BATCH]
        effort = Effort(BATCH, _precision(result))
        parts.append(predicted(model, drawn.dataset.images(rows), drawn.dataset, rows, effort))
        if progress is not None:
            progress(min(start + BATCH, len(drawn.rows)), len(drawn.rows))
    again = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return {name: _apart(drawn.columns[name], drawn.rows, values) for name, values in again.items()}


def _apart(stored: np.ndarray, rows: np.ndarray, again: np.ndarray) -> np.ndarray:
    """Whole numbers, such as that of a cluster, are the same or infinitely far apart."""
    if stored.dtype.kind in "iu":
        return np.where(stored[rows] == again, 0.0, np.inf)
    apart = np.abs(stored[rows] - again) / (float(np.std(stored)) or 1.0)
    return np.where(np.isfinite(apart), apart, np.inf)


def _sentence(name: str, apart: np.ndarray, drawn: Drawn, allowed: float) -> str:
    count, worst = int(np.sum(apart > allowed)), drawn.rows[int(np.argmax(apart))]
    return (
        f"{name} of {count} of the {len(apart)} images that were scored again is not what the weights give: that of "
        f"{drawn.truth['id'][worst]} is {drawn.columns[name][worst]:.6g} in the result (seed {drawn.seed})"
    )


def _precision(result: Result) -> str:
    return str(result.settings.get("precision", "float32"))


def _tolerance(result: Result, model: Model) -> float:
    if _precision(result) != "float32":
        return TOLERANCES["bf16"]
    on_cpu = model.device.type == "cpu" and result.machine.get("device", "cpu").startswith("cpu")
    return TOLERANCES["cpu" if on_cpu else "accelerator"]
