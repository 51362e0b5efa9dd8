"""Pictures of a candidate at several stretches, as PNG."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO

import matplotlib
import numpy as np
import torch
from PIL import Image

from ..images.sky import sky
from ..predict.gallery import NIGHT, blue_to_red, stretched

__all__ = ["LARGEST", "LOG_KAPPA", "STRETCHES", "picture_of_convergence", "picture_of_residual", "pictures_of"]

RED_AND_BLUE = matplotlib.colormaps["RdBu_r"]
COLOURS = 256  # of a picture: as many as there are between black and white
TINY = 1e-30
LOG_KAPPA = (-1.0, 1.0)  # from black to white; the critical curve of a round lens is where the mean within it is 1
LARGEST = 5.0  # times the noise, where the colours of a residual end
FAINT = (-2.0, 6.0)  # times the noise of the sky, from black to white


def pictures_of(pixels: np.ndarray, bands: Sequence[str]) -> dict[str, str]:
    """A data URL of each of `STRETCHES`, of an image (bands, H, W)."""
    ordered = blue_to_red(pixels, bands)
    return {name: _url(stretch(ordered)) for name, stretch in STRETCHES.items()}


def picture_of_convergence(kappa: np.ndarray) -> str:
    """A data URL of log10 kappa, (H, W), from a tenth of the critical density to ten times it."""
    return _url(_between(np.log10(np.maximum(kappa, TINY)), *LOG_KAPPA))


def picture_of_residual(residual: np.ndarray) -> str:
    """A data URL of a residual in units of the noise, (H, W): red where the image is brighter, black for NaN."""
    coloured = RED_AND_BLUE(_between(residual, -LARGEST, LARGEST))[..., :3]
    return _url(np.where(np.isnan(residual)[..., None], 0.0, coloured))


def _linear(pixels: np.ndarray) -> np.ndarray:
    """From the level of the sky to the brightest pixel."""
    level, _ = _sky(pixels)
    return _between(_mean(pixels), level, float(_mean(pixels).max()))


def _logarithmic(pixels: np.ndarray) -> np.ndarray:
    """log(1 + x / sigma), from the level of the sky to the brightest pixel."""
    level, sigma = _sky(pixels)
    signal = np.log1p(np.maximum(_mean(pixels) - level, 0) / sigma)
    return _between(signal, 0.0, float(signal.max()))


def _faint(pixels: np.ndarray) -> np.ndarray:
    """What is about as bright as the noise of the sky."""
    level, sigma = _sky(pixels)
    return _between(_mean(pixels), level + FAINT[0] * sigma, level + FAINT[1] * sigma)


STRETCHES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "asinh": stretched,
    "linear": _linear,
    "log": _logarithmic,
    "faint": _faint,
}
"""By name, from an image (bands, H, W) to grey (H, W) or to red, green, blue (H, W, 3), 0 to 1."""


def _mean(pixels: np.ndarray) -> np.ndarray:
    return pixels.mean(axis=0, dtype=np.float64)


def _sky(pixels: np.ndarray) -> tuple[float, float]:
    """Level and noise of the mean of the bands; noise is above 0."""
    mean = _mean(pixels)
    level, sigma = (float(each) for each in sky(torch.from_numpy(mean[None]).float()))
    return level, max(sigma, (float(mean.max()) - level) / 1000, TINY)


def _between(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.clip((values - low) / max(high - low, TINY), 0, 1)


def _url(picture: np.ndarray) -> str:
    coloured = NIGHT(picture)[..., :3] if picture.ndim == 2 else picture
    content = BytesIO()
    image = Image.fromarray((coloured[::-1] * 255).round().astype(np.uint8))  # north is up where the row number rises
    image.quantize(COLOURS).save(content, "PNG", optimize=True)
    return f"data:image/png;base64,{b64encode(content.getvalue()).decode()}"
