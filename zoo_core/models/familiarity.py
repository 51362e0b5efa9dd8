"""Whether images are like those that a model has learned from: the density of the features of its network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import WeightsError

__all__ = ["PREFIX", "FeatureDensity", "fitted", "learned_ranges"]

PREFIX = "familiarity."  # of the names of its tensors in a file of weights
COMPONENTS = 64
FOR_EACH = 8  # images that a component is estimated from, at least
FLOOR = 1e-6  # of the mean variance, so that features that never vary do not count


@dataclass(frozen=True, eq=False)
class FeatureDensity:
    """A Gaussian of the features of images, its covariance that of the first principal components and the rest alike.

        d^2 = 1/D [sum_k t_k^2 / lambda_k + (|f - mu|^2 - sum_k t_k^2) / sigma^2],    t_k = v_k (f - mu)

    Arguments:
        mean: mu (D,).
        axes: v (K, D), orthonormal.
        variances: lambda (K,).
        rest: sigma^2, the mean variance along all other axes.

    Source: Tipping & Bishop (1999), "Probabilistic principal component analysis", J. R. Stat. Soc. B 61, 611, for the
    covariance; Lee, Lee, Lee & Shin (2018), "A simple unified framework for detecting out-of-distribution samples and
    adversarial attacks", arXiv:1807.03888, for the distance of Mahalanobis (1936) in the features of a network.
    """

    mean: Tensor
    axes: Tensor
    variances: Tensor
    rest: Tensor

    @classmethod
    def of(cls, features: np.ndarray, components: int = COMPONENTS) -> FeatureDensity:
        """The density of features (N, D) of two images and more, with so many principal components at most."""
        images, D = features.shape
        mean = features.mean(0, dtype=np.float64)
        _, singular, axes = np.linalg.svd(features - mean, full_matrices=False)
        variances = np.zeros(D)
        variances[: len(singular)] = singular**2 / images
        floor = FLOOR * max(variances.mean(), np.finfo(np.float32).tiny)
        kept = min(components, D - 1)
        rest = max(variances[kept:].mean(), floor)
        parts = (mean, axes[:kept], np.maximum(variances[:kept], rest), np.array(rest))
        return cls(*(torch.from_numpy(np.ascontiguousarray(part)).float() for part in parts))

    def distances(self, features: Tensor) -> Tensor:
        """D (B,) of features (B, D), about 1 for images like those that it is of; on the CPU, in double precision."""
        apart = features.cpu().double() - self.mean.double()
        along = (apart @ self.axes.double().T).square()
        square = (along / self.variances.double()).sum(1) + (apart.square().sum(1) - along.sum(1)) / self.rest.double()
        return (square / apart.shape[1]).clamp(min=0).sqrt()

    def tensors(self) -> dict[str, Tensor]:
        """As it is kept among the weights."""
        return {PREFIX + name: tensor for name, tensor in vars(self).items()}

    @classmethod
    def read(cls, tensors: Mapping[str, Tensor], where: object) -> FeatureDensity:
        """From what `tensors` gives.

        Raises:
            WeightsError: they are not those.
        """
        found = {name.removeprefix(PREFIX): tensor.float() for name, tensor in tensors.items()}
        if set(found) != set(cls.__dataclass_fields__):
            raise WeightsError(f"{where}: holds {sorted(tensors)}, which are no density of features")
        return cls(**found)


def fitted(features: np.ndarray, share: float) -> tuple[FeatureDensity, float]:
    """The density of features (N, D), and the distance within which that share of images like those lies.

    It is measured on each half of the images, from the density of the other half, which has as many components.
    """
    halves = features[::2], features[1::2]
    components = min(COMPONENTS, len(halves[1]) // FOR_EACH)
    found = [
        FeatureDensity.of(one, components).distances(torch.from_numpy(other)) for one, other in (halves, halves[::-1])
    ]
    return FeatureDensity.of(features, components), float(torch.cat(found).quantile(share))


def learned_ranges(targets: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Lowest and highest value of each parameter (N, P), in four digits, outwards."""
    low, high = targets.min(0).astype(float), targets.max(0).astype(float)
    return tuple(zip(_rounded(low, high - low, np.floor), _rounded(high, high - low, np.ceil), strict=True))


def _rounded(values: np.ndarray, spans: np.ndarray, towards: np.ufunc) -> list[float]:
    steps = 10.0 ** np.floor(np.log10(np.maximum(spans, 1e-12)) - 3)
    return [float(f"{value:.6g}") for value in towards(values / steps) * steps]
