"""Measuring models on a benchmark, every one alike.

    data set -> images -> model (its own preprocessing) -> predictions of every image -> metrics -> result

The scores of a model are identified by its weights, network, preprocessing, the data and the code. What has this
identity is not scored again; the metrics are computed from the stored predictions.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from ..catalog.registry import catalog
from ..catalog.specs import BenchmarkSpec
from ..errors import ArgumentError, ResultError, ZooError
from ..files import make_folder, sole
from ..interfaces import Dataset
from ..models.devices import device_named, precision_on
from ..models.load import load
from ..models.model import Model
from .effort import USUAL, Effort, Progress
from .environment import environment, machine, settings
from .opened import FILES, OpenedBenchmark, with_data
from .results import (
    RESULTS,
    Result,
    digest,
    predictions_of,
    read_result,
    result_path,
    sha256_of,
    write_predictions,
    write_result,
)
from .scoring import discard, score

__all__ = ["Progress", "benchmark", "measure"]

log = logging.getLogger("zoo")

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
    compile: bool | None = None,
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
        compile: as in `Model.predict`.
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
    effort = Effort(batch_size, precision_on(device_named(device), precision), progress, compile)
    return measure(models, spec, effort, results=results, rerun=rerun)


def measure(
    models: Sequence[Model],
    spec: BenchmarkSpec,
    effort: Effort = USUAL,
    *,
    results: str | Path = RESULTS,
    rerun: bool = False,
) -> list[Result]:
    """`benchmark` for models that are loaded and a benchmark that no registry need list."""
    for model in models:
        _require_task(model, spec)
    bench = OpenedBenchmark.opened(spec, Path(results))
    for model in models:
        _require_input(model, bench.dataset, spec.id)
    return [_Cell(model, bench, effort).result(rerun) for model in models]


@dataclass(frozen=True)
class _Cell:
    """One model on one benchmark."""

    model: Model
    bench: OpenedBenchmark
    effort: Effort

    def result(self, rerun: bool) -> Result:
        """What is there already if it still holds, else measured."""
        known = None if rerun else self._known()
        if known is not None and known.definitions == self.bench.measures.definitions:
            return known
        make_folder(self.path.parent)
        with sole(self.path):
            return self._measured(known)

    @property
    def path(self) -> Path:
        """Path of the result."""
        return result_path(self.bench.results, self.bench.spec.id, self.model.id)

    @cached_property
    def blank(self) -> Result:
        """The result before anything is measured: what identifies it."""
        spec, about = self.model.spec, self.bench.dataset.description
        assert spec is not None and self.model.weights_sha256 is not None
        versions, chosen = environment(spec.plugin), settings(self.model, self.effort.precision)
        hashes = {
            "weights": self.model.weights_sha256,
            "preprocess": self.model.preprocess.digest,
            "dataset": self.bench.fingerprint,
            "environment": digest(versions),
        }
        return Result(
            model=self.model.id,
            benchmark=self.bench.spec.id,
            task=self.bench.spec.task,
            status="ok",
            key=digest([hashes, chosen]),
            hashes=hashes,
            settings=chosen,
            environment=versions,
            machine=machine(self.model.device) | self.bench.files,
            dataset={"name": about.name, "version": about.version, "domain": about.domain},
            trained_on=spec.domain,
            seen=about.name in spec.training_sets,
            measured=datetime.now(UTC).date().isoformat(),
        )

    def _known(self) -> Result | None:
        """The result that is there, if it has the same identity and its predictions are whole."""
        if not self.path.exists():
            return None
        try:
            found = read_result(self.path)
            if (
                found.status == "ok"
                and found.key == self.blank.key
                and found.machine.get(FILES) in (None, self.blank.machine.get(FILES))
            ):
                predictions_of(self.path, found)
                return found
        except ResultError as error:
            log.warning("measuring again: %s", error)
        return None

    def _measured(self, known: Result | None) -> Result:
        if known is None:
            self.bench.check()
        try:
            result = self._with_numbers(known or self._scored())
        except FAULTS as error:
            log.error("%s on %s: %s", self.model.id, self.bench.spec.id, error)
            result = replace(self.blank, status="failed", message=f"{type(error).__name__}: {error}")
        write_result(result, self.path)
        if result.status == "ok":
            discard(self._shards)
        return result

    def _with_numbers(self, result: Result) -> Result:
        return self.bench.measures.numbered(result, *predictions_of(self.path, result))

    def _scored(self) -> Result:
        columns, seconds = score(self.model, self.bench.dataset, self._shards, self.effort)
        write_predictions(columns, self.bench.truth, self.path)
        stored = sha256_of(self.path.with_suffix(".parquet"))
        return replace(self.blank, hashes=self.blank.hashes | {"predictions": stored}, seconds=round(seconds, 1))

    @property
    def _shards(self) -> Path:
        """Folder of what is scored of it so far."""
        identity = digest([self.blank.key, self.blank.machine.get(FILES)])
        return self.path.with_name(f".{self.path.stem}-{identity[:16]}")


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
