"""Scoring a data set in shards: what is finished is never scored again, and a killed run leaves nothing broken."""

import shutil
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from ..errors import ResultError
from ..files import whole
from ..interfaces import Dataset
from ..models.compiled import for_run
from ..models.model import Model
from ..scores import ImageTruth
from .effort import Effort

__all__ = ["SHARD", "discard", "predicted", "score"]

SHARD = 512  # images
SECONDS = b"seconds"


def score(model: Model, dataset: Dataset, folder: Path, effort: Effort) -> tuple[dict[str, np.ndarray], float]:
    """The columns that the model predicts for all images, in order, and the seconds that took.

    Arguments:
        folder: of the finished shards; belongs to this model on this data alone.

    Raises:
        ResultError: a prediction is not a finite number.
    """
    model = for_run(model, len(dataset), effort.precision, effort.compile)
    shards = []
    for start in range(0, len(dataset), SHARD):
        stop = min(start + SHARD, len(dataset))
        path = folder / f"{start:08d}.parquet"
        if (shard := _shard(path, stop - start)) is None:
            _score_shard(model, dataset, (start, stop), path, effort)
            shard = pq.read_table(path)
        shards.append(shard)
        if effort.progress is not None:
            effort.progress(model.id, stop, len(dataset))
    seconds = sum(float((shard.schema.metadata or {})[SECONDS]) for shard in shards)
    table = pa.concat_tables([shard.replace_schema_metadata(None) for shard in shards])
    return {name: table[name].to_numpy() for name in table.column_names}, seconds


def _shard(path: Path, rows: int) -> pa.Table | None:
    """The columns of a shard; None if it is not there, or damaged."""
    try:
        found = pq.read_table(path)
    except (OSError, pa.ArrowException):
        return None
    return found if len(found) == rows and SECONDS in (found.schema.metadata or {}) else None


def discard(folder: Path) -> None:
    """Delete the shards once their rows are in the result."""
    shutil.rmtree(folder, ignore_errors=True)


def _score_shard(model: Model, dataset: Dataset, rows: tuple[int, int], path: Path, effort: Effort) -> None:
    numbers = np.arange(*rows)
    images = dataset.images(numbers)
    begun = time.perf_counter()
    columns = predicted(model, images, dataset, numbers, effort)
    seconds = str(time.perf_counter() - begun)
    _require_finite(columns, rows[0], model.id)
    with whole(path) as part:
        pq.write_table(pa.table(columns).replace_schema_metadata({SECONDS: seconds}), part)


def predicted(
    model: Model, images: np.ndarray, dataset: Dataset, rows: np.ndarray, effort: Effort
) -> dict[str, np.ndarray]:
    """The columns that the model predicts for raw images (B, bands, H, W), which are these rows of the data set."""
    parts: list[Mapping[str, list]] = []
    start, batch_size = 0, effort.batch_size
    while start < len(images):
        try:
            part = slice(start, start + batch_size)
            channels = model.preprocess.images(images[part], dataset.description.pixel_scale)
            with torch.autocast(model.device.type, torch.bfloat16, enabled=effort.precision == "bf16"):
                prediction = model.prediction(channels)
            parts.append(model.task.answers(prediction, images[part], _truth_of(dataset, rows[part])))
            start += batch_size
        except torch.OutOfMemoryError:
            if batch_size == 1:
                raise
            batch_size //= 2
    return {name: np.array([value for part in parts for value in part[name]]) for name in parts[0]}


def _truth_of(dataset: Dataset, rows: np.ndarray) -> ImageTruth:
    return ImageTruth(partial(dataset.noise_free, rows), partial(dataset.mass_maps, rows))


def _require_finite(columns: Mapping[str, np.ndarray], first: int, model: str) -> None:
    for name, values in columns.items():
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise ResultError(f"{model}: {name} of image {first + bad[0]} is {values[bad[0]]}, not a finite number")
