"""Metrics that are an average over images of a number that is stored of each."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...metric import Bootstrap

__all__ = ["of_column"]


def of_column(column: str, average: Callable[[np.ndarray], Any]) -> Bootstrap:
    """The average of a column of `ColumnScores`; NaN of no images.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.columns import of_column
        >>> from zoo_core.scores import ColumnScores
        >>> of_column("psnr", np.mean).value(ColumnScores({"psnr": np.array([30.0, 34.0])}), {"id": np.arange(2)})
        32.0
    """
    return Bootstrap(lambda scores, truth: float(average(scores.columns[column])) if len(truth["id"]) else float("nan"))
