"""Compares simulated frames with the telescope images of a folder: tables, AUROC and sheets for docs/simulator.md.

Run: python docs/real_and_simulated.py FOLDER [OUT]
FOLDER has labels.csv, see docs/data-formats.md; its test split is not opened. OUT gets the sheets.
"""

import sys
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import torch
from contact_sheets import draw, stretched
from scipy.ndimage import gaussian_filter, label, uniform_filter
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from zoo_core.datasets.public.sky import sky
from zoo_core.datasets.simulated.finding import Finding, finding_space

SIDE = 101
IMAGES = 600  # simulated, of each version and class
DOMAINS = {"galaxies in 10 arcsec": (0, 95), "galaxies in 5 arcsec": (0, 49), "lenses": (1, 51)}  # label, pixels
SPLITS = ("train", "validation")
PERCENTILES = (10, 50, 90)

Pixels = np.ndarray
"""(side, side), sky subtracted, in units of the noise of a pixel; without gaps."""


def main(folder: Path, out: Path | None) -> None:
    """Print the tables; draw the sheets if a folder for them is given."""
    torch.set_num_threads(1)
    real = telescope_images(folder)
    for domain, (kind, side) in DOMAINS.items():
        seen = [frame for frame in (framed(image, side) for image in real[domain]) if frame is not None]
        made = {version: simulated(version, kind, side) for version in (1, 2)}
        sys.stdout.write(f"\n{domain}, {len(seen)} real frames of {side} pixels\n\n")
        sys.stdout.write(table(measured(seen), {version: measured(frames) for version, frames in made.items()}) + "\n")
        if out:
            draw_sheet(seen, made, out / f"{domain.replace(' ', '_')}.png")


def telescope_images(folder: Path) -> dict[str, list[np.ndarray]]:
    """Of each domain, without the held-back split."""
    found: dict[str, list[np.ndarray]] = {domain: [] for domain in DOMAINS}
    for split in SPLITS:
        images = sky(folder, split=split)
        truth, pixels = images.truth(), images.images(np.arange(len(images)))[:, 0]
        for image, is_lens in zip(pixels, truth["label"], strict=True):
            width = np.isfinite(image).any(0).sum()
            domain = "lenses" if is_lens else f"galaxies in {10 if width > 70 else 5} arcsec"
            found[domain].append(image)
    return found


def simulated(version: int, kind: int, side: int) -> list[Pixels]:
    """Simulated lenses or others, cut to frames like the real ones; those with gaps are left out."""
    dataset = finding_space(n=IMAGES, seed=7, lens_fraction=float(kind), version=version)
    frames = (framed(image[0], side) for image in whole(dataset))
    return [frame for frame in frames if frame is not None]


def whole(dataset: Finding) -> np.ndarray:
    """Images without footprints, in sky sigma."""
    return dataset.make(0, len(dataset))[0]


def framed(image: np.ndarray, side: int) -> Pixels | None:
    """The middle of an image in units of its noise, or None if part of it was not measured."""
    first = (len(image) - side) // 2
    cut = image[first : first + side, first : first + side]
    if not np.isfinite(cut).all():
        return None
    cut = cut.astype(np.float64)
    border = np.concatenate([cut[:4].ravel(), cut[-4:].ravel(), cut[:, :4].ravel(), cut[:, -4:].ravel()])
    fine = np.diff(np.concatenate([cut[:8], cut[-8:]]), axis=1)
    sigma = 1.4826 * np.median(np.abs(fine - np.median(fine))) / np.sqrt(2)
    return (cut - np.percentile(border, 25)) / max(sigma, 1e-30)


def polar_radius(frame: Pixels) -> np.ndarray:
    """Distance of each pixel from the brightest one near the middle, pixels."""
    row, column = centre(frame)
    y, x = np.indices(frame.shape)
    return np.hypot(y - row, x - column)


def centre(frame: Pixels) -> tuple[int, int]:
    """The brightest pixel, smoothed, of the inner third."""
    third = len(frame) // 3
    inner = gaussian_filter(frame, 1.0)[third:-third, third:-third]
    row, column = np.unravel_index(inner.argmax(), inner.shape)
    return int(row) + third, int(column) + third


def growth(frame: Pixels) -> tuple[float, float]:
    """Radii that hold half and four fifths over one fifth of the light within a third of the frame, pixels."""
    radius = polar_radius(frame).ravel()
    order = np.argsort(radius)
    order = order[radius[order] < len(frame) / 3]
    light = np.cumsum(frame.ravel()[order]).clip(min=1e-9)
    light = np.maximum.accumulate(light) / light.max()
    r20, r50, r80 = (radius[order][np.searchsorted(light, share)] for share in (0.2, 0.5, 0.8))
    return float(r50), float(5 * np.log10(max(r80, 0.5) / max(r20, 0.5)))


def asymmetry(frame: Pixels) -> float:
    """Sum of |I - I_180| over that of |I| within a third of the frame, both smoothed: Conselice (2003)."""
    smooth = gaussian_filter(frame, 1.0)
    row, column = centre(frame)
    half = len(frame) // 3
    half = min(half, row, column, len(frame) - 1 - row, len(frame) - 1 - column)
    cut = smooth[row - half : row + half + 1, column - half : column + half + 1]
    return float(np.abs(cut - cut[::-1, ::-1]).sum() / np.abs(cut).sum())


def structure(frame: Pixels) -> float:
    """What the median of its circle does not hold of the light between 4 and 25 pixels, over the light."""
    smooth, radius = gaussian_filter(frame, 1.0), polar_radius(frame)
    rings = [smooth[(radius >= r) & (radius < r + 1)] for r in range(4, min(25, len(frame) // 2))]
    light = sum(np.abs(ring).sum() for ring in rings)
    return float(sum(np.abs(ring - np.median(ring)).sum() for ring in rings) / light)


def neighbours(frame: Pixels) -> float:
    """Objects of 5 pixels and more above four smoothed sigma, away from the middle."""
    smooth = gaussian_filter(frame, 1.0) - gaussian_filter(frame, 8.0)
    sigma = 1.4826 * np.median(np.abs(smooth - np.median(smooth)))
    objects, count = cast(tuple[np.ndarray, int], label(smooth > 4 * sigma))
    radius = polar_radius(frame)
    away = [part for part in range(1, count + 1) if (objects == part).sum() >= 5 and radius[objects == part].min() > 8]
    return float(len(away))


def correlation(frame: Pixels, lag: int) -> float:
    """Of neighbouring pixels, in the faintest third of the frame without its large-scale light."""
    rest = frame - uniform_filter(frame, 9)
    faint = uniform_filter(frame, 9)
    quiet = (faint <= np.percentile(faint, 35)) & (np.abs(rest) < 4 * np.std(rest[faint <= np.percentile(faint, 35)]))
    pairs = quiet[:, lag:] & quiet[:, :-lag]
    left, right = rest[:, :-lag][pairs], rest[:, lag:][pairs]
    return float((left * right).mean() / max((rest[quiet] ** 2).mean(), 1e-9))


def spectrum_slope(frame: Pixels) -> float:
    """Of log power against log wave number, from 0.05 to 0.25 waves a pixel."""
    window = np.hanning(len(frame))
    power = np.abs(np.fft.fft2(frame * window[:, None] * window)) ** 2
    k = np.hypot(*np.meshgrid(*[np.fft.fftfreq(len(frame))] * 2))
    edges = np.geomspace(0.05, 0.25, 7)
    means = [power[(k >= low) & (k < high)].mean() for low, high in pairwise(edges)]
    return float(np.polyfit(np.log(edges[:-1]), np.log(means), 1)[0])


STATISTICS: dict[str, Callable[[Pixels], float]] = {
    "peak, log10 of the noise": lambda frame: float(np.log10(gaussian_filter(frame, 0.7).max().clip(1))),
    "half-light radius, pixels": lambda frame: growth(frame)[0],
    "concentration 5 log (r80 / r20)": lambda frame: growth(frame)[1],
    "asymmetry": asymmetry,
    "structure": structure,
    "neighbours": neighbours,
    "noise correlation, 1 pixel": lambda frame: correlation(frame, 1),
    "noise correlation, 2 pixels": lambda frame: correlation(frame, 2),
    "slope of the power spectrum": spectrum_slope,
}


def measured(frames: list[Pixels]) -> np.ndarray:
    """All statistics, (frames, statistics)."""
    return np.array([[statistic(frame) for statistic in STATISTICS.values()] for frame in frames])


def table(real: np.ndarray, made: Mapping[int, np.ndarray]) -> str:
    """Percentiles of each, and the AUROC of telling real from simulated."""
    rows = ["| 10 %, median, 90 % | real | " + " | ".join(f"version {version}" for version in made) + " |"]
    rows.append("|---|---|" + "---|" * len(made))
    for column, name in enumerate(STATISTICS):
        cells = [_percentiles(values[:, column]) for values in (real, *made.values())]
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    told = [f"{told_apart(real, values):.2f}" for values in made.values()]
    return "\n".join([*rows, "| AUROC of real against simulated | | " + " | ".join(told) + " |"])


def _percentiles(values: np.ndarray) -> str:
    return ", ".join(f"{value:.2f}" for value in np.percentile(values, PERCENTILES))


def told_apart(real: np.ndarray, made: np.ndarray) -> float:
    """AUROC of a random forest on the statistics, cross-validated; 0.5: the two are alike."""
    targets = np.repeat([1, 0], [len(real), len(made)])
    forest = RandomForestClassifier(300, min_samples_leaf=3, class_weight="balanced_subsample", random_state=1)
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    scores = cross_val_predict(forest, np.concatenate([real, made]), targets, cv=folds, method="predict_proba")
    return float(roc_auc_score(targets, np.asarray(scores)[:, 1]))


def draw_sheet(real: list[Pixels], made: Mapping[int, list[Pixels]], path: Path) -> None:
    """Real frames and as many of each version, in rows of the same stretch."""
    count = min(len(real), 30)
    groups = {"real": real, **{f"version {version}": frames for version, frames in made.items()}}
    images = [stretched(frame) for frames in groups.values() for frame in frames[:count]]
    draw(images, [name for name in groups for _ in range(count)], 10, str(path.resolve()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
