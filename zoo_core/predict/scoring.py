"""From prepared images to rows of the table."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from ..errors import ArgumentError, ZooError
from ..images.origin import Origin
from ..tasks import Columns, Prediction
from .flags import flags, notes
from .outputs import Outputs
from .reading import OriginOf, PreparedBatch

if TYPE_CHECKING:
    from ..models.model import Model

__all__ = ["CHUNK_CPU", "NOT_FINITE", "PRECISIONS", "Scorer", "naming_columns", "table_of"]

PRECISIONS = {"float32": torch.float32, "bf16": torch.bfloat16}
CHUNK_CPU = 16  # images from channels to prediction at once on the CPU: what they need stays in the caches of a core
NOT_FINITE = "the network returned a value that is not finite"

logger = logging.getLogger("zoo")


@dataclass(frozen=True)
class Scorer:
    """Rows of the table for batches of prepared images.

    Arguments:
        model: trained, on its device.
        precision: of the network: "float32", or "bf16" which is faster on some devices and differs in the third digit.
        outputs: where files of predictions go; needed only for a task that leaves some.
    """

    model: Model
    precision: str = "float32"
    outputs: Outputs | None = None

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ArgumentError(f"precision= (--precision) is {self.precision!r}; choose {' or '.join(PRECISIONS)}")
        if self.model.task.written and self.outputs is None:
            raise ArgumentError(f"{self.model.id} returns images; say with out_dir= (--out-dir) where to write them")

    @property
    def purpose(self) -> str:
        """What the rows hold."""
        return "predictions"

    @property
    def origin_of(self) -> OriginOf | None:
        """What must be kept of the images; None: nothing."""
        return Origin.of if self.model.task.written else None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are predicted."""
        task = self.model.task
        return (*task.empty_columns(self.model.heads), *task.written, *self.model.familiarity.columns)

    @property
    def made_by(self) -> dict[str, str]:
        """Keywords of the files of predictions."""
        weights = str(self.model.weights_sha256)
        told = {name.upper()[:8]: str(value) for name, value in self.model.conditions.items()}
        return {"MODEL": self.model.id, "WEIGHTS": weights, **told, "ZOOVERS": version("zoo-core")}

    def rows(self, batch: PreparedBatch) -> pa.Table:
        """One row for each image of the batch, usable or not."""
        empty: Columns = {name: [] for name in self.columns}
        columns = self._columns(batch) if len(batch.pixels) else empty
        if set(columns) != set(empty):
            raise ZooError(f"{self.model.id} predicts {sorted(columns)}, its task promises {sorted(empty)}")
        return table_of(batch, {name: columns[name] for name in empty}, self._said(batch, columns))

    def _said(self, batch: PreparedBatch, columns: Columns) -> list[str]:
        """What must be known of each usable image; of one that becomes an image, also that it is a part of it."""
        cropped = [origin.cropped for origin in batch.origins] if self.model.task.written else []
        pairs = zip_longest(cropped, notes(columns, self.model.familiarity), fillvalue="")
        return ["; ".join(filter(None, pair)) for pair in pairs]

    def _columns(self, batch: PreparedBatch) -> Columns:
        count = len(batch.pixels)
        step = CHUNK_CPU if self.model.device.type == "cpu" else count
        parts = [slice(start, min(start + step, count)) for start in range(0, count, step)]
        return _halving(lambda part: self._part(batch.pixels[part], batch.origins[part]), parts)

    @torch.inference_mode()
    def predicted(self, pixels: np.ndarray) -> Prediction:
        """The prediction for prepared images (B, bands, size, size)."""
        return self._prediction(self._channels(pixels))

    @torch.inference_mode()
    def flagged(self, pixels: np.ndarray) -> tuple[Prediction, Columns]:
        """The prediction for prepared images (B, bands, size, size), and the columns of `flags`."""
        channels = self._channels(pixels)
        prediction = self._prediction(channels)
        return prediction, flags(self.model, channels, prediction)

    def _part(self, pixels: np.ndarray, origins: Sequence[Origin]) -> Columns:
        prediction, flagged = self.flagged(pixels)
        return self._of(prediction, origins) | flagged

    def _channels(self, pixels: np.ndarray) -> Tensor:
        return self.model.preprocess.channels(torch.from_numpy(pixels).to(self.model.device))

    def _prediction(self, channels: Tensor) -> Prediction:
        with torch.autocast(self.model.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            return self.model.prediction(channels)

    def _of(self, prediction: Prediction, origins: Sequence[Origin]) -> Columns:
        if self.outputs is None:
            return prediction.to_table()
        files = [self.outputs.file(origin.path) for origin in origins]
        return prediction.to_table() | prediction.write(files, origins, self.made_by)


def _halving(columns_of: Callable[[slice], Columns], parts: Sequence[slice]) -> Columns:
    """Columns for these parts of a batch, or for smaller ones when the memory does not suffice."""
    pending, done = list(reversed(parts)), []
    while pending:
        part = pending.pop()
        columns = _unless_too_large(columns_of, part)
        if columns is None:
            middle = (part.start + part.stop) // 2
            pending += [slice(middle, part.stop), slice(part.start, middle)]
        else:
            done.append(columns)
    return {name: [value for columns in done for value in columns[name]] for name in done[0]}


def _unless_too_large(columns_of: Callable[[slice], Columns], part: slice) -> Columns | None:
    try:
        return columns_of(part)
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        if part.stop - part.start == 1:
            raise ZooError(f"the memory does not suffice for a single image: {error}") from error
    logger.warning("not enough memory for %d images at once, trying half as many", part.stop - part.start)
    torch.cuda.empty_cache()
    return None


def _is_out_of_memory(error: BaseException) -> bool:
    """Allocators of the CPU and of MPS raise a plain RuntimeError."""
    reasons = ("not enough memory", "can't allocate memory", "out of memory")
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(words in str(error) for words in reasons)


def table_of(batch: PreparedBatch, columns: Columns, said: Sequence[str] = ()) -> pa.Table:
    """The rows of a batch, of which the usable ones have values in these columns, and what is said of each."""
    values = zip(*columns.values(), strict=True) if columns else ((),) * len(batch.pixels)
    rows, remarks = iter(values), iter(said)  # of the usable images only
    table: dict[str, list] = {name: [] for name in ("id", "path", "status", "message", *columns)}
    for id, path, message, usable in zip(batch.ids, batch.paths, batch.messages, batch.usable, strict=True):
        predicted, note = (next(rows), next(remarks, "")) if usable else (None, "")
        finite = predicted is not None and all(map(_is_finite, predicted))
        row = predicted if finite else (None,) * len(columns)
        reason = "; ".join(filter(None, (message, note))) if finite or predicted is None else NOT_FINITE
        for name, value in zip(table, (id, path, "ok" if finite else "error", reason, *(row or ())), strict=True):
            table[name].append(value)
    ok = [status == "ok" for status in table["status"]]
    named = naming_columns(table["id"], table["path"], ok, table["message"])
    for name in columns:
        named = named.append_column(name, pa.array(table[name]))
    return named


def naming_columns(ids: Iterable[str], paths: Iterable[str], ok: Iterable[bool], messages: Iterable[str]) -> pa.Table:
    """The columns that every table of predictions begins with."""
    statuses = ("ok" if usable else "error" for usable in ok)
    texts = {"id": ids, "path": paths, "status": statuses, "message": messages}
    return pa.table({name: pa.array(map(_readable, values), pa.string()) for name, values in texts.items()})


def _readable(text: str) -> str:
    """The text, with those bytes of a file name that are no UTF-8 written with a backslash and their number."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _is_finite(value: float | int | str | None) -> bool:
    """Whether a value may stand in a table; None says that there is none."""
    return value is None or isinstance(value, str) or math.isfinite(value)
