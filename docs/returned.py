"""The picture of what each task returns, for the first bright lens of a benchmark: `python docs/returned.py`.

All answers but the restored image are those that the results hold.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Annulus

import zoo_core as zoo
from zoo_core.bench.results import result_path
from zoo_core.board.colours import COLOURS
from zoo_core.catalog.registry import catalog
from zoo_core.datasets.opening import open_dataset
from zoo_core.interfaces import Dataset
from zoo_core.predict.gallery import NIGHT, stretched
from zoo_core.tasks.restoration import Restoration
from zoo_core.web.thumbnails import filled

TOP = Path(__file__).parents[1]
RESULTS = TOP / "docs" / "leaderboard" / "results"
PICTURE = TOP / "docs" / "images" / "returned.png"
TRUE, OTHER, ANSWER = COLOURS[1], COLOURS[0], "#f0e442"
BINS = 40
BRIGHT = 100  # S/N of arcs that one sees at once


@dataclass(frozen=True)
class Panel:
    """An image, and below it what a model makes of it.

    Arguments:
        task: its name.
        benchmark: whose first bright lens is shown; where all are lenses, the first with substructure.
        model: that answers.
        draw: called with the axes, the panel and what is stored.
    """

    task: str
    benchmark: str
    model: str
    draw: Callable[[Axes, "Panel", "Stored"], None]

    def stored(self) -> "Stored":
        """What the result holds, and which image is shown."""
        columns = pq.read_table(result_path(RESULTS, self.benchmark, self.model).with_suffix(".parquet")).to_pydict()
        bright = np.array(columns["true_arc_snr"]) > BRIGHT if "true_arc_snr" in columns else np.array([True])
        positive = np.array(columns["true_label"]) > 0 if "true_label" in columns else np.array([True])
        rows = np.flatnonzero(bright & positive).tolist()
        return Stored(columns, *next((row, image) for row in rows if _is_whole(image := self._image(row))))

    @cached_property
    def _dataset(self) -> Dataset:
        spec = catalog().benchmarks[self.benchmark]
        return open_dataset(spec.dataset, **spec.arguments)

    def _image(self, row: int) -> np.ndarray:
        return np.asarray(self._dataset.images(np.array([row]))[0])


@dataclass(frozen=True)
class Stored:
    """The answers of all images, and the truth as `true_<column>`, with the row and the image that are shown."""

    columns: dict[str, list[Any]]
    row: int
    image: np.ndarray

    @property
    def shown(self) -> dict[str, Any]:
        """Those of the image that is shown."""
        return {name: values[self.row] for name, values in self.columns.items()}


def draw() -> None:
    """Write the picture."""
    panels = (
        Panel("classification", "finding_space", "lastro.space", _probabilities),
        Panel("classification", "substructure_easy", "resnet.substructure", _probabilities),
        Panel("regression", "modelling_euclid", "resnet_regression.euclid", _ring),
        Panel("restoration", "restoration_denoise", "unet.denoise", _restored),
        Panel("anomaly", "substructure_easy_anomaly", "lensfit.substructure", _score),
        Panel("clustering", "substructure_easy_clustering", "scan.substructure_spectrum", _probabilities),
    )
    figure = Figure((12, 4.4), dpi=100, layout="constrained")
    rows = np.asarray(figure.subplots(2, len(panels)))
    for panel, above, below in zip(panels, *rows, strict=True):
        stored = panel.stored()
        _show(above, stored.image)
        above.set_title(f"{panel.task}\n{panel.model}", fontsize=9)
        panel.draw(below, panel, stored)
    figure.savefig(PICTURE)


def _is_whole(image: np.ndarray) -> bool:
    """Whether no part of it is blank."""
    return bool(len(np.unique(image[np.isfinite(image)])) > 0.9 * image.size)


def _show(axes: Axes, image: np.ndarray) -> None:
    axes.imshow(stretched(filled(image)), cmap=NIGHT, origin="lower", vmin=0, vmax=1)
    axes.set_axis_off()


def _probabilities(axes: Axes, panel: Panel, stored: Stored) -> None:
    """A bar a class, that of the true one in a colour of its own; clusters are of no class."""
    shares = {name: value for name, value in stored.shown.items() if name.startswith("p_")}
    if len(shares) == 1:
        (name, share), *_ = shares.items()
        shares = {"1 - p": 1 - share, name: share}
    colours = [OTHER] * len(shares)
    if "cluster" not in stored.shown:
        colours[stored.shown["true_label"]] = TRUE
    axes.barh([*shares], [*shares.values()], color=colours, height=0.6)
    axes.set(
        xlim=(0, 1),
        xticks=(0, 0.5, 1),
        xlabel="probability" + ("" if "cluster" in stored.shown else "; the truth in orange"),
    )
    axes.invert_yaxis()
    _quiet(axes, "top", "right")


def _ring(axes: Axes, panel: Panel, stored: Stored) -> None:
    """The Einstein radius with its error, around the place of the lens."""
    lens, scale = stored.shown, float(catalog().models[panel.model].pixel_scale)
    middle = (stored.image.shape[-1] - 1) / 2
    _show(axes, stored.image)
    outer, width = (lens["theta_E"] + lens["theta_E_err"]) / scale, 2 * lens["theta_E_err"] / scale
    place = middle + lens["lens_x"] / scale, middle + lens["lens_y"] / scale
    axes.add_patch(Annulus(place, outer, width, color=ANSWER, alpha=0.5, linewidth=0))
    words = f"theta_E {lens['theta_E']:.2f} ± {lens['theta_E_err']:.2f}, true {lens['true_theta_E']:.2f}"
    axes.set_title(words, fontsize=8, y=-0.15)


def _restored(axes: Axes, panel: Panel, stored: Stored) -> None:
    """The image without its noise, in the same stretch."""
    restored = zoo.load(panel.model)(stored.image[None], pixel_scale=0.1)
    assert isinstance(restored, Restoration)  # of a restorer
    _show(axes, np.asarray(restored.image[0]))
    axes.set_title("the image without its noise", fontsize=8, y=-0.15)


def _score(axes: Axes, panel: Panel, stored: Stored) -> None:
    """The score, among those of all images by class."""
    scores, normal = np.array(stored.columns["anomaly_score"]), np.array(stored.columns["true_label"]) == 0
    least, most = np.quantile(scores, [0.005, 0.995])
    edges = np.linspace(least, most, BINS)
    for rows, colour, name in ((normal, OTHER, "normal"), (~normal, TRUE, "anomalies")):
        axes.hist(scores[rows], edges, color=colour, alpha=0.6, label=name)
    axes.axvline(scores[stored.row], color="black", linewidth=1)
    axes.set(yticks=[], xlabel=f"anomaly_score, {scores[stored.row]:.1f} here")
    axes.legend(frameon=False, fontsize=7)
    _quiet(axes, "top", "right", "left")


def _quiet(axes: Axes, *borders: str) -> None:
    axes.tick_params(labelsize=8)
    axes.xaxis.label.set_fontsize(8)
    axes.spines[[*borders]].set_visible(False)


if __name__ == "__main__":
    draw()
