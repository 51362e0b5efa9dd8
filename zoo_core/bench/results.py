"""Results: one JSON a model and benchmark, and beside it the predictions of every image in Parquet.

    <results>/<benchmark>/<model>.json
    <results>/<benchmark>/<model>.parquet     id, the model's columns, and the truth as `true_<column>`

Everything in the JSON follows from the Parquet.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from ..catalog.measured import RESULTS
from ..errors import ResultError
from ..files import refused, whole
from ..scores import Scores
from ..tasks import Heads, task_named
from .fields import faults_of_fields
from .metrics.operating import OperatingPoint, Rates
from .metrics.strata import bin_title

__all__ = [
    "ALL",
    "RESULTS",
    "Estimate",
    "Result",
    "StratumResult",
    "digest",
    "predictions_of",
    "read_result",
    "read_results",
    "result_path",
    "scores_of",
    "sha256_of",
    "write_predictions",
    "write_result",
]

SCHEMA = 1
ALL = "all"  # images of a benchmark without classes are counted as
TRUE = "true_"


@dataclass(frozen=True)
class Estimate:
    """A measured number, None where it is not defined, and its 95 % interval.

    Arguments:
        method: "bootstrap", "binomial" or "none", in which case low and high are None.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    method: str = "none"


@dataclass(frozen=True)
class StratumResult:
    """What was measured on some of the images.

    Arguments:
        column, name, low, high: see `strata.Stratum`.
        images: in the stratum, by class (or {"all": n}).
        metrics: of these images; where they are all of one class, against the whole of the others.
        rates: at each operating point of the whole benchmark.
    """

    column: str
    name: str
    low: float | None
    high: float | None
    images: dict[str, int]
    metrics: dict[str, Estimate]
    rates: dict[str, Rates] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The category or the bin, as a reader knows it."""
        if self.low is None or self.high is None:
            return self.name
        return bin_title(self.low, self.high)


@dataclass(frozen=True)
class Result:
    """One model on one benchmark.

    Arguments:
        model, benchmark, task: ids.
        status: "ok", or "failed", then `message` says why and nothing else was measured.
        key: of the scores; changes with the weights, the network, the preprocessing, the data and the environment.
        hashes: sha256 of weights, preprocess, dataset, environment, predictions.
        settings: architecture, arguments, views, precision, prior: what else decides the scores.
        environment: versions that enter the key.
        machine: where it was measured; does not enter the key.
        dataset: name, version, domain of the images.
        trained_on: domain of the training images.
        seen: the model was trained on this data set; the name is that of the stored key.
        images: by class (or {"all": n}).
        metrics: by name, in the order of the benchmark; the first one ranks.
        definitions: of the metrics, a line each, and the hash of how they were computed.
        confusion: rows are the true classes, columns the called ones.
        seconds: that scoring took.
        measured: date, ISO 8601.
    """

    model: str
    benchmark: str
    task: str
    status: str
    key: str
    hashes: dict[str, str]
    settings: dict[str, Any]
    environment: dict[str, str]
    machine: dict[str, str]
    dataset: dict[str, str]
    trained_on: str
    seen: bool
    measured: str
    message: str = ""
    images: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, Estimate] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)
    confusion: list[list[int]] = field(default_factory=list)
    operating_points: list[OperatingPoint] = field(default_factory=list)
    strata: list[StratumResult] = field(default_factory=list)
    seconds: float = 0.0
    schema: int = SCHEMA

    @property
    def heads(self) -> Heads:
        """What is true of the images: classes, or parameters."""
        parameters = tuple(self.settings["parameters"])
        return Heads(() if parameters or tuple(self.images) == (ALL,) else tuple(self.images), parameters)

    @property
    def answered(self) -> Heads:
        """What the model answers: its own classes, which may be clusters, or parameters."""
        return Heads(tuple(self.settings["classes"]), tuple(self.settings["parameters"]))

    def to_json(self) -> str:
        """The text of the file; numbers that are not finite become null."""
        return json.dumps(_finite(asdict(self)), indent=1, allow_nan=False) + "\n"


_ADAPTER = TypeAdapter(Result)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def result_path(results: Path, benchmark: str, model: str) -> Path:
    """Where the result lies; the predictions have the suffix `.parquet`.

    Raises:
        ResultError: a name that cannot be a file's.
    """
    for name in (benchmark, model):
        if not _NAME.fullmatch(name):
            raise ResultError(f"{name!r} cannot name a result file; use letters, digits, '.', '_' and '-'")
    return Path(results) / benchmark / f"{model}.json"


def read_results(results: Path | str) -> list[Result]:
    """All results of a folder, by benchmark and model."""
    return [read_result(path) for path in sorted(Path(results).glob("*/*.json"))]


def read_result(path: Path) -> Result:
    """Reads one result.

    Raises:
        ResultError: the file is not a result, or of another version of this format.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        result = _ADAPTER.validate_python(content)
    except OSError as error:
        raise ResultError(refused(error, path)) from error
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise ResultError(f"{path}: {where}: {fault['msg']}; delete it and measure again") from error
    except RecursionError as error:
        raise ResultError(f"{path}: nested too deeply to be a result; delete it and measure again") from error
    except ValueError as error:
        raise ResultError(f"{path} is not JSON ({error}); delete it and measure again") from error
    if result.schema != SCHEMA:
        raise ResultError(f"{path} has schema {result.schema}, this version reads {SCHEMA}; measure again")
    if fault := next(faults_of_fields(result), ""):
        raise ResultError(f"{path}: {fault}; delete it and measure again")
    return result


def write_result(result: Result, path: Path) -> None:
    """Write it, all or nothing."""
    with whole(path) as part:
        part.write_bytes(result.to_json().encode())


def predictions_of(path: Path, result: Result) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Predictions and truth behind a result, as columns; `path` is that of its JSON.

    Raises:
        ResultError: the Parquet file is missing, or not the one that the result was computed from.
    """
    path = Path(path).with_suffix(".parquet")
    if not path.exists():
        raise ResultError(f"{path} is missing; measure {result.model} on {result.benchmark} again")
    if sha256_of(path) != result.hashes["predictions"]:
        raise ResultError(f"{path} is not what {result.model} was measured from; measure again")
    columns = _columns(path)
    truth = {name.removeprefix(TRUE): values for name, values in columns.items() if name.startswith(TRUE)}
    predictions = {name: values for name, values in columns.items() if not name.startswith(TRUE)}
    return predictions, {"id": columns["id"]} | truth


def _columns(path: Path) -> dict[str, np.ndarray]:
    try:
        table = pq.read_table(path)
        columns = {name: table[name].to_numpy() for name in ("id", *table.column_names)}
    except (OSError, KeyError, pa.ArrowException) as error:
        raise ResultError(f"{path}: not the predictions of a benchmark ({error}); measure again") from error
    return columns


def scores_of(path: Path, result: Result) -> tuple[Scores, dict[str, np.ndarray]]:
    """The stored predictions, typed; see `predictions_of`."""
    columns, truth = predictions_of(path, result)
    return typed(result, columns), truth


def typed(result: Result, columns: Mapping[str, np.ndarray]) -> Scores:
    """The columns of a result as the scores of its task."""
    return task_named(result.task).scores(columns, result.answered, result.settings["prior"])


def write_predictions(columns: Mapping[str, np.ndarray], truth: Mapping[str, np.ndarray], path: Path) -> None:
    """The file that `predictions_of` reads back; `path` is that of the result's JSON."""
    true = {f"{TRUE}{name}": values for name, values in truth.items() if name != "id"}
    with whole(Path(path).with_suffix(".parquet")) as part:
        pq.write_table(pa.table({"id": truth["id"], **columns, **true}), part, compression="zstd")


def sha256_of(path: Path) -> str:
    """sha256 of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(content: Any) -> str:
    """sha256 of plain values."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
