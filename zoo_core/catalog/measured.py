"""Where the results of the leaderboard lie, and what they say."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ResultError
from ..files import refused
from ..predictions import Heads

__all__ = ["RESULTS", "false_positives_in", "metric_unit", "metrics_in", "published_results", "real_false_positives"]

RESULTS = Path("docs/leaderboard/results")
OF_RESIDUALS = ("bias", "mae", "nmad", "rmse", "scatter")
"""Metrics that have the unit of their parameter."""
UNITS = {"nll": "nats", "psnr": "dB"}
"""Units of metrics that have one of their own."""


def published_results(named: Path | str | None = None) -> Path:
    """The folder of results: the one named, else of the current directory, of the checkout, or of the package."""
    if named is not None:
        return Path(named)
    package = Path(__file__).parents[1]
    folders = (RESULTS, package.parent / RESULTS, package / "results")
    return next((folder for folder in folders if folder.is_dir()), RESULTS)


def metrics_in(path: Path) -> dict[str, Any]:
    """The metrics of a result as its file states them, without the code that could check them.

    Raises:
        ResultError: the file is no result.
    """
    return _stated(path)["metrics"]


def metric_unit(metric: str, heads: Heads) -> str:
    """Unit of a metric; empty where it has none.

    Arguments:
        metric: name, such as `mae[theta_E]`.
        heads: of a model that it was measured of.

    Example:
        >>> import zoo_core as zoo
        >>> from zoo_core.catalog.measured import metric_unit
        >>> heads = zoo.Heads(parameters=("theta_E", "q"), units=("arcsec", ""))
        >>> [metric_unit(name, heads) for name in ("mae[theta_E]", "mae[q]", "relative[theta_E]")]
        ['arcsec', '', '']
    """
    kind, _, parameter = metric.removesuffix("]").partition("[")
    if kind in OF_RESIDUALS:
        return dict(zip(heads.parameters, heads.units, strict=False)).get(parameter, "")
    return UNITS.get(kind, "")


def false_positives_in(path: Path) -> str:
    """What `real_false_positives` says of the result in this file."""
    return real_false_positives(_stated(path))


def real_false_positives(result: Mapping[str, Any]) -> str:
    """How often a finder is expected to call a real galaxy a lens, in a sentence; empty where that was not measured.

    Arguments:
        result: keys and values of its file.

    Example:
        >>> from zoo_core.catalog.measured import real_false_positives
        >>> rate = {"value": 0.1, "low": 0.01, "high": 0.25}
        >>> threshold = {"value": 0.8, "low": 0.6, "high": 0.9}
        >>> facts = {"benchmark": "sky", "dataset": {"domain": "real"}, "images": {"nonlens": 30, "lens": 20}}
        >>> print(real_false_positives(facts | {"metrics": {"fpr": rate, "p_at_fpr_1e-2": threshold}}))
        10 % (1 to 25 %) of the 30 nonlens images of sky have p >= 0.5; for 1 % ask for p >= 0.80 (0.60 to 0.90)
    """
    rate, threshold = (result["metrics"].get(name, {}) for name in ("fpr", "p_at_fpr_1e-2"))
    numbers = [one.get(key) for one in (rate, threshold) for key in ("value", "low", "high")]
    if result.get("dataset", {}).get("domain") != "real" or None in numbers:
        return ""
    called, least, most = (f"{100 * share:.2g}" for share in numbers[:3])
    limit, low, high = (f"{p:.2f}" for p in numbers[3:])
    (galaxies, count), *_ = result["images"].items()
    return (
        f"{called} % ({least} to {most} %) of the {count} {galaxies} images of {result['benchmark']} have p >= 0.5; "
        f"for 1 % ask for p >= {limit} ({low} to {high})"
    )


def _stated(path: Path) -> dict[str, Any]:
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        return stated | {"metrics": dict(stated["metrics"])}
    except OSError as error:
        raise ResultError(refused(error, path)) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ResultError(f"{path}: not a result of `zoo benchmark` ({error!r}); measure it again") from error
