"""Maps of the convergence beside the true ones: a few numbers an image, from which the metrics are computed.

Of the pixels that were measured; d is the predicted log10 kappa minus the true one, dex.
"""

import numpy as np

from ...errors import DatasetError
from ...scores import MassMaps

__all__ = ["COLUMNS", "compared_maps"]

COLUMNS = ("rms", "rms_inside", "mass", "within_1", "within_2")


def compared_maps(log10_kappa: np.ndarray, sigma: np.ndarray | None, truth: MassMaps) -> dict[str, list[float]]:
    """The columns of COLUMNS for a batch of maps.

        rms = sqrt(<d^2>),    mass = sum of 10^predicted / sum of 10^true - 1 within the Einstein radius

    `rms_inside` is that of the pixels within the Einstein radius, `within_k` the share of all pixels with
    |d| <= k sigma; 0 where no errors are stated.

    Arguments:
        log10_kappa: predicted, (B, 1, H, W).
        sigma: of its pixels, in the same shape.
        truth: of the same images.

    Raises:
        DatasetError: the maps have not the shape of the true ones.
    """
    if log10_kappa.shape != truth.log10_kappa.shape:
        raise DatasetError(
            f"maps have the shape {log10_kappa.shape[1:]}, the true ones {truth.log10_kappa.shape[1:]}; nothing can be "
            "compared"
        )
    stated = np.zeros_like(log10_kappa) if sigma is None else sigma
    rows = [_of_one(*one) for one in zip(log10_kappa, stated, truth.log10_kappa, truth.inside, strict=True)]
    return {name: [row[name] for row in rows] for name in COLUMNS}


def _of_one(predicted: np.ndarray, sigma: np.ndarray, true: np.ndarray, inside: np.ndarray) -> dict[str, float]:
    measured = np.isfinite(true)
    error, inside = predicted - true, inside & measured
    return {
        "rms": _rms(error[measured]),
        "rms_inside": _rms(error[inside]),
        "mass": float(np.sum(10.0 ** predicted[inside]) / np.sum(10.0 ** true[inside])) - 1,
        **{f"within_{k}": float(np.mean(np.abs(error[measured]) <= k * sigma[measured])) for k in (1, 2)},
    }


def _rms(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(errors**2)))
