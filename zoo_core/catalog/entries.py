"""Entries of registries and folders, as specs and back.

Listing what is published builds specs and checks nothing: `schema`, which says what an entry may hold, costs more time
to import than all the rest. An entry is checked when its file is a stranger's, and when it is used.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from ..errors import ZooError
from ..predictions import Calibration, Familiarity, Heads
from .specs import BenchmarkSpec, Cost, DatasetSpec, ModelSpec, TrainedOn, WeightsSpec

__all__ = ["SCHEMA", "benchmark_spec", "check_version", "dataset_spec", "entry_of", "model_spec", "resampled_scale"]

SCHEMA = 2


def model_spec(entry: Mapping[str, Any], source: str) -> ModelSpec:
    """The model of an entry, whose keys are the fields of `ModelSpec`."""
    read = {key: _tuple(value) for key, value in entry.items()}
    if "pixel_scale" not in read and (resampled := resampled_scale(read.get("preprocess", ()))) is not None:
        read["pixel_scale"] = resampled
    parts = {
        "heads": Heads(**_tuples(read.pop("heads", {}))),
        "calibration": Calibration(**_tuples(read.pop("calibration", {}))),
        "familiarity": _familiarity(read.pop("familiarity", {})),
        "weights": WeightsSpec(**read.pop("weights")),
        "cost": _cost(read.pop("cost", None)),
        "trained_on": tuple(TrainedOn(**one) for one in read.pop("trained_on", ())),
    }
    return ModelSpec(**read, **parts, source=source)


def resampled_scale(operations: Iterable[Any]) -> float | None:
    """Arcsec of the pixels that a preprocessing resamples to by itself, or None."""
    declared = (one for one in operations if isinstance(one, Mapping) and one.get("op") == "resample")
    return next((one.get("pixel_scale") for one in declared), None)


def dataset_spec(entry: Mapping[str, Any], source: str) -> DatasetSpec:
    """The data set of an entry, whose keys are the fields of `DatasetSpec`."""
    return DatasetSpec(**entry, source=source)


def benchmark_spec(entry: Mapping[str, Any], source: str) -> BenchmarkSpec:
    """The benchmark of an entry, whose keys are the fields of `BenchmarkSpec`."""
    flat = {key: _tuple(value) for key, value in entry.items()}
    flat["strata"] = {column: _tuple(edges) for column, edges in flat.get("strata", {}).items()}
    return BenchmarkSpec(**flat, source=source)


def entry_of(spec: ModelSpec | DatasetSpec | BenchmarkSpec) -> dict[str, Any]:
    """The entry that these functions read back, as plain JSON values; without its source.

    Keys that older versions of the zoo refuse are left out where they say nothing.
    """
    entry = asdict(spec)
    del entry["source"]
    if isinstance(spec, ModelSpec) and not spec.calibration.error_scales:
        del entry["calibration"]["error_scales"]
    if isinstance(spec, ModelSpec) and spec.heads.likelihood == Heads().likelihood:
        del entry["heads"]["likelihood"]
    if isinstance(spec, ModelSpec) and spec.familiarity == Familiarity():
        del entry["familiarity"]
    if isinstance(spec, ModelSpec) and spec.cost is None:
        del entry["cost"]
    if isinstance(spec, ModelSpec) and not spec.told:
        del entry["told"]
    return json.loads(json.dumps(entry))


def check_version(version: Any, where: str, error: type[ZooError]) -> None:
    """Raise `error` unless this version of the zoo reads that version of the schema."""
    if version != SCHEMA:
        newer = isinstance(version, int) and version > SCHEMA
        remedy = "upgrade zoo-core (pip install -U zoo-core)" if newer else f"write it as of `schema: {SCHEMA}`"
        raise error(f"{where}: schema is {version!r}, this version of the zoo reads {SCHEMA}; {remedy}")


def _familiarity(values: Mapping[str, Any]) -> Familiarity:
    return Familiarity(**{**values, "ranges": tuple(map(tuple, values.get("ranges", ())))})


def _cost(values: Mapping[str, int | None] | None) -> Cost | None:
    return None if values is None else Cost(**values)  # pyright: ignore[reportArgumentType]


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _tuple(value) for key, value in values.items()}


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
