"""What a network makes of many images before its last layer, a row an image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow as pa
import torch

from ..errors import ArgumentError
from .reading import PreparedBatch
from .scoring import NOT_FINITE, Scorer, naming_columns
from .tables import is_folder

__all__ = ["FeatureScorer", "check_features_place"]


@dataclass(frozen=True)
class FeatureScorer(Scorer):
    """Rows with the column `features`, a list of float32 of one length.

    Raises:
        ArgumentError: the network has none.
    """

    def __post_init__(self) -> None:
        if not hasattr(self.model.network, "features"):
            raise ArgumentError(f"{self.model.id} has no features: its network has no method `features(x)`")

    @property
    def purpose(self) -> str:
        """What the rows hold."""
        return "features"

    def rows(self, batch: PreparedBatch) -> pa.Table:
        """One row for each image of the batch; null where it is not usable."""
        values = self._features(batch.pixels)
        finite = np.isfinite(values).all(axis=1)
        usable = np.flatnonzero(batch.usable)
        ok = np.zeros(len(batch.ids), bool)
        ok[usable] = finite
        messages = list(batch.messages)
        for row in usable[~finite]:
            messages[row] = NOT_FINITE
        # pyarrow below 26 writes no Parquet of lists of a fixed size of which some are null.
        ends = np.append(0, np.cumsum(ok * values.shape[1]))
        column = pa.ListArray.from_arrays(
            pa.array(ends, pa.int32()), pa.array(values[finite].reshape(-1)), mask=pa.array(~ok)
        )
        return naming_columns(batch.ids, batch.paths, ok.tolist(), messages).append_column("features", column)

    @torch.inference_mode()
    def _features(self, pixels: np.ndarray) -> np.ndarray:
        channels = self.model.preprocess.channels(torch.from_numpy(pixels).to(self.model.device))
        return cast(np.ndarray, self.model.features_of(channels).float().flatten(1).cpu().numpy())


def check_features_place(out: Path) -> None:
    """Raise ArgumentError unless the name is that of a folder or a Parquet file, which alone hold lists."""
    if not is_folder(out) and out.suffix.lower() != ".parquet":
        raise ArgumentError(f"{out}: features are written as Parquet; end the name with .parquet, or with nothing")
