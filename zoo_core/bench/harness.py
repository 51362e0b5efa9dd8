"""Measuring models on a benchmark, every one alike.

    data set -> images -> model (its own preprocessing) -> predictions of every image -> metrics -> result

The scores of a model are identified by its weights, network, preprocessing, the data and the code. What has this
identity is not scored again; the metrics are computed from the stored predictions.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np

from ..catalog.registry import catalog
from ..catalog.specs import BenchmarkSpec
from ..datasets.opening import open_dataset
from ..datasets.simulated.frozen import table_sha256
from ..errors import ArgumentError, FileError, ResultError, ZooError
from ..files import make_folder, sole
from ..interfaces import Dataset
from ..metric import Metric
from ..models.load import load
from ..models.model import Model
from ..plugins import metrics as plugin_metrics
from ..tasks import task_named
from .environment import environment, machine, settings
from .metrics.intervals import LEVEL, RESAMPLES
from .metrics.named import select
from .results import (
    RESULTS,
    Result,
    digest,
    predictions_of,
    read_result,
    result_path,
    scores_of,
    sha256_of,
    write_predictions,
    write_result,
)
from .scoring import discard, score
from .summary import summarise

__all__ = ["Progress", "benchmark", "measure", "with_data"]

log = logging.getLogger("zoo")

Progress = Callable[[str, int, int], None]

FILES = "files"

# What the network of a plugin may raise on images that it cannot take: a failed cell of the board, not a crash.
FAULTS = (ZooError, ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def benchmark(
    model_names: Sequence[str],
    on: str,
    *,
    data: str | Path | None = None,
    split: str | None = None,
    results: str | Path = RESULTS,
    device: str = "auto",
    batch_size: int = 64,
    precision: str = "float32",
    rerun: bool = False,
    progress: Progress | None = None,
) -> list[Result]:
    """Measure models on a benchmark and write a result for each; what is there already is returned as it is.

    Arguments:
        model_names: published models or folders.
        on: id of the benchmark.
        data: where the images of a benchmark are that one must have; the result is keyed by what lies there.
        split: of these images, instead of the one that the benchmark names.
        results: folder of the results.
        device: auto, cpu, cuda or mps.
        batch_size: images at once.
        precision: "float32" or "bf16".
        rerun: measure anew whatever is there.
        progress: called with the model's id, the finished images and all of them.

    Returns:
        One result a model, in their order; one that raised while scoring has the status "failed" and says why.

    Raises:
        UnknownNameError, UntrainedError, ArgumentError: nothing can be measured as asked.
        DatasetError, ResultError: the images are not those of the benchmark.
        FileError: another run measures the same model, or the result cannot be written.

    Example:
        Ten images of noise stand for those of a benchmark that one must have.

        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> import zoo_core as zoo
        >>> from astropy.io import fits
        >>> from astropy.table import Table
        >>> rows = [(f"{k}.fits", "lens" if k % 2 else "nonlens", "F814W", 0.1) for k in range(10)]
        >>> with tempfile.TemporaryDirectory() as name:
        ...     folder, rng = Path(name), np.random.default_rng(0)
        ...     for file, *_ in rows:
        ...         fits.writeto(folder / file, rng.normal(size=(64, 64)))
        ...     Table(rows=rows, names=["file", "label", "band", "pixel_scale"]).write(folder / "labels.csv")
        ...     (result,) = zoo.benchmark(["trivial.space"], on="sky_space", data=folder, results=folder / "results")
        >>> result.status, sum(result.images.values()), list(result.metrics)[:2]
        ('ok', 5, ['auroc', 'tpr0'])
    """
    spec = with_data(catalog().benchmark(on), data, split)
    models = [load(name, device=device) for name in model_names]
    return measure(
        models, spec, results=results, batch_size=batch_size, precision=precision, rerun=rerun, progress=progress
    )


def measure(
    models: Sequence[Model],
    spec: BenchmarkSpec,
    *,
    results: str | Path = RESULTS,
    batch_size: int = 64,
    precision: str = "float32",
    rerun: bool = False,
    progress: Progress | None = None,
) -> list[Result]:
    """`benchmark` for models that are loaded and a benchmark that no registry need list."""
    for model in models:
        _require_task(model, spec)
    bench = _Bench.opened(spec, Path(results))
    for model in models:
        _require_input(model, bench.dataset, spec.id)
    return [_measure(model, bench, batch_size, precision, rerun, progress) for model in models]


def with_data(spec: BenchmarkSpec, data: str | Path | None, split: str | None) -> BenchmarkSpec:
    """The benchmark of the images that lie at `data`."""
    if spec.needs_data and data is None:
        raise ArgumentError(f"{spec.id} is measured on images that you must have; say where with data= (--data PATH)")
    if not spec.needs_data and (data is not None or split is not None):
        raise ArgumentError(f"{spec.id} brings its own images; leave data= (--data) and split= (--split) away")
    chosen = {"path": None if data is None else str(data), "split": split}
    return replace(spec, arguments={**spec.arguments, **{key: value for key, value in chosen.items() if value}})


@dataclass(frozen=True)
class _Bench:
    """A benchmark with its data set open."""

    spec: BenchmarkSpec
    results: Path
    dataset: Dataset
    fingerprint: str
    metrics: Sequence[Metric]

    @classmethod
    def opened(cls, spec: BenchmarkSpec, results: Path) -> "_Bench":
        dataset = open_dataset(spec.dataset, **spec.arguments)
        _check_domain(spec, dataset)
        found = dataset.fingerprint()
        if spec.sha256 is not None and found != spec.sha256:
            raise ResultError(
                f"{spec.id}: the data set {spec.dataset} has the fingerprint {found}, the registry says {spec.sha256}; "
                "these are not the images of the benchmark"
            )
        available = [*task_named(spec.task).metrics(dataset.description.heads), *plugin_metrics([spec.plugin])]
        metrics = select(spec.metrics, spec.task, available)
        return cls(spec, results, dataset, found, metrics)

    @cached_property
    def truth(self) -> dict[str, np.ndarray]:
        """What metrics and strata see, and what is stored: with the predictions it gives every number again."""
        truth = self.dataset.truth()
        names = ["id", *(self.dataset.description.heads.parameters or ("label",)), *self.spec.strata]
        missing = sorted(set(names) - set(truth))
        if missing:
            raise ResultError(f"{self.spec.id}: the truth lacks {', '.join(missing)}; it has {', '.join(truth)}")
        return {name: np.asarray(truth[name]) for name in names}

    @cached_property
    def files(self) -> dict[str, str]:
        """What identifies the images on this machine, if they are read from files."""
        return {FILES: self.dataset.identity()} if self.dataset.paths else {}

    @cached_property
    def table_sha256(self) -> str | None:
        """Of all images, and not only of the first ones as the fingerprint; None where the registry pins none."""
        if self.spec.table_sha256 is None:
            return None
        log.info("checking the parameters of the %s images of %s", f"{len(self.dataset):,}", self.spec.id)
        return table_sha256(self.dataset)

    def check_table(self) -> None:
        """Raise ResultError unless every image is the one that was frozen."""
        if self.table_sha256 != self.spec.table_sha256:
            raise ResultError(
                f"{self.spec.id}: the table of all parameters has the sha256 {self.table_sha256}, the registry says "
                f"{self.spec.table_sha256}; arguments and first images agree, so this version draws some of the others "
                "differently: measure with the version that the registry belongs to"
            )

    @property
    def definitions(self) -> dict[str, str]:
        """Of the metrics, and the hash that changes with whatever the numbers are computed by."""
        lines = {metric.name: metric.summary for metric in self.metrics}
        strata = {column: list(edges) for column, edges in self.spec.strata.items()}
        how = [lines, strata, RESAMPLES, LEVEL, environment(self.spec.plugin)]
        return lines | {"sha256": digest(how)}


def _check_domain(spec: BenchmarkSpec, dataset: Dataset) -> None:
    listed = catalog().datasets.get(spec.dataset)
    if listed is not None and listed.domain != dataset.description.domain:
        raise ResultError(
            f"{spec.id}: its images are {dataset.description.domain}, but {listed.source} lists {listed.name} as "
            f"{listed.domain}; correct the registry"
        )


def _require_task(model: Model, spec: BenchmarkSpec) -> None:
    model.require_trained()
    if model.task.name != spec.task:
        raise ArgumentError(f"{model.id} is for {model.task.name}, the benchmark {spec.id} for {spec.task}")


def _require_input(model: Model, dataset: Dataset, benchmark_id: str) -> None:
    about = dataset.description
    if len(model.bands) != len(about.bands):
        raise ArgumentError(
            f"{model.id} takes the bands {', '.join(model.bands)}, {benchmark_id} has {', '.join(about.bands)}"
        )
    if not model.task.names_outputs:
        return
    named = (
        (model.heads.classes, model.heads.parameters),
        (about.heads.classes, about.heads.parameters),
    )
    if named[0] != named[1]:
        raise ArgumentError(f"{model.id} answers {named[0]}, the truth of {benchmark_id} is {named[1]}")


def _measure(
    model: Model, bench: _Bench, batch_size: int, precision: str, rerun: bool, progress: Progress | None
) -> Result:
    path = result_path(bench.results, bench.spec.id, model.id)
    blank = _unmeasured(model, bench, precision)
    known = None if rerun else _known(path, blank)
    if known is not None and known.definitions == bench.definitions:
        return known
    make_folder(path.parent)
    with sole(path):
        return _measured(model, bench, blank, path, known, batch_size, precision, progress)


def _measured(
    model: Model,
    bench: _Bench,
    blank: Result,
    path: Path,
    known: Result | None,
    batch_size: int,
    precision: str,
    progress: Progress | None,
) -> Result:
    if known is None:
        bench.check_table()
    try:
        if known is None:
            known = _scored(model, bench, blank, path, batch_size, precision, progress)
        result = _with_numbers(known, bench, path)
    except FileError:
        raise  # the machine's fault and not the model's
    except FAULTS as error:
        log.error("%s on %s: %s", model.id, bench.spec.id, error)
        result = replace(blank, status="failed", message=f"{type(error).__name__}: {error}")
    write_result(result, path)
    if result.status == "ok":
        discard(_shards(path, result))
    return result


def _shards(path: Path, result: Result) -> Path:
    return path.with_name(f".{path.stem}-{digest([result.key, result.machine.get(FILES)])[:16]}")


def _known(path: Path, blank: Result) -> Result | None:
    """The result that is there, if it has the same identity and its predictions are whole."""
    if not path.exists():
        return None
    try:
        found = read_result(path)
        if (
            found.status == "ok"
            and found.key == blank.key
            and found.machine.get(FILES) in (None, blank.machine.get(FILES))
        ):
            predictions_of(path, found)
            return found
    except ResultError as error:
        log.warning("measuring again: %s", error)
    return None


def _unmeasured(model: Model, bench: _Bench, precision: str) -> Result:
    spec, about = model.spec, bench.dataset.description
    assert spec is not None and model.weights_sha256 is not None
    versions, chosen = environment(spec.plugin), settings(model, precision)
    hashes = {
        "weights": model.weights_sha256,
        "preprocess": model.preprocess.digest,
        "dataset": bench.fingerprint,
        "environment": digest(versions),
    }
    return Result(
        model=model.id,
        benchmark=bench.spec.id,
        task=bench.spec.task,
        status="ok",
        key=digest([hashes, chosen]),
        hashes=hashes,
        settings=chosen,
        environment=versions,
        machine=machine(model.device) | bench.files,
        dataset={"name": about.name, "version": about.version, "domain": about.domain},
        trained_on=spec.domain,
        seen=about.name in spec.training_sets,
        measured=datetime.now(UTC).date().isoformat(),
    )


def _scored(
    model: Model,
    bench: _Bench,
    blank: Result,
    path: Path,
    batch_size: int,
    precision: str,
    progress: Progress | None,
) -> Result:
    advance = None if progress is None else (lambda done, total: progress(model.id, done, total))
    columns, seconds = score(model, bench.dataset, _shards(path, blank), batch_size, precision, advance)
    write_predictions(columns, bench.truth, path)
    stored = sha256_of(path.with_suffix(".parquet"))
    return replace(blank, hashes=blank.hashes | {"predictions": stored}, seconds=round(seconds, 1))


def _with_numbers(result: Result, bench: _Bench, path: Path) -> Result:
    scores, truth = scores_of(path, result)
    summary = summarise(scores, truth, bench.metrics, bench.dataset.description.heads, bench.spec.strata)
    return replace(result, definitions=bench.definitions, **vars(summary))
