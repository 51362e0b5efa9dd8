"""Pictures of the leaderboard, as SVG text that is the same whenever the numbers are."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..bench.metrics.calibration import prior_weights, reliability
from ..bench.metrics.curves import Ranking, curve
from ..bench.metrics.ranking import one_against_rest, ranking
from ..bench.results import Result, StratumResult
from ..scores import ClassScores, Scores, Truth

__all__ = ["Ranked", "completeness_plot", "reliability_plot", "roc_plot", "roc_points", "score_plot"]

# Okabe & Ito's colours, which colour-blind readers tell apart; the line styles do it in print.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
STYLES = ("-", "--", "-.", ":")
POINT = "fpr<=1e-2"
HEIGHT, LINE = 3.6, 0.2  # inches, of a plot and of a line of its legend
STEPS = 400  # points of a drawn curve, more than a screen shows


@dataclass(frozen=True)
class Ranked:
    """A result that ranks images, with what it was measured from."""

    result: Result
    scores: Scores
    truth: Truth
    ranking: Ranking

    @classmethod
    def of(cls, result: Result, scores: Scores, truth: Truth) -> "Ranked | None":
        """None for what ranks nothing."""
        found = ranking(scores, truth)
        return None if found is None else cls(result, scores, truth, found)

    @classmethod
    def of_class(cls, result: Result, scores: Scores, truth: Truth, k: int) -> "Ranked | None":
        """The images of class `k` against all others."""
        found = one_against_rest(scores, truth, k)
        return None if found is None else cls(result, scores, truth, found)


def roc_plot(measured: Sequence[Ranked], title: str = "") -> str:
    """TPR against FPR, the FPR logarithmic: surveys live at its small end."""
    figure, axes = _figure("false-positive rate", "true-positive rate")
    figure.set_figheight(HEIGHT + LINE * ((len(measured) + 1) // 2))
    negatives = max(int(np.sum(~one.ranking.positive)) for one in measured)
    for number, one in enumerate(measured):
        fpr, tpr = roc_points(one, 0.5 / negatives)
        axes.step(fpr, tpr, where="post", label=one.result.model, **_style(number))
    axes.set(xscale="log", xlim=(0.5 / negatives, 1), ylim=(0, 1), title=title)
    axes.axvline(1 / negatives, color="0.6", linewidth=0.8)
    axes.text(1.1 / negatives, 0.98, "one false positive", fontsize=7, color="0.4", va="top", rotation=90)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=7)  # beside many curves there is no room
    return _svg(figure)


def roc_points(one: Ranked, least: float) -> tuple[np.ndarray, np.ndarray]:
    """FPR and TPR at corners of the exact curve, at most STEPS of them, evenly in log FPR from `least` to 1."""
    exact = curve(one.ranking.scores, one.ranking.positive)
    fpr = np.concatenate([[0.0], exact.false_positives[0] / exact.negatives[0]])
    tpr = np.concatenate([[0.0], exact.true_positives[0] / exact.positives[0]])
    wanted = np.geomspace(least, 1, STEPS)
    corners = np.unique(np.searchsorted(fpr, wanted, side="right") - 1)
    return np.maximum(fpr[corners], least), tpr[corners]


def completeness_plot(measured: Sequence[Ranked], column: str) -> str | None:
    """Share of the lenses found at FPR <= 1e-2, in bins of a column of the truth; None if it has no bins of lenses."""
    bins = [[part for part in one.result.strata if part.column == column and _holds_lenses(part)] for one in measured]
    if not any(bins):
        return None
    figure, axes = _figure(column, "completeness at FPR ≤ 1e-2")
    limits = sorted({_limits(part) for parts in bins for part in parts})
    for number, (one, parts) in enumerate(zip(measured, bins, strict=True)):
        if parts:
            _draw_bins(axes, [limits.index(_limits(part)) for part in parts], parts, one.result.model, number)
    axes.set(ylim=(0, 1), xlim=(-0.5, len(limits) - 0.5))
    axes.set_xticks(range(len(limits)), [f"{low:g}–{high:g}" for low, high in limits])
    axes.legend(loc="best")
    return _svg(figure)


def score_plot(measured: Sequence[Ranked]) -> str:
    """Distribution of the anomaly score by class, a panel a detector, from the 1st to the 99th percentile."""
    figure = Figure(figsize=(4.8, 1.0 + 1.7 * len(measured)), layout="constrained")
    for axes, one in zip(figure.subplots(len(measured), 1, squeeze=False)[:, 0], measured, strict=True):
        low, high = np.quantile(one.ranking.scores, [0.01, 0.99])
        for number, name in enumerate(one.result.images):
            scores = one.ranking.scores[one.truth["label"] == number]
            axes.hist(scores, np.linspace(low, high, 41), density=True, histtype="step", label=name, **_style(number))
        axes.set(xlabel=f"anomaly score of {one.result.model}", yticks=[])
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.legend(loc="upper right")
    return _svg(figure)


def reliability_plot(measured: Sequence[Ranked]) -> str:
    """Share of lenses against the probability, at the lens fraction that the probabilities assume."""
    figure, axes = _figure("probability", "share of lenses")
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8)
    for number, one in enumerate(measured):
        p = one.ranking.scores
        diagram = reliability(np.stack([1 - p, p], axis=1), one.truth["label"], _weights(one))
        axes.plot(diagram.confidence, diagram.frequency, marker="o", label=one.result.model, **_style(number))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left")
    return _svg(figure)


def _holds_lenses(part: StratumResult) -> bool:
    return part.low is not None and POINT in part.rates and part.rates[POINT].positives > 0


def _limits(part: StratumResult) -> tuple[float, float]:
    assert part.low is not None and part.high is not None  # bins have limits, categories have not
    return part.low, part.high


def _draw_bins(axes: Axes, at: Sequence[int], bins: Sequence[StratumResult], model: str, number: int) -> None:
    rates = [part.rates[POINT] for part in bins]
    share = np.array([rate.found / rate.positives for rate in rates])
    limits = np.array([rate.tpr_interval for rate in rates])
    errors = np.abs(limits.T - share)
    axes.errorbar(at, share, errors, marker="o", markersize=3, capsize=2, label=model, **_style(number))


def _weights(one: Ranked) -> np.ndarray:
    """Of the images (N,): each class as often as the probabilities assume."""
    once = np.ones((1, len(one.ranking.scores)))
    if not isinstance(one.scores, ClassScores) or not one.scores.prior:
        return once[0]
    return prior_weights(one.scores.prior, one.truth["label"], once)[0]


def _style(number: int) -> dict:
    return {"color": COLOURS[number % len(COLOURS)], "linestyle": STYLES[number % len(STYLES)], "linewidth": 1.4}


def _figure(x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(4.8, HEIGHT), layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=x, ylabel=y)
    axes.grid(color="0.9", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Figure) -> str:
    text = StringIO()
    with rc_context({"svg.hashsalt": "zoo", "svg.fonttype": "none", "legend.frameon": False, "legend.fontsize": 8}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()
