"""Measures denoisers on exposures that are one to ten times shorter: docs/pipelines.md.

Run: python docs/exposure_ratios.py FOLDER [--models unet.denoise ...] [--images 150]
FOLDER keeps what was measured, so that the same call goes on. A model that is told the ratio is told the true one, and
once more 1 whatever it is.
"""

import argparse
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from deblended_lenses import with_interval
from modular_pipeline import kept
from restored_images import AT_ONCE, SCALE

import zoo_core as zoo
from zoo_core.bench.metrics.comparison import COLUMNS, compared
from zoo_core.datasets.simulated.restoration import restoration_space
from zoo_core.tasks import Restoration

SEED, RATIOS = 404, (1.0, 2.0, 4.0, 10.0)
MODELS = (
    "no_filter.observed",
    "gaussian_filter.denoise",
    "wavelet_filter.denoise",
    "nlmeans_filter.denoise",
    "edsr.denoise",
    "unet.denoise",
    "unet_exposures.space",
)
SHOWN = {"psnr": "PSNR, dB", "snr_gain": "S/N gain", "arc_flux": "error of the flux of arcs"}
RESAMPLES = 2000

log = logging.getLogger(__name__)


def main() -> None:
    """A table a metric: a row a model, a column a ratio, the differences from the last model paired."""
    parser = argparse.ArgumentParser(description="Denoisers and exposure times.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--images", type=int, default=150)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for name in asked.models:
        plain = zoo.load(name, device="cpu")
        for told in (True, False) if plain.conditions else (False,):
            for ratio in RATIOS:
                model = zoo.load(name, device="cpu", ratio=ratio) if told else plain
                file = asked.folder / f"{Path(name).name}-{ratio:g}-{'told' if told else 'not'}-{asked.images}"
                work = partial(measured, model, ratio, asked.images)
                found[f"{name}{', told' if told else ''}", ratio] = kept(file, work)
    for column, title in SHOWN.items():
        show(found, column, title)


def measured(model: zoo.Model, ratio: float, count: int) -> np.ndarray:
    """COLUMNS of each image, (N, 9), and whether it is a lens, of exposures that are so many times shorter."""
    scenes, found = restoration_space(n=count, seed=SEED, ratio=(ratio, ratio)), []
    for rows in np.split(np.arange(count), range(AT_ONCE, count, AT_ONCE)):
        observed = scenes.images(rows)
        restored = model(observed, SCALE)
        assert isinstance(restored, Restoration)
        columns = compared(restored.image.numpy(), observed, scenes.noise_free(rows))
        found.append(np.stack([columns[column] for column in COLUMNS], 1))
    return np.column_stack([np.concatenate(found), scenes.truth()["label"]])


def show(found: dict[tuple[str, float], np.ndarray], column: str, title: str) -> None:
    """The tables of one metric, of the lenses alone where it is of arcs: values, and paired differences of the last."""
    models, statistic = list(dict.fromkeys(name for name, _ in found)), np.mean if column == "psnr" else np.median
    of = {place: _values(rows, column) for place, rows in found.items()}
    for last in (None, next((name for name in models if name.endswith(", told")), models[-1])):
        log.info("\n| %s%s | %s |", f"{last} less, " if last else "", title, " | ".join(f"{r:g}" for r in RATIOS))
        for name in models:
            cells = [_cell(statistic, of[name, r], None if last is None else of[last, r]) for r in RATIOS]
            log.info("| %s | %s |", name, " | ".join(cells))


def _values(rows: np.ndarray, column: str) -> np.ndarray:
    values = rows[:, COLUMNS.index(column)]
    return np.abs(1 - values[rows[:, -1] == 1]) if column == "arc_flux" else values


def _cell(statistic: Callable[..., np.ndarray], values: np.ndarray, better: np.ndarray | None) -> str:
    """The statistic and its interval, or by how much that of others is larger, paired."""
    draws = np.random.default_rng(0).integers(len(values), size=(RESAMPLES, len(values)))
    drawn, value = statistic(values[draws], axis=1), statistic(values)
    if better is not None:
        drawn, value = statistic(better[draws], axis=1) - drawn, statistic(better) - value
    return with_interval(value, drawn)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
