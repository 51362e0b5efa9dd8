"""Images of slc2020 whose Einstein radius tells nothing: the macro-lens marginalised by resampling.

In the challenge `sub` images have an Einstein radius that is some 8 % larger, with hardly any overlap, which is no sign
of substructure. Here the arcs of every image are zoomed until its fitted Einstein radius is that of `no_sub`. So that
resampling itself does not tell the class, those of `no_sub` are zoomed to the radii of `sub` first: both are
interpolated twice. The light of the lens, which is one and the same in all images, stays as it is.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import torch
from scipy.ndimage import affine_transform

from ..images.source import Source
from ..sim.macrofit import MacroFit, fit_macro
from ..sim.macrolearn import sersic_light
from ..sim.macromodel import MacroModel
from .shards import Shards
from .slc2020 import SIDE, Slc2020

__all__ = ["MarginalisedSlc2020", "aligned", "einstein_radii"]

log = logging.getLogger("zoo")

THETA_E = 20.0  # pixels, the median of no_sub
LARGER = (1.078, 0.008)  # Einstein radius of sub over that of no_sub: mean and scatter
SCATTER = 0.005  # of the fits to no_sub, relative: all images are left with it, so that no smaller offset shows
FITTED = 112  # central pixels a side that the lens is fitted to
BATCH = 50  # images between two lines of the log
LENS_LIGHT = {"R": 6.7, "n": 1.9, "e1": 0.137, "e2": -0.01}  # pixels; see `sim.macrolearn.sersic_light`
TRUTH = np.dtype([("theta_E", "f8")])


class MarginalisedSlc2020(Slc2020):
    """The images of `Slc2020`, resampled; made when they are first asked for, then kept in the user's cache.

    The truth has the column `theta_E`, fitted to the images as they are, pixels.
    """

    version = "1-marginalised-1"

    def __init__(self, sources: Sequence[Source], labels: np.ndarray):
        super().__init__(sources, labels)
        folder = (
            Path(platformdirs.user_cache_dir("zoo")) / "datasets" / f"slc2020-marginalised-{self.fingerprint()[:16]}"
        )
        self._shards = Shards(folder, len(sources), self._made)

    def images(self, start: int, stop: int) -> np.ndarray:
        """Resampled images."""
        return np.array(self._shards.rows(start, min(stop, len(self)))[0])

    def truth(self) -> dict[str, np.ndarray]:
        """As without resampling, and `theta_E`; the images are made first if they were not."""
        return super().truth() | {"theta_E": self._shards.truth()["theta_E"]}

    def _made(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        images, radii = [], []
        for first in range(start, stop, BATCH):
            last = min(first + BATCH, stop)
            names = [Path(source.key).name for source in self.sources[first:last]]
            made = aligned(super().images(first, last)[:, 0], self.labels[first:last], names)
            images.append(made[:, None])
            radii.append(einstein_radii(made))
            log.info("slc2020: %d of %d images resampled", last, len(self))
        truth = np.array(np.concatenate(radii), dtype=np.float64).view(TRUTH)
        return np.concatenate(images), truth


def aligned(images: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Images (N, 150, 150) at one fitted Einstein radius.

    Arguments:
        labels: 0 for no_sub, 1 for sub.
        names: of the files, of which all that is random is a function.
    """
    draws = [np.random.default_rng(list(hashlib.sha256(name.encode()).digest())) for name in names]
    first = np.array([1.0 if label else rng.normal(*LARGER) for rng, label in zip(draws, labels, strict=True)])
    shifts = np.array([rng.uniform(-0.5, 0.5, 2) for rng in draws])
    wanted = THETA_E * np.array([rng.normal(1.0, SCATTER) for rng in draws])
    fit = _fitted(images)
    lens = fit.amplitudes[:, 2, None, None].numpy() * _lens_light()
    arcs = [zoomed(*each) for each in zip(images - lens, first, shifts, strict=True)]
    radius, zoom, final = fit.theta_E.double().numpy(), 1 / first, images
    for _ in range(3):
        zoom = zoom * wanted / radius
        back = -zoom[:, None] * shifts
        final = lens + np.stack([zoomed(*each) for each in zip(arcs, zoom, back, strict=True)])
        final = final.clip(0).astype(np.float32)
        radius = einstein_radii(final)
    return final


def einstein_radii(images: np.ndarray) -> np.ndarray:
    """Of the best-fitting macro-lens of each image (N, 150, 150), pixels, (N,)."""
    return _fitted(images).theta_E.double().numpy()


def zoomed(image: np.ndarray, zoom: float, shift: np.ndarray) -> np.ndarray:
    """The image (H, W) `zoom` times as large about its centre, then shifted, by cubic splines."""
    centre = (SIDE - 1) / 2
    offset: Any = centre - (centre + shift) / zoom
    return affine_transform(image, [1 / zoom, 1 / zoom], offset=offset, order=3, mode="nearest")


def _fitted(images: np.ndarray) -> MacroFit:
    edge = (SIDE - FITTED) // 2
    central = np.ascontiguousarray(images[:, edge : edge + FITTED, edge : edge + FITTED], dtype=np.float32)
    return fit_macro(torch.from_numpy(central), _macro_model())


@cache
def _lens_light() -> np.ndarray:
    """The light of the lens over the whole image (150, 150), of the amplitude one."""
    return sersic_light(MacroModel(SIDE, psf=_macro_model().psf), **LENS_LIGHT).numpy()[0]


@cache
def _macro_model() -> MacroModel:
    """What the challenge's images share, in pixels; from fits to no_sub images of the training split."""
    places = tuple(float(value) for value in range(-24, 25, 4))
    model = MacroModel(
        FITTED,
        binning=2,
        psf=1.4,
        grid={"x": places, "y": places, "gamma_1": (0.0, 0.15, 0.3)},
        priors={
            "theta_E": (20.0, 2.0),
            "gamma_1": (0.15, 0.2),
            "gamma_2": (-0.01, 0.1),
            "x": (0.0, 15.0),
            "y": (0.0, 15.0),
            "log_R": (2.1, 0.1),
            "e1": (0.08, 0.1),
            "e2": (0.0, 0.05),
        },
    )
    return replace(model, light=sersic_light(model, **LENS_LIGHT))
