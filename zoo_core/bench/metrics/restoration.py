"""Metrics of restored images, of the numbers that `comparison` gives for each image."""

from functools import partial

import numpy as np

from ...metric import Bootstrap, Metric
from ...scores import ColumnScores, Truth
from .columns import of_column

__all__ = ["restoration_metrics"]

TASK = "restoration"


def restoration_metrics() -> list[Metric]:
    """All metrics of restored images.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.restoration import restoration_metrics
        >>> from zoo_core.scores import ColumnScores
        >>> psnr = restoration_metrics()[0]
        >>> psnr.value(ColumnScores({"psnr": np.array([30.0, 34.0])}), {"id": np.arange(2)})
        32.0
    """
    return [
        Metric("psnr", TASK, of_column("psnr", np.mean), summary="mean peak signal-to-noise ratio, dB"),
        Metric(
            "ssim",
            TASK,
            of_column("ssim", np.mean),
            summary="mean structural similarity of asinh images (Wang et al. 2004)",
        ),
        Metric(
            "snr_gain",
            TASK,
            of_column("snr_gain", np.median),
            summary="median over images of the noise of source pixels before over after",
        ),
        _error("arc_flux_error", Bootstrap(_arc_flux_error), "median of |1 - flux of the arcs over the true one|"),
        _error(
            "point_flux_error", Bootstrap(partial(_mean_error, "points")), "mean relative error of the flux of stars"
        ),
        _error(
            "galaxy_flux_error",
            Bootstrap(partial(_mean_error, "galaxies")),
            "mean relative error of the flux of galaxies that are not lensed",
        ),
        _error(
            "chi2_excess",
            Bootstrap(_chi2_excess),
            "|chi^2 - 1|, median chi^2 per pixel of what was taken away; 0 if that is the noise",
        ),
    ]


def _error(name: str, interval: Bootstrap, summary: str) -> Metric:
    return Metric(name, TASK, interval, higher_is_better=False, summary=summary)


def _arc_flux_error(scores: ColumnScores, truth: Truth) -> float:
    lenses = truth["label"] == 1
    return float(np.median(np.abs(1 - scores.columns["arc_flux"][lenses]))) if lenses.any() else float("nan")


def _mean_error(sources: str, scores: ColumnScores, truth: Truth) -> float:
    count = float(scores.columns[sources].sum())
    return float(scores.columns[f"{sources}_error"].sum()) / count if count else float("nan")


def _chi2_excess(scores: ColumnScores, truth: Truth) -> float:
    return abs(float(np.median(scores.columns["chi2"])) - 1) if len(truth["id"]) else float("nan")
