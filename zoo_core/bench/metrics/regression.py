"""Figures of merit of regressed parameters: one metric each, `nmad[theta_E]`.

The residual is prediction minus truth, in the parameter's unit.
"""

from collections.abc import Callable

import numpy as np

from ...interfaces import Metric
from .figures import Columns, rate

__all__ = ["regression_metrics"]

TASK = "regression"
OUTLIER = 3.0  # NMADs from the median residual
TO_SIGMA = 1.482602218505602  # a Gaussian's sigma over its median absolute deviation


def regression_metrics(parameters: tuple[str, ...]) -> list[Metric]:
    """Of all parameters, those of the first one first."""
    return [metric for parameter in parameters for metric in _metrics_of(parameter)]


def bias(residual: np.ndarray) -> float:
    """Median."""
    return float(np.median(residual))


def nmad(residual: np.ndarray) -> float:
    """Normalised median absolute deviation about the median: a Gaussian's sigma, whatever the outliers."""
    return TO_SIGMA * float(np.median(np.abs(residual - np.median(residual))))


def mae(residual: np.ndarray) -> float:
    """Mean absolute error."""
    return float(np.mean(np.abs(residual)))


def rmse(residual: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(residual**2)))


def _metrics_of(parameter: str) -> list[Metric]:
    def residual(predictions: Columns, truth: Columns) -> np.ndarray:
        return predictions[parameter] - truth[parameter]

    def outliers(predictions: Columns, truth: Columns) -> tuple[int, int]:
        errors = residual(predictions, truth)
        return int(np.sum(np.abs(errors - np.median(errors)) > OUTLIER * nmad(errors))), len(errors)

    def covered(predictions: Columns, truth: Columns) -> tuple[int, int]:
        errors = np.abs(residual(predictions, truth))
        return int(np.sum(errors <= predictions[f"{parameter}_err"])), len(errors)

    def of_residual(figure: Callable[[np.ndarray], float]) -> Callable[[Columns, Columns], float]:
        return lambda predictions, truth: figure(residual(predictions, truth))

    return [
        Metric(f"nmad[{parameter}]", TASK, of_residual(nmad), False, summary="normalised median absolute deviation"),
        Metric(f"bias[{parameter}]", TASK, of_residual(bias), False, summary="median of prediction minus truth"),
        Metric(f"mae[{parameter}]", TASK, of_residual(mae), False, summary="mean absolute error"),
        Metric(f"rmse[{parameter}]", TASK, of_residual(rmse), False, summary="root mean square error"),
        rate(f"outliers[{parameter}]", TASK, outliers, "share further than 3 NMAD from the median residual", False),
        rate(f"coverage[{parameter}]", TASK, covered, "share within one stated sigma; 0.683 if the errors are right"),
    ]
