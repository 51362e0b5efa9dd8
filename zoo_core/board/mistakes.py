"""The worst mistakes of a model on a benchmark, from its stored predictions: images, truth and answer."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from ..bench.results import scores_of
from ..bench.stored import measured_result
from ..catalog.specs import BenchmarkSpec
from ..datasets.opening import open_dataset
from ..errors import ArgumentError, ResultError
from ..models.model import Model
from ..predict.gallery import NIGHT, stretched
from ..predict.picture import check_picture, write_picture
from ..tasks import Heads

__all__ = ["Mistake", "draw_worst", "worst"]

COLUMNS = 4
PANEL = 2.2  # inches
DPI = 130


@dataclass(frozen=True)
class Mistake:
    """One image of a benchmark.

    Arguments:
        row: its number in the data set.
        id: of the image.
        truth, answer: in words.
    """

    row: int
    id: str
    truth: str
    answer: str


def worst(results: Path, benchmark: str, model_id: str, heads: Heads, count: int) -> list[Mistake]:
    """The images on which the model is most wrong, the worst first.

    Of classes: the lowest probability of the true one. Of parameters: the largest error in standard deviations of the
    truth, of any parameter.

    Arguments:
        results: folder of the results.
        benchmark, model_id: whose result is read.
        heads: of the model.
        count: of images.

    Raises:
        ResultError: it is not measured, failed, or the stored predictions are not whole.
        ArgumentError: its answers are neither classes nor parameters.
    """
    path, result = measured_result(results, benchmark, model_id)
    scores, truth = scores_of(path, result)
    wrongness = scores.wrongness(truth)
    if wrongness is None:
        raise ArgumentError("the worst mistakes are those of models that answer with classes or parameters")
    rows = np.argsort(-wrongness, kind="stable")[:count]
    return [Mistake(int(row), str(truth["id"][row]), *scores.in_words(truth, heads.names, int(row))) for row in rows]


def draw_worst(model: Model, spec: BenchmarkSpec, results: Path, path: Path, count: int) -> list[Mistake]:
    """A picture of the worst mistakes, their frames made again from the benchmark and prepared for the network.

    Raises:
        ResultError: as of `worst`, or the images are not those that were measured.
    """
    check_picture(path)
    mistakes = worst(results, spec.id, model.id, model.heads, count)
    dataset = open_dataset(spec.dataset, **spec.arguments)
    rows = [one.row for one in mistakes]
    if max(rows) >= len(dataset) or dataset.truth_of(rows)["id"].astype(str).tolist() != [one.id for one in mistakes]:
        raise ResultError(f"{spec.id}: these are not the images that {model.id} was measured on")
    frames = model.preprocess.prepared(dataset.images(rows), dataset.description.pixel_scale)
    columns = min(COLUMNS, len(mistakes))
    down = -(-len(mistakes) // columns)
    figure = Figure((PANEL * columns, PANEL * 1.25 * down + 0.3), dpi=DPI, layout="constrained")
    for panel in (grid := figure.subplots(down, columns, squeeze=False)).flat:
        panel.set_axis_off()
    for panel, one, frame in zip(grid.flat, mistakes, torch.as_tensor(frames).cpu().numpy(), strict=False):
        panel.imshow(stretched(frame), cmap=NIGHT, origin="lower", vmin=0, vmax=1)
        panel.set_title(f"{one.id}\ntruth: {one.truth}\nanswer: {one.answer}", fontsize=6)
    figure.suptitle(f"{model.id} on {spec.id}", fontsize=9)
    write_picture(figure, path)
    return mistakes
