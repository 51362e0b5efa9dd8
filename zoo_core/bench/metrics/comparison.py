"""Restored images beside the noise-free ones: a few numbers an image, from which the metrics are computed.

Light is in the unit of the images, r is the restored image, t its target, sigma the noise of each pixel, all of the
pixels that were measured.
"""

import numpy as np
from skimage.metrics import structural_similarity

from ...errors import DatasetError
from ...scores import NoiseFree

__all__ = ["APERTURE", "COLUMNS", "compared"]

APERTURE = 5  # pixels, half a side of the square in which the flux of a source is summed
DETECTED = 10.0  # least signal to noise of that flux: of fainter sources the error is that of the noise
BRIGHT = 1.0  # sigma, from which on a pixel belongs to a source
SMALLEST = 1e-12  # below it an error counts as this, so that logarithms and ratios are finite
COLUMNS = (
    "psnr",
    "ssim",
    "snr_gain",
    "chi2",
    "arc_flux",
    "points",
    "points_error",
    "galaxies",
    "galaxies_error",
)


def compared(restored: np.ndarray, observed: np.ndarray, truth: NoiseFree) -> dict[str, list[float]]:
    """The columns of COLUMNS for a batch of images.

    Arguments:
        restored, observed: (B, C, H, W); NaN in `observed` where nothing was measured.
        truth: of the same images.

    Raises:
        DatasetError: the restored images have not the shape of the noise-free ones.
    """
    if restored.shape != truth.target.shape:
        raise DatasetError(
            f"restored images have the shape {restored.shape[1:]}, the noise-free ones {truth.target.shape[1:]}; "
            "nothing can be compared"
        )
    rows = [_of_one(restored[k], observed[k], truth, k) for k in range(len(restored))]
    return {name: [row[name] for row in rows] for name in COLUMNS}


def _of_one(restored: np.ndarray, observed: np.ndarray, truth: NoiseFree, k: int) -> dict[str, float]:
    measured = np.isfinite(observed)
    light, target, sigma = truth.light[k], truth.target[k], truth.sigma[k]
    error, noise = np.where(measured, restored - target, 0), np.where(measured, observed - light, 0)
    counted = {
        f"{name}{column}": value
        for name, places in (("points", truth.points), ("galaxies", truth.galaxies))
        for column, value in _fluxes(error, target, np.where(measured, sigma, np.inf), places[places[:, 0] == k])
    }
    return {
        "psnr": _psnr(error[measured], float(light[measured].max())),
        "ssim": _ssim(np.where(measured, restored, 0), np.where(measured, target, 0), measured),
        "snr_gain": _gain(noise, error, sigma, measured & (light > BRIGHT * sigma)),
        "chi2": float(np.mean(((noise - error) / sigma)[measured] ** 2)),
        "arc_flux": _amplitude(error, truth.arcs[k], sigma, measured),
        **counted,
    }


def _psnr(error: np.ndarray, peak: float) -> float:
    """20 log10(peak / rms(r - t)), dB; the peak is that of all light, so that it is defined where no arcs are."""
    return 20 * float(np.log10(max(peak, SMALLEST) / max(_rms(error), SMALLEST)))


def _ssim(restored: np.ndarray, target: np.ndarray, measured: np.ndarray) -> float:
    """Structural similarity of asinh r and asinh t, which is how images are looked at; mean over measured pixels.

    Source: Wang et al. (2004), IEEE Trans. Image Process. 13, 600, with their Gaussian window.
    """
    shown = np.arcsinh(restored), np.arcsinh(target)
    peak = max(1.0, float(shown[1].max()))
    similar = [
        structural_similarity(*pair, data_range=peak, gaussian_weights=True, use_sample_covariance=False, full=True)[1]
        for pair in zip(*shown, strict=True)
    ]
    return float(np.mean(np.stack(similar)[measured]))


def _gain(noise: np.ndarray, error: np.ndarray, sigma: np.ndarray, bright: np.ndarray) -> float:
    """rms(noise / sigma) over rms((r - t) / sigma), of the pixels of sources."""
    if not bright.any():
        return 1.0
    return _rms((noise / sigma)[bright]) / max(_rms((error / sigma)[bright]), SMALLEST)


def _amplitude(error: np.ndarray, arcs: np.ndarray, sigma: np.ndarray, measured: np.ndarray) -> float:
    """The flux of the arcs in the restored image over the true one, by a matched filter: 1 as they were, 0 erased.

    A = 1 + sum(w (r - t)) / sum(w a), with the arcs a and w = a / sigma^2; 0 where there are none.
    """
    weights = np.where(measured, arcs / sigma**2, 0)
    total = float(np.sum(weights * arcs))
    return 1 + float(np.sum(weights * error)) / total if total > 0 else 0.0


def _fluxes(error: np.ndarray, target: np.ndarray, sigma: np.ndarray, places: np.ndarray) -> list[tuple[str, float]]:
    """How many of these sources are bright enough, and the sum of their relative errors of flux."""
    errors = []
    for _, row, column in places:
        around = (..., *(slice(max(0, at - APERTURE), at + APERTURE + 1) for at in (row, column)))
        flux, noise = float(target[around].sum()), float(np.sqrt(np.sum(sigma[around] ** 2)))
        if flux > DETECTED * noise:
            errors.append(abs(float(error[around].sum())) / flux)
    return [("", float(len(errors))), ("_error", float(np.sum(errors)))]


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))
