"""Rows of images whose lens was taken away, and whether it is gone, see `zoo_core.models.deblending`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import compress
from typing import cast

import numpy as np
import pyarrow as pa

from ..models.deblending import Deblended, Deblender
from ..tasks import Columns
from .reading import PreparedBatch
from .refined import CHI_SQUARE
from .scoring import Scorer, table_of

__all__ = ["DeblendingScorer"]


@dataclass(frozen=True)
class DeblendingScorer(Scorer):
    """Rows with the column `chi_square`; where the light of the lens is not gone, status and message say so."""

    @property
    def purpose(self) -> str:
        """What the rows hold."""
        return "deblended images"

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are predicted."""
        return (*super().columns, CHI_SQUARE)

    def rows(self, batch: PreparedBatch) -> pa.Table:
        """One row for each image of the batch; of those whose light is not gone no file is written."""
        if not len(batch.pixels):
            return table_of(batch, {name: [] for name in self.columns})
        channels = self._channels(batch.pixels)
        found = cast(Deblender, self.model.network).deblended(channels)
        gone = np.array([not reason for reason in found.reasons])
        columns: Columns = {name: [] for name in self.columns}
        kept = _without(batch, gone, found)
        if gone.any():
            prediction = self.model.task.prediction(found.image[gone], self.model.heads).beside(channels[gone])
            columns = self._of(prediction, kept.origins) | {CHI_SQUARE: list(compress(found.chi_square, gone))}
        return table_of(kept, columns, self._said(kept, columns))


def _without(batch: PreparedBatch, gone: np.ndarray, found: Deblended) -> PreparedBatch:
    """The batch, of which those images are unusable whose light is not gone."""
    usable = batch.usable.copy()
    usable[batch.usable] = gone
    origins = tuple(compress(batch.origins, gone))
    return replace(batch.with_reasons(found.reasons), usable=usable, pixels=batch.pixels[gone], origins=origins)
