"""Metrics of regressed parameters: one of each kind a parameter, `nmad[theta_E]`.

The residual r_i is prediction minus truth, in the parameter's unit.
"""

from collections.abc import Callable

import numpy as np

from ...metric import Binomial, Bootstrap, Metric
from ...scores import ParameterScores, Truth

__all__ = ["bias", "mae", "nmad", "regression_metrics", "rmse"]

TASK = "regression"
OUTLIER = 3.0  # NMADs from the median residual
TO_SIGMA = 1.482602218505602  # 1 / Phi^-1(3/4): a Gaussian's sigma over its median absolute deviation


def regression_metrics(parameters: tuple[str, ...]) -> list[Metric]:
    """Metrics of all parameters, those of the first one first.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.regression import regression_metrics
        >>> from zoo_core.scores import ParameterScores
        >>> scores = ParameterScores({"q": np.array([0.7, 0.9])}, {"q": np.array([0.1, 0.1])})
        >>> truth = {"id": np.arange(2), "q": np.array([0.75, 0.6])}
        >>> {m.name: round(m.value(scores, truth), 3) for m in regression_metrics(("q",)) if m.name != "nmad[q]"}
        {'bias[q]': 0.125, 'mae[q]': 0.175, 'rmse[q]': 0.215, 'outliers[q]': 0.0, 'coverage[q]': 0.5}
    """
    return [metric for parameter in parameters for metric in _metrics_of(parameter)]


def bias(residual: np.ndarray) -> float:
    """median(r)."""
    return float(np.median(residual))


def nmad(residual: np.ndarray) -> float:
    """Normalised median absolute deviation: a Gaussian's sigma, whatever the outliers.

        NMAD = 1.4826 median(|r - median(r)|)

    Source: Hoaglin, Mosteller & Tukey (1983), Understanding Robust and Exploratory Data Analysis.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.regression import nmad
        >>> round(nmad(np.array([-1.0, 0.0, 1.0, 50.0])), 4)
        1.4826
    """
    return TO_SIGMA * float(np.median(np.abs(residual - np.median(residual))))


def mae(residual: np.ndarray) -> float:
    """Mean absolute error, 1/n sum_i |r_i|."""
    return float(np.mean(np.abs(residual)))


def rmse(residual: np.ndarray) -> float:
    """Root mean square error, sqrt(1/n sum_i r_i**2)."""
    return float(np.sqrt(np.mean(residual**2)))


def _metrics_of(parameter: str) -> list[Metric]:
    def residual(scores: ParameterScores, truth: Truth) -> np.ndarray:
        return scores.means[parameter] - truth[parameter]

    def outliers(scores: ParameterScores, truth: Truth) -> tuple[int, int]:
        errors = residual(scores, truth)
        return int(np.sum(np.abs(errors - np.median(errors)) > OUTLIER * nmad(errors))), len(errors)

    def covered(scores: ParameterScores, truth: Truth) -> tuple[int, int]:
        errors = np.abs(residual(scores, truth))
        return int(np.sum(errors <= scores.errors[parameter])), len(errors)

    def lower_is_better(name: str, compute: Callable[[np.ndarray], float], summary: str) -> Metric:
        interval = Bootstrap(lambda scores, truth: compute(residual(scores, truth)))
        return Metric(f"{name}[{parameter}]", TASK, interval, higher_is_better=False, summary=summary)

    within = "share within one stated sigma; 0.683 if the errors are right"
    beyond = "share further than 3 NMAD from the median residual"
    return [
        lower_is_better("nmad", nmad, "normalised median absolute deviation"),
        lower_is_better("bias", bias, "median of prediction minus truth"),
        lower_is_better("mae", mae, "mean absolute error"),
        lower_is_better("rmse", rmse, "root mean square error"),
        Metric(f"outliers[{parameter}]", TASK, Binomial(outliers), higher_is_better=False, summary=beyond),
        Metric(f"coverage[{parameter}]", TASK, Binomial(covered), summary=within),
    ]
