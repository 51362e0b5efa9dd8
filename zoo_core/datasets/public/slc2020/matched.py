"""Images of slc2020 in which one macro-lens has been put in the place of another, so that it does not tell the class.

To an image is added what its model changes by when Einstein radius and source size become those that all images have.
No pixel is moved: what the model does not explain, where substructure shows, stays as it is. No label is used.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ....fit.macromodel import changed, source_image
from .challenge import WHITE
from .macro import SCATTER, THETA_E, draws, fitted, whole

__all__ = ["matched"]

LOG_R = (2.107, 0.024)  # of the sources of no_sub: median and scatter of the fits
ROUNDS = 2  # the residual draws the first fit a little
RENDERED = 50  # images at once


def matched(images: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Images (N, 150, 150) of one Einstein radius and source size, to their maximum and in 8 bits as they came.

    Arguments:
        names: of the files; how far each is from the common values is a function of it.
    """
    wanted = [(THETA_E * rng.normal(1.0, SCATTER), rng.normal(*LOG_R)) for rng in draws(names)]
    for _ in range(ROUNDS):
        images = images + _difference(images, torch.tensor(wanted))
    return np.clip(np.rint(images / images.max((1, 2), keepdims=True) * WHITE), 0, WHITE) / WHITE


def _difference(images: np.ndarray, wanted: Tensor) -> np.ndarray:
    """The model with the wanted radii and sizes (N, 2) less the model that fits."""
    fit = fitted(images)
    theta_E, log_R = wanted.T
    there = changed(fit.parameters, {"theta_E": theta_E, "log_R": log_R})
    return (fit.source_brightness * (_sources(there) - _sources(fit.parameters))).numpy()


def _sources(parameters: Tensor) -> Tensor:
    return torch.cat([source_image(whole(), part) for part in parameters.split(RENDERED)])
