"""Measures how far the macro-lens of slc2020 still tells the classes apart once it is marginalised.

Run: python docs/slc2020_areas.py SLC_Data
First, of the test fifth as it is, resampled and matched, the AUROC of each fitted quantity alone. Then the AUROC of
detectors for matched images without substructure whose residuals are displaced as those of `sub` are: values that are
no evidence of any.
"""

import sys
from collections.abc import Iterator

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

import zoo_core as zoo
from zoo_core.datasets.public.slc2020.challenge import WHITE
from zoo_core.datasets.public.slc2020.macro import fitted, lens_light, whole
from zoo_core.datasets.public.slc2020.matched import matched
from zoo_core.datasets.public.slc2020.resampled import LARGER, zoomed
from zoo_core.fit.macromodel import source_image
from zoo_core.tasks import Anomaly

WAYS = {"challenge": False, "resampled": "resampled", "matched": "matched"}
SHOWN = ("theta_E", "gamma_1", "gamma_2", "x", "y", "log_R", "e1", "e2")
DETECTORS = (
    "localpca.slc2020_cells",
    "autoencoder.slc2020",
    "autoencoder.slc2020_bent",
    "lensfit.slc2020",
    "lensfit.slc2020_free",
)
DISPLACED = 200  # images, each as it is and with its residual zoomed
BATCH, SEED = 50, 5


def main(path: str) -> None:
    """Print both tables."""
    for name, way in WAYS.items():
        _say(name, *(f"{quantity} {area:.3f}" for quantity, area in _areas(path, way)))
    images, displaced = _with_displaced_residuals(path)
    for detector in DETECTORS:
        _say("displaced residuals", detector, f"{roc_auc_score(displaced, _scores(detector, images)):.3f}")


def _say(*words: str) -> None:
    sys.stdout.write("  ".join(words) + "\n")


def _areas(path: str, way: str | bool) -> Iterator[tuple[str, float]]:
    dataset = zoo.open_dataset("slc2020", path=path, split="test", marginalised=way)
    labels, fit = dataset.truth()["label"], fitted(dataset.images(slice(None))[:, 0])
    for name in SHOWN:
        yield name, float(roc_auc_score(labels, fit.value(name).numpy()))
    brightness = {"source": fit.source_brightness, "background": fit.background, "lens": fit.light_brightness}
    for name, amplitude in brightness.items():
        yield f"amplitude of the {name}", float(roc_auc_score(labels, amplitude.flatten().numpy()))
    yield "mean square of the residual", float(roc_auc_score(labels, fit.residuals.square().mean((1, 2)).numpy()))


def _with_displaced_residuals(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Matched validation images of `no_sub`, and the same with zoomed residuals, which are interpolated alike."""
    dataset = zoo.open_dataset("slc2020", path=path, split="validation")
    rows = np.flatnonzero(dataset.truth()["label"] == 0)[:DISPLACED]
    images = matched(dataset.images(rows)[:, 0], [str(row) for row in rows])
    fit, random = fitted(images), np.random.default_rng(SEED)
    arcs = fit.source_brightness * torch.cat([source_image(whole(), part) for part in fit.parameters.split(BATCH)])
    smooth = arcs.numpy() + fit.light_brightness[:, :1, None].numpy() * lens_light()
    shifts, zooms = random.uniform(-0.5, 0.5, (len(rows), 2)), random.normal(*LARGER, len(rows))
    both = [smooth + _moved(images - smooth, zoom, shifts) for zoom in (np.ones(len(rows)), zooms)]
    images = np.concatenate(both)
    images = np.rint(images / images.max((1, 2), keepdims=True) * WHITE).clip(0, WHITE) / WHITE
    return images.astype(np.float32), np.repeat([0, 1], len(rows))


def _moved(residuals: np.ndarray, zooms: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    there_and_back = [zoomed(zoomed(*each), 1.0, -each[2]) for each in zip(residuals, zooms, shifts, strict=True)]
    return np.stack(there_and_back)


def _scores(detector: str, images: np.ndarray) -> np.ndarray:
    model = zoo.load(detector)
    parts = [model(images[k : k + BATCH, None]) for k in range(0, len(images), BATCH)]
    return np.concatenate([part.score.numpy() for part in parts if isinstance(part, Anomaly)])


if __name__ == "__main__":
    main(sys.argv[1])
