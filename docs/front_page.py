"""The picture and the tables of the front pages, from the stored results: `python docs/front_page.py`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from matplotlib.figure import Figure, SubFigure

from zoo_core.bench.examination import metrics_of
from zoo_core.bench.metrics.curves import Ranking
from zoo_core.bench.metrics.intervals import bootstrap
from zoo_core.bench.metrics.ranking import ranking
from zoo_core.bench.metrics.ranks import ranks
from zoo_core.bench.results import Estimate, Result, read_result, result_path, scores_of
from zoo_core.board.boards import subjects
from zoo_core.board.colours import COLOURS
from zoo_core.board.markdown import cell, line
from zoo_core.catalog.measured import metric_unit
from zoo_core.catalog.registry import catalog
from zoo_core.datasets.opening import open_dataset
from zoo_core.metric import Metric
from zoo_core.predict.gallery import NIGHT, stretched
from zoo_core.scores import ClassScores
from zoo_core.web.curves import roc_points
from zoo_core.web.thumbnails import filled

TOP = Path(__file__).parents[1]
RESULTS = TOP / "docs" / "leaderboard" / "results"
PICTURE = TOP / "docs" / "images" / "front.png"
PAGES = (TOP / "README.md", TOP / "docs" / "index.md")
SHOWN = "finding_space_shifted"
FINDER, FINDERS = "lastro.space", ("deeplens.space", "lastro.space", "classical.space", "trivial.space")
RETURNED = (  # task, benchmark, model
    ("classification", "finding_space", "lastro.space"),
    ("classification", "substructure_easy", "resnet.substructure"),
    ("regression", "substructure_mass", "resnet_regression.substructure_mass"),
    ("anomaly", "substructure_easy_anomaly", "lensfit.substructure"),
    ("clustering", "substructure_easy_clustering", "scan.substructure_spectrum"),
)
RESTORED = ["restoration", "`unet.denoise`", "`output` the FITS file of the restored image, with WCS, unit and model"]
AS_IN_TRAINING = "*as in training*: of the population that the model was trained on."
BEST, DOWN = 10, 2  # images of the picture, and its rows


def measured_table() -> str:
    """Of each benchmark the best value of the metric that ranks, with its interval, and what the metrics are."""
    heads = ["benchmark", "best so far", "value, 95 % interval", "images", "models"]  # a phone shows the first
    found = list(_measured())
    rows = [line(_cells(one)) for one in found]
    definitions: dict[str, str] = {}
    for one in found:  # the first subject of a metric says what it is
        definitions.setdefault(one.metric.name.partition("[")[0], one.metric.summary)
    words = "; ".join(f"*{name}*: {summary}" for name, summary in definitions.items())
    return "\n".join([line(heads), line(["---"] * len(heads)), *rows, "", f"{words}.", AS_IN_TRAINING])


def returned_table() -> str:
    """What a row of the output holds, a task each: the first image of a benchmark."""
    heads = ["task", "model", "a row of the table"]
    rows = [[task, f"`{model}`", _row(benchmark, model)] for task, benchmark, model in RETURNED] + [RESTORED]
    return "\n".join([line(heads), line(["---"] * len(heads)), *map(line, rows)])


def with_tables(text: str) -> str:
    """A page with its tables as they are today."""
    for name, table in (("measured", measured_table()), ("returned", returned_table())):
        text = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end -->)", rf"\g<1>\n{table}\n\n\g<2>", text, flags=re.DOTALL)
    return text


def draw() -> None:
    """The images that a finder is surest of, with their truth, and how the finders compare."""
    figure = Figure((11, 3.6), dpi=100, layout="constrained")
    left, right = np.asarray(figure.subfigures(1, 2, width_ratios=(1.55, 1)))
    _draw_best(left)
    axes = right.subplots()
    for number, model in enumerate(FINDERS):
        fpr, tpr = roc_points(_ranked(model), 1e-4)
        axes.step(fpr, tpr, where="post", color=COLOURS[number], label=model)
    axes.set(xscale="log", xlim=(1e-4, 1), ylim=(0, 1), xlabel="false-positive rate", ylabel="share of lenses found")
    axes.set_title(f"all measured alike: {SHOWN}", fontsize=10)
    axes.legend(frameon=False, fontsize=8)
    axes.grid(alpha=0.2)
    figure.savefig(PICTURE)


def _draw_best(figure: SubFigure) -> None:
    path = result_path(RESULTS, SHOWN, FINDER)
    scores, truth = scores_of(path, read_result(path))
    assert isinstance(scores, ClassScores)  # of a finder
    rows = np.argsort(-scores.positive, kind="stable")[:BEST]
    spec = catalog().benchmarks[SHOWN]
    images = open_dataset(spec.dataset, **spec.arguments).images(rows)
    for axes, row, image in zip(np.ravel(figure.subplots(DOWN, BEST // DOWN)), rows, images, strict=True):
        axes.imshow(stretched(filled(image)), cmap=NIGHT, origin="lower", vmin=0, vmax=1)
        axes.set_axis_off()
        axes.set_title(f"{'lens' if truth['label'][row] else 'no lens'}, p = {scores.positive[row]:.3f}", fontsize=8)
    figure.suptitle(f"{FINDER}: the ten of 10,000 images that it is surest of, and the truth", fontsize=10)


def _ranked(model: str) -> Ranking:
    path = result_path(RESULTS, SHOWN, model)
    ranked = ranking(*scores_of(path, read_result(path)))
    assert ranked is not None  # finders rank
    return ranked


@dataclass(frozen=True)
class _Measured:
    """The results on one benchmark, and the metric that ranks them."""

    benchmark: str
    metric: Metric
    results: list[Result]


def _measured() -> Iterator[_Measured]:
    """Subject by subject, in the order of the board; of each those of real images first."""
    listed = [subject.benchmarks for subject in subjects()]
    others = sorted({folder.name for folder in RESULTS.iterdir()}.difference(*listed))
    for benchmarks in [*listed, others]:
        found = [(name, results) for name in benchmarks if (results := _results(name))]
        for name, results in sorted(found, key=lambda pair: pair[1][0].dataset["domain"] != "real"):
            metric = metrics_of(results[0], catalog().benchmarks.get(name))[0]
            yield _Measured(name, metric, sorted(results, key=lambda one, m=metric: -_merit(m, one)))


def _results(benchmark: str) -> list[Result]:
    paths = sorted((RESULTS / benchmark).glob("*.json"))
    return [one for path in paths if (one := read_result(path)).status == "ok"]


def _merit(metric: Metric, result: Result) -> float:
    """Of the value, the larger the better."""
    value = result.metrics[metric.name].value
    return -np.inf if value is None else metric.merit(value)


def _cells(one: _Measured) -> list[str]:
    best, name = one.results[0], one.metric.name
    listed = catalog().models.get(best.model)
    unit = "" if listed is None else metric_unit(name, listed.heads)
    models = ", ties with ".join(filter(None, [f"`{best.model}`", ", ".join(f"`{tied}`" for tied in _tied(one))]))
    images = best.dataset["domain"] + (", as in training" if best.seen else "")
    value = f"{name} {cell(best, name)} {unit}".rstrip()
    return [one.benchmark, models, value, images, str(len(one.results))]


def _tied(one: _Measured) -> list[str]:
    """Models that the best is not better than beyond doubt; where the intervals lie apart it is."""
    best, *others = one.results
    near = [
        best,
        *(other for other in others if _overlap(best.metrics[one.metric.name], other.metrics[one.metric.name])),
    ]
    if len(near) == 1:
        return []
    measured = [scores_of(result_path(RESULTS, one.benchmark, each.model), each) for each in near]
    placed = ranks([one.metric.merit(bootstrap(one.metric, *each)) for each in measured])
    return [each.model for each, rank in zip(near[1:], placed[1:], strict=True) if rank.place == 1]


def _overlap(first: Estimate, second: Estimate) -> bool:
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return True
    return max(first.low, second.low) <= min(first.high, second.high)


def _row(benchmark: str, model: str) -> str:
    table = pq.read_table(result_path(RESULTS, benchmark, model).with_suffix(".parquet")).slice(0, 1).to_pylist()[0]
    answered = {name: value for name, value in table.items() if name != "id" and not name.startswith("true_")}
    values = {name: f"{value:.3g}" if isinstance(value, float) else str(value) for name, value in answered.items()}
    return ", ".join(f"`{name}` {value}" for name, value in values.items())


if __name__ == "__main__":
    draw()
    for page in PAGES:
        page.write_text(with_tables(page.read_text()))
