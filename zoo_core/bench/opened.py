"""A benchmark whose images are at hand, and are those that the registry means."""

import logging
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from ..catalog.registry import catalog
from ..catalog.specs import BenchmarkSpec
from ..datasets.opening import open_dataset
from ..datasets.simulated.frozen import table_sha256
from ..errors import ArgumentError, ResultError
from ..interfaces import Dataset
from .measures import Measures

__all__ = ["FILES", "OpenedBenchmark", "where_from", "with_data"]

log = logging.getLogger("zoo")

FILES = "files"  # key of `Result.machine` under which stands what identifies them there


@dataclass(frozen=True)
class OpenedBenchmark:
    """A benchmark with its data set open.

    Arguments:
        spec: its entry.
        results: folder of the results.
        dataset: its images.
        fingerprint: of the data set.
        measures: what is computed of predictions.
    """

    spec: BenchmarkSpec
    results: Path
    dataset: Dataset
    fingerprint: str
    measures: Measures

    @classmethod
    def opened(cls, spec: BenchmarkSpec, results: Path) -> "OpenedBenchmark":
        """Open the data set of the entry.

        Raises:
            DatasetError, ResultError: the images are not those of the benchmark.
        """
        dataset = open_dataset(spec.dataset, **spec.arguments)
        _check_domain(spec, dataset)
        found = dataset.fingerprint()
        if spec.sha256 is not None and found != spec.sha256:
            raise ResultError(
                f"{spec.id}: the data set {spec.dataset} has the fingerprint {found}, the registry says {spec.sha256}; "
                "these are not the images of the benchmark"
            )
        measures = Measures.of(spec, dataset.description.heads)
        return cls(spec, results, dataset, found, measures)

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
        """sha256 of the table of all images, not of the first ones alone; None where the registry pins none."""
        if self.spec.table_sha256 is None:
            return None
        log.info("checking the parameters of the %s images of %s", f"{len(self.dataset):,}", self.spec.id)
        return table_sha256(self.dataset)

    def check(self) -> None:
        """Raise ResultError unless every image is the one that was frozen, and all that is asked is known of them."""
        if self.table_sha256 != self.spec.table_sha256:
            raise ResultError(
                f"{self.spec.id}: the table of all parameters has the sha256 {self.table_sha256}, the registry says "
                f"{self.spec.table_sha256}; arguments and first images agree, so this version draws some of the others "
                "differently: measure with the version that the registry belongs to"
            )
        _ = self.truth


def with_data(spec: BenchmarkSpec, data: str | Path | None, split: str | None) -> BenchmarkSpec:
    """The benchmark of the images that lie at `data`."""
    if spec.hidden:
        raise ArgumentError(
            f"{spec.id} is a hidden test: `zoo predict` its images, and send the table to whoever keeps its truth"
        )
    if spec.needs_data and data is None:
        whence = where_from(spec)
        raise ArgumentError(
            f"{spec.id} is measured on images that you must have; say where with data= (--data PATH); {whence}"
        )
    if not spec.needs_data and (data is not None or split is not None):
        raise ArgumentError(f"{spec.id} brings its own images; leave out data= (--data) and split= (--split)")
    chosen = {"path": None if data is None else str(data), "split": split}
    return replace(spec, arguments={**spec.arguments, **{key: value for key, value in chosen.items() if value}})


def where_from(spec: BenchmarkSpec) -> str:
    """What to say to whoever does not have the images of a benchmark."""
    listed = catalog().datasets.get(spec.dataset)
    if listed is None or not listed.available_at:
        return f"`zoo datasets info {spec.dataset}` says what is known of them"
    return f"they come from {listed.available_at} (`zoo datasets info {spec.dataset}`)"


def _check_domain(spec: BenchmarkSpec, dataset: Dataset) -> None:
    listed = catalog().datasets.get(spec.dataset)
    if listed is not None and listed.domain != dataset.description.domain:
        raise ResultError(
            f"{spec.id}: its images are {dataset.description.domain}, but {listed.source} lists {listed.name} as "
            f"{listed.domain}; correct the registry"
        )
