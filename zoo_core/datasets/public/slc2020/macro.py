"""The macro-lens of slc2020: what the challenge's images share, and fits of it to them."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import torch

from ....fit.macrofit import MacroFit, fit_macro
from ....fit.macrolearn import sersic_light
from ....fit.macromodel import MacroModel
from .challenge import SIDE

__all__ = ["LENS_LIGHT", "SCATTER", "THETA_E", "draws", "einstein_radii", "fitted", "lens_light", "whole"]

THETA_E = 20.0  # pixels, the median of no_sub
SCATTER = 0.005  # of the fits to no_sub, relative: all images are left with it, so that no smaller offset shows
FITTED = 112  # central pixels a side that the lens is fitted to
LENS_LIGHT = {"R": 6.7, "n": 1.9, "e1": 0.137, "e2": -0.01}  # pixels; see `fit.macrolearn.sersic_light`


def fitted(images: np.ndarray) -> MacroFit:
    """Best-fitting macro-lens of each image (N, 150, 150)."""
    edge = (SIDE - FITTED) // 2
    central = np.ascontiguousarray(images[:, edge : edge + FITTED, edge : edge + FITTED], dtype=np.float32)
    return fit_macro(torch.from_numpy(central), _central())


def einstein_radii(images: np.ndarray) -> np.ndarray:
    """Einstein radius (N,), pixels, of the best-fitting macro-lens of each image (N, 150, 150)."""
    return fitted(images).theta_E.double().numpy()


def draws(names: Sequence[str]) -> list[np.random.Generator]:
    """A generator for each file: all that is random is a function of its name."""
    return [np.random.default_rng(list(hashlib.sha256(name.encode()).digest())) for name in names]


@cache
def whole() -> MacroModel:
    """The model of the whole image, pixel by pixel."""
    return MacroModel(SIDE, psf=_central().psf)


@cache
def lens_light() -> np.ndarray:
    """The light of the lens over the whole image (150, 150), of the amplitude one."""
    return sersic_light(whole(), **LENS_LIGHT).numpy()[0]


@cache
def _central() -> MacroModel:
    """The model that is fitted, in pixels of the image; from fits to no_sub images of the training split."""
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
