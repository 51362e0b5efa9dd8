"""Draws the contact sheets of docs/simulator.md: `python docs/contact_sheets.py`."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from zoo_core.datasets.finding import Finding, finding_space, finding_space_shifted

HERE = Path(__file__).parent / "images"
ROWS, COLUMNS = 6, 8
PER_KIND = 6


def stretched(image: np.ndarray) -> np.ndarray:
    """Sky to 0, the 99.7th percentile to 1, asinh in units of twice the noise."""
    image = np.nan_to_num(image - np.nanmedian(image))
    noise = 1.4826 * np.median(np.abs(np.diff(image))) / np.sqrt(2)
    top = max(np.percentile(image / noise, 99.7), 12)
    return np.arcsinh(image / noise / 2) / np.arcsinh(top / 2)


def draw(images: list[np.ndarray], titles: list[str], columns: int, file: str) -> None:
    """Images on one sheet, each with a title."""
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(1.5 * columns, 1.65 * rows), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, title in zip(axes.flat, images, titles, strict=False):
        axis.imshow(stretched(image), origin="lower", cmap="gray", vmin=-0.1, vmax=1, interpolation="nearest")
        axis.set_title(title, fontsize=7, pad=2)
    figure.subplots_adjust(0.005, 0.005, 0.995, 0.975, 0.03, 0.12)
    figure.savefig(HERE / file, dpi=90)
    plt.close(figure)


def lenses(dataset: Finding, file: str) -> None:
    """The first lenses, with their Einstein radius and arc signal to noise."""
    images, truth = dataset.make(0, 2 * ROWS * COLUMNS)
    rows = np.flatnonzero(truth["label"])
    titles = [f'{truth["theta_E"][i]:.1f}", S/N {truth["arc_snr"][i]:.0f}' for i in rows]
    draw([images[i, 0] for i in rows], titles, COLUMNS, file)


def kinds(dataset: Finding, file: str) -> None:
    """A row for each kind of non-lens."""
    images, truth = dataset.make(0, 700)
    others = truth["label"] == 0
    rows = [
        i
        for kind in np.unique(truth["kind"][others])
        for i in np.flatnonzero(others & (truth["kind"] == kind))[:PER_KIND]
    ]
    draw([images[i, 0] for i in rows], [truth["kind"][i] for i in rows], 2 * PER_KIND, file)


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for name, opened in (("finding_space", finding_space), ("finding_space_shifted", finding_space_shifted)):
        lenses(opened(n=2 * ROWS * COLUMNS, seed=2, lens_fraction=0.5), f"{name}_lenses.png")
        kinds(opened(n=700, seed=3, lens_fraction=0.05), f"{name}_nonlenses.png")
