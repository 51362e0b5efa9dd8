"""Draws the contact sheets of docs/simulator.md: `python docs/contact_sheets.py`."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image

from zoo_core.datasets.simulated.finding import Finding, finding_space, finding_space_shifted
from zoo_core.datasets.simulated.finding_ground import FindingInBands, finding_ground
from zoo_core.sim.substructure import CLASSES, DIFFICULTIES, Scene, draw_scene
from zoo_core.sim.substructure_render import render_scenes
from zoo_core.sim.tables import table
from zoo_core.sim.telescope.noise import NOISE
from zoo_core.sim.telescope.survey import Randoms, noise_sigma, observe

HERE = Path(__file__).parent / "images"
ROWS, COLUMNS = 4, 9
PER_KIND = 5
GREYS = 16  # enough to see, and a third of the bytes
COLOURS = 96


def stretched(image: np.ndarray) -> np.ndarray:
    """Sky to 0, the 99.7th percentile to 1, asinh in units of twice the noise."""
    image = image - np.nanmedian(image)
    image = image / (1.4826 * np.nanmedian(np.abs(np.diff(image))) / np.sqrt(2))
    return np.arcsinh(image / 2) / np.arcsinh(max(np.nanpercentile(image, 99.7), 12) / 2)


def draw(
    images: Sequence[np.ndarray], titles: Sequence[str], columns: int, file: str, dpi: int = 72, greys: int = GREYS
) -> None:
    """Images between 0 and 1 on one sheet, each with a title."""
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(1.5 * columns, 1.65 * rows), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, title in zip(axes.flat, images, titles, strict=False):
        axis.imshow(image, origin="lower", cmap="gray", vmin=-0.1, vmax=1, interpolation="nearest")
        axis.set_title(title, fontsize=8, pad=2)
    figure.subplots_adjust(0.005, 0.005, 0.995, 0.975, 0.03, 0.12)
    figure.savefig(HERE / file, dpi=dpi)
    plt.close(figure)
    Image.open(HERE / file).convert("L").quantize(greys).save(HERE / file, optimize=True)


def lenses(dataset: Finding, file: str) -> None:
    """The first lenses, with their Einstein radius and arc signal to noise."""
    images, truth = dataset.make(0, len(dataset))
    titles = [f'{row["theta_E"]:.1f}", S/N {row["arc_snr"]:.0f}' for row in truth]
    draw([stretched(image[0]) for image in images], titles, COLUMNS, file)


def kinds(dataset: Finding, file: str) -> None:
    """The first non-lenses of each kind."""
    drawn = np.array([cutout.kind for cutout in dataset.cutouts(0, len(dataset))])
    rows = [i for kind in np.unique(drawn) for i in np.flatnonzero(drawn == kind)[:PER_KIND]]
    images = [stretched(dataset.make(i, i + 1)[0][0, 0]) for i in rows]
    draw(images, [str(drawn[i]) for i in rows], 2 * PER_KIND, file)


def in_colour(dataset: FindingInBands, file: str) -> None:
    """Lenses, with their Einstein radius, and as many others in i, r, g, as an image of red, green and blue."""
    images, truth = dataset.make(0, len(dataset))
    order = np.argsort(1 - truth["label"], kind="stable")
    titles = [f'{row["theta_E"]:.1f}"' if row["label"] else row["kind"] for row in truth[order]]
    figure, axes = plt.subplots(
        -(-len(order) // COLUMNS), COLUMNS, figsize=(1.5 * COLUMNS, 1.65 * len(order) / COLUMNS)
    )
    for axis, row, title in zip(axes.flat, order, titles, strict=False):
        axis.imshow(coloured(images[row]), origin="lower", interpolation="nearest")
        axis.set_title(title, fontsize=8, pad=2)
    for axis in axes.flat:
        axis.axis("off")
    figure.subplots_adjust(0.005, 0.005, 0.995, 0.975, 0.03, 0.12)
    figure.savefig(HERE / file, dpi=60)
    plt.close(figure)
    Image.open(HERE / file).convert("RGB").quantize(COLOURS).save(HERE / file, optimize=True)


def coloured(image: np.ndarray) -> np.ndarray:
    """i, r, g of (r, i, g, u) between 0 and 1, (H, W, 3), white where nothing was measured; r for missing bands.

    The colour is kept and the brightness stretched: Lupton et al. (2004), PASP 116, 133.
    """
    image = np.where(np.isnan(image).all((1, 2), keepdims=True), image[:1], image)
    r, i, g = image[:3] - np.nanmedian(image[:3], axis=(1, 2), keepdims=True)
    channels = np.stack([0.7 * i, r, 1.4 * g], axis=-1)
    light = channels.mean(-1, keepdims=True)
    noise = 1.4826 * np.nanmedian(np.abs(np.diff(r))) / np.sqrt(2)
    stretched = np.arcsinh(light.clip(0) / (1.5 * noise)) / np.arcsinh(100)
    return np.nan_to_num(0.05 + channels / light.clip(1e-3 * noise) * stretched, nan=1.0).clip(0, 1)


def twins(difficulty: str, file: str) -> None:
    """The same lenses with each class of substructure in them, and what it changes over the noise, from -5 to 5."""
    scenes = {
        kind: [draw_scene(np.random.default_rng(i), DIFFICULTIES[difficulty], kind) for i in range(COLUMNS)]
        for kind in CLASSES
    }
    light = {kind: render_scenes(scenes[kind], 64) for kind in CLASSES}
    noise = table((scene.noise for scene in scenes["no"]), NOISE)
    sigma, generator = noise_sigma(light["no"], noise), torch.Generator().manual_seed(1)
    images, titles = [], []
    for kind in CLASSES:
        randoms = Randoms.from_torch(generator, COLUMNS, 64)
        observed = observe(light[kind], torch.zeros_like(sigma), noise, randoms)
        images += [stretched(image) for image in observed.numpy()]
        titles += [title(scene) for scene in scenes[kind]]
    for kind in CLASSES[1:]:
        images += list((0.5 + (light[kind] - light["no"]) / sigma / 10).clip(0, 1).numpy())
        titles += [f"{kind} - no"] * COLUMNS
    draw(images, titles, COLUMNS, file)


def title(scene: Scene) -> str:
    """The class, and what is in the lens."""
    if scene.kind == "sphere":
        return f"{len(scene.halos)} subhalos, {np.log10(scene.halos['mass'].sum()):.1f}"
    if scene.kind == "vort":
        return f'vortex, {scene.vortices["length"][0]:.2f}"'
    return "no"


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for name, opened in (("finding_space", finding_space), ("finding_space_shifted", finding_space_shifted)):
        lenses(opened(n=ROWS * COLUMNS, seed=2, lens_fraction=1.0), f"{name}_lenses.png")
        kinds(opened(n=700, seed=3, lens_fraction=0.0), f"{name}_nonlenses.png")
    in_colour(finding_ground(n=ROWS * COLUMNS, seed=2, lens_fraction=0.5), "finding_ground.png")
    for difficulty in ("easy", "real"):
        twins(difficulty, f"substructure_{difficulty}.png")
