"""Metrics of regressed parameters: one of each kind a parameter, `nmad[theta_E]`.

The residual r_i is prediction minus truth, in the parameter's unit.
"""

from collections.abc import Callable

import numpy as np

from ...metric import Binomial, Bootstrap, Metric
from ...scores import ParameterScores, Truth
from . import marginals

__all__ = ["NOMINAL", "bias", "coverage_error", "mae", "nll", "nmad", "regression_metrics", "rmse", "scatter"]

TASK = "regression"
OUTLIER = 3.0  # NMADs from the median residual
NOMINAL = {1: 0.6826894921370859, 2: 0.9544997361036416, 3: 0.9973002039367398}  # erf(k / sqrt(2)), by k
TO_SIGMA = 1.482602218505602  # 1 / Phi^-1(3/4): a Gaussian's sigma over its median absolute deviation


def regression_metrics(parameters: tuple[str, ...]) -> list[Metric]:
    """Metrics of all parameters, those of the first one first.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.regression import regression_metrics
        >>> from zoo_core.scores import ParameterScores
        >>> scores = ParameterScores({"q": np.array([0.7, 0.9])}, {"q": np.array([0.1, 0.1])})
        >>> truth = {"id": np.arange(2), "q": np.array([0.75, 0.6])}
        >>> {m.name: round(m.value(scores, truth), 3) for m in regression_metrics(("q",))[1:6]}
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


def scatter(residual: np.ndarray) -> float:
    """Half of the interval that holds the central 68.27 % of the residuals: a Gaussian's sigma.

        (r_0.8413 - r_0.1587) / 2

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.regression import scatter
        >>> round(scatter(np.linspace(-1.0, 1.0, 1001)), 3)
        0.683
    """
    low, high = np.quantile(residual, ((1 - NOMINAL[1]) / 2, (1 + NOMINAL[1]) / 2))
    return float(high - low) / 2


def coverage_error(residual: np.ndarray, sigma: np.ndarray) -> float:
    """Mean of |share within k stated sigma - nominal share| over k = 1, 2, 3; 0 if the errors are right."""
    return float(np.mean([abs(np.mean(np.abs(residual) <= k * sigma) - share) for k, share in NOMINAL.items()]))


def nll(residual: np.ndarray, sigma: np.ndarray) -> float:
    """Mean negative log likelihood of the truth under the stated Gaussians, in nats.

    1/n sum_i [r_i**2 / (2 sigma_i**2) + ln sigma_i + ln(2 pi) / 2]
    """
    return float(np.mean(0.5 * (residual / sigma) ** 2 + np.log(sigma) + 0.5 * np.log(2 * np.pi)))


def _metrics_of(parameter: str) -> list[Metric]:
    def residual(scores: ParameterScores, truth: Truth) -> np.ndarray:
        return scores.means[parameter] - truth[parameter]

    def outliers(scores: ParameterScores, truth: Truth) -> tuple[int, int]:
        errors = residual(scores, truth)
        return int(np.sum(np.abs(errors - np.median(errors)) > OUTLIER * nmad(errors))), len(errors)

    def covered(sigmas: int) -> Binomial:
        def counts(scores: ParameterScores, truth: Truth) -> tuple[int, int]:
            errors, sigma = marginals.stated(scores, truth, parameter)
            return int(np.sum(np.abs(errors) <= sigmas * sigma)), len(errors)

        return Binomial(counts)

    def relative(scores: ParameterScores, truth: Truth) -> float:
        return float(np.median(np.abs(residual(scores, truth) / truth[parameter])))

    def of_residual(compute: Callable[[np.ndarray], float]) -> Bootstrap:
        return Bootstrap(lambda scores, truth: compute(residual(scores, truth)))

    def lower_is_better(name: str, compute: Callable[[np.ndarray], float], summary: str) -> Metric:
        return Metric(f"{name}[{parameter}]", TASK, of_residual(compute), higher_is_better=False, summary=summary)

    def share_within(name: str, sigmas: int, summary: str) -> Metric:
        return Metric(f"{name}[{parameter}]", TASK, covered(sigmas), summary=summary, ideal=NOMINAL[sigmas])

    def stated(name: str, compute: Callable[[np.ndarray, np.ndarray], float], summary: str) -> Metric:
        interval = Bootstrap(lambda scores, truth: compute(*marginals.stated(scores, truth, parameter)))
        return Metric(f"{name}[{parameter}]", TASK, interval, higher_is_better=False, summary=summary)

    within = "share within one stated sigma; 0.683 if the errors are right"
    beyond = "share further than 3 NMAD from the median residual"
    return [
        lower_is_better("nmad", nmad, "normalised median absolute deviation"),
        Metric(f"bias[{parameter}]", TASK, of_residual(bias), summary="median of prediction minus truth", ideal=0.0),
        lower_is_better("mae", mae, "mean absolute error"),
        lower_is_better("rmse", rmse, "root mean square error"),
        Metric(f"outliers[{parameter}]", TASK, Binomial(outliers), higher_is_better=False, summary=beyond),
        share_within("coverage", 1, within),
        share_within("coverage_2", 2, "share within two stated sigma; 0.954"),
        share_within("coverage_3", 3, "share within three stated sigma; 0.997"),
        stated("coverage_error", coverage_error, "mean distance of the three shares from those of right errors"),
        stated("nll", nll, "mean negative log likelihood of the truth, nats"),
        lower_is_better("scatter", scatter, "half of the interval of the central 68 % of the residuals"),
        Metric(
            f"relative[{parameter}]",
            TASK,
            Bootstrap(relative),
            higher_is_better=False,
            summary="median of the absolute residual over the absolute truth",
        ),
    ]
