"""What is true of one image, and what a model answered for it, as a few words under its picture."""

from functools import singledispatch
from math import isfinite

from ..bench.results import Result
from ..catalog.measured import metric_unit
from ..scores import AnomalyScores, ClassScores, ClusterScores, ColumnScores, ParameterScores, Scores, Truth
from .measured import Measured

__all__ = ["answer", "in_words", "truth_in_words"]

COLUMNS = 2  # of the truth beside the class
UNITS = {"theta_E": '"'}


def truth_in_words(result: Result, truth: Truth, row: int) -> str:
    """The class or the parameters, and what the strata of the benchmark are made of where it applies."""
    heads = result.heads
    names = [heads.classes[int(truth["label"][row])]] if heads.classes else []
    columns = [*heads.parameters, *dict.fromkeys(part.column for part in result.strata)]
    words = [text for column in columns if column in truth and (text := in_words(column, truth[column][row]))]
    return " · ".join([*names, *words[: COLUMNS + len(heads.parameters)]])


def answer(measured: Measured, row: int) -> str:
    """The model's answer for this image."""
    return _answer(measured.scores, measured.result, row)


def in_words(column: str, value: object) -> str:
    """Zero, NaN and "none" are what a column of lenses holds for other images, and say nothing.

    Example:
        >>> from zoo_core.web.answers import in_words
        >>> in_words("theta_E", 1.25), in_words("theta_E", float("nan")), in_words("kind", "none")
        ('theta_E 1.25"', '', '')
    """
    if isinstance(value, str):
        return value if value != "none" else ""
    number = float(value)  # type: ignore[arg-type]  # a NumPy scalar
    if not number or not isfinite(number):
        return ""
    digits = f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
    return f"{column} {digits}{UNITS.get(column, '')}"


@singledispatch
def _answer(scores: Scores, result: Result, row: int) -> str:
    return ""


@_answer.register(ClassScores)
def _(scores: ClassScores, result: Result, row: int) -> str:
    classes = result.answered.classes
    if scores.is_binary:
        return f"p({classes[1]}) = {scores.positive[row]:.3f}"
    called = int(scores.called[row])
    return f"{classes[called]}, p = {scores.probabilities[row, called]:.2f}"


@_answer.register(AnomalyScores)
def _(scores: AnomalyScores, result: Result, row: int) -> str:
    above = float((scores.score < scores.score[row]).mean())
    return f"score above {100 * above:.0f} % of all"


@_answer.register(ClusterScores)
def _(scores: ClusterScores, result: Result, row: int) -> str:
    return f"cluster {int(scores.cluster[row])}, p = {scores.probabilities[row].max():.2f}"


@_answer.register(ColumnScores)
def _(scores: ColumnScores, result: Result, row: int) -> str:
    name = next((name for name in result.metrics if name in scores.columns), None)  # the first of them ranks
    return f"{name} {scores.columns[name][row]:.3g} {metric_unit(name, result.heads)}".rstrip() if name else ""


@_answer.register(ParameterScores)
def _(scores: ParameterScores, result: Result, row: int) -> str:
    name = next(iter(scores.means))
    return f"{scores.means[name][row]:.3g} ± {scores.errors[name][row]:.2g}"
