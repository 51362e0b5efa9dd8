"""A hidden test: predictions that an author made without the truth, scored by whoever keeps it.

    images without truth -> author: `zoo predict` -> table of predictions -> keeper of the truth: result

The Parquet file of the result holds the truth, so the folder of results stays with its keeper until the test is over.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from astropy.table import Table

from ..catalog.folder import spec_named
from ..catalog.registry import catalog
from ..catalog.specs import BenchmarkSpec, ModelSpec
from ..errors import ArgumentError, ResultError
from ..tasks import Heads, task_named
from .environment import settings_of
from .measures import Measures
from .results import Result, digest, result_path, sha256_of, write_predictions, write_result
from .truth import truth_sha256

__all__ = ["score_predictions"]

NAMED = 3  # ids that a message shows
Columns = Mapping[str, np.ndarray]


def score_predictions(
    predictions: Path | str, truth: Path | str, model: str | Path, on: str, results: Path | str
) -> Result:
    """The result of predictions on a hidden benchmark, written into the folder of results.

    Arguments:
        predictions: table of `zoo predict`: csv, ecsv, parquet or fits.
        truth: table with `id`, `label` (name or number of the class) or the parameters, and the benchmark's strata.
        model: that made them: an id, or the folder of a model.
        on: benchmark with `hidden: true`.
        results: folder that its keeper keeps.

    Raises:
        ArgumentError: the benchmark is not hidden, or of another task than the model.
        ResultError: the truth is not the one that was fixed, or images are missing, there twice, others or not scored.
    """
    bench, spec = catalog().benchmark(on), spec_named(model)
    _require(bench, spec)
    known = _truth(Path(truth), bench, spec.heads)
    columns = _ordered(Path(predictions), known["id"], list(task_named(spec.task).empty_columns(spec.heads)))
    path = result_path(Path(results), bench.id, spec.id)
    write_predictions(columns, known, path)
    blank = _blank(bench, spec, sha256_of(path.with_suffix(".parquet")))
    result = Measures.of(bench, spec.heads).numbered(blank, columns, known)
    write_result(result, path)
    return result


def _require(bench: BenchmarkSpec, spec: ModelSpec) -> None:
    if not bench.hidden:
        raise ArgumentError(
            f"{bench.id} is no hidden test; measure on it with `zoo benchmark {spec.id} --on {bench.id}`"
        )
    if spec.task != bench.task or not task_named(spec.task).names_outputs:
        raise ArgumentError(
            f"{spec.id} is for {spec.task}, the hidden test {bench.id} for {bench.task}; models of a hidden test name "
            "their classes or parameters"
        )


def _truth(path: Path, bench: BenchmarkSpec, heads: Heads) -> dict[str, np.ndarray]:
    """The columns that metrics and strata see, if they are the ones that were fixed."""
    table = _read(path)
    names = ["id", *(heads.parameters or ("label",)), *bench.strata]
    if missing := [name for name in names if name not in table]:
        raise ResultError(f"{path}: has no column {', '.join(missing)}; it has {', '.join(table)}")
    truth = {name: table[name] for name in names}
    if not heads.parameters:
        truth["label"] = _labels(path, table["label"], heads.classes)
    found = truth_sha256(truth, heads)
    if found != bench.truth_sha256:
        raise ResultError(
            f"{path}: ids and truth have the sha256 {found}, the registry says {bench.truth_sha256} of {bench.id}; it "
            "is not the truth that was fixed"
        )
    return truth


def _labels(path: Path, column: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    if column.dtype.kind in "iu":
        return column
    if unknown := sorted({str(name) for name in column} - set(classes)):
        raise ResultError(f"{path}: {_some(unknown)} are none of the classes {', '.join(classes)}")
    return np.array([classes.index(str(name)) for name in column])


def _ordered(path: Path, ids: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
    """The columns of the predictions, in the order of the truth; each of its images once, and no other."""
    table = _read(path)
    if missing := [name for name in ("id", *names) if name not in table]:
        raise ResultError(f"{path}: has no column {', '.join(missing)}; it has {', '.join(table)}")
    given = table["id"].tolist()
    wanted, rows = set(ids.tolist()), {id: row for row, id in enumerate(given)}
    faults = {
        "are missing": wanted - set(given),
        "are there twice": {id for id in rows if given.count(id) > 1} if len(rows) < len(given) else set(),
        "are of other images": set(given) - wanted,
        "could not be read, see their `message`": _unread(table) & wanted,
    }
    found = [f"{len(those)} rows {what} ({_some(those)})" for what, those in faults.items() if those]
    if found:
        raise ResultError(f"{path}: {'; '.join(found)}; predict each image of the test once, and send the whole table")
    order = [rows[id] for id in ids.tolist()]
    columns = {name: np.asarray(table[name], dtype=float)[order] for name in names}
    for name, values in columns.items():
        if bad := ids[~np.isfinite(values)].tolist():
            raise ResultError(f"{path}: {name} of {_some(bad)} is not a finite number")
    return columns


def _unread(table: Columns) -> set:
    return set(table["id"][table["status"] != "ok"].tolist()) if "status" in table else set()


def _some(names: Collection) -> str:
    shown = [str(name) for name in sorted(names, key=str)[:NAMED]]
    return ", ".join(shown) + (" ..." if len(names) > NAMED else "")


def _read(path: Path) -> dict[str, np.ndarray]:
    """The columns of a table, ids as text."""
    readers = {".csv": _read_csv, ".parquet": pq.read_table, ".ecsv": Table.read, ".fits": Table.read}
    if path.suffix not in readers:
        raise ArgumentError(f"{path}: a table is read from {', '.join(readers)}; end the name with one of these")
    try:
        table = readers[path.suffix](path)
    except (OSError, ValueError) as error:  # of which those of pyarrow derive
        raise ResultError(f"{path}: not a table ({error})") from error
    columns = {name: np.asarray(table[name]) for name in getattr(table, "column_names", None) or table.colnames}
    return columns | ({"id": columns["id"].astype(str)} if "id" in columns else {})


def _read_csv(path: Path) -> pa.Table:
    """Ids such as 007 stay what they are."""
    return pyarrow.csv.read_csv(
        path, convert_options=pyarrow.csv.ConvertOptions(column_types={"id": pa.string(), "status": pa.string()})
    )


def _blank(bench: BenchmarkSpec, spec: ModelSpec, predictions: str) -> Result:
    """The result without numbers: weights and settings are those that the author declares."""
    hashes = {
        "weights": spec.weights.sha256,
        "preprocess": digest([dict(one) for one in spec.preprocess]),
        "dataset": str(bench.truth_sha256),
        "environment": digest({}),
        "predictions": predictions,
    }
    listed = catalog().datasets.get(bench.dataset)
    settings = settings_of(spec, "float32")
    return Result(
        model=spec.id,
        benchmark=bench.id,
        task=bench.task,
        status="ok",
        key=digest([hashes, settings]),
        hashes=hashes,
        settings=settings,
        environment={},
        machine={},
        dataset={"name": bench.dataset, "version": "", "domain": listed.domain if listed else "not stated"},
        trained_on=spec.domain,
        seen=bench.dataset in spec.training_sets,
        measured=datetime.now(UTC).date().isoformat(),
    )
