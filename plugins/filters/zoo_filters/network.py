"""Filters as networks with one parameter, which count in units of the noise: against noise, or for arcs alone.

The noise of a bright pixel is larger than that of the sky; where a filter takes all noise to be alike, it sees

    t = 2 (sqrt(1 + SHOT z) - 1) / SHOT for z > 0, z elsewhere,

of which all pixels have the noise 1 (Anscombe 1948, Biometrika 35, 246); z is the image in units of its sky's noise.
"""

from abc import ABC, abstractmethod

import numpy as np
import torch
from skimage.filters import gaussian
from skimage.restoration import denoise_nl_means, denoise_wavelet
from torch import Tensor, nn

from zoo_core.fit.sersic_light import fit_sersic
from zoo_core.images.sky import level_and_noise

__all__ = [
    "Filter",
    "GaussianFilter",
    "NoFilter",
    "NonLocalMeans",
    "SersicLight",
    "WaveletFilter",
    "stabilised",
    "unstabilised",
]

SHOT = 0.02  # variance per unit flux, sky sigma: the middle of those that telescopes have


class Filter(nn.Module, ABC):
    """A filter of one strength.

    Arguments:
        channels: of the input, each filtered by itself.
        outputs: channels of the output; as many.
    """

    STRENGTHS: tuple[float, ...]
    strength: Tensor

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        self.register_buffer("strength", torch.tensor(1.0))

    @torch.no_grad()
    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        """Images (B, C, H, W) of images (B, C, H, W), in their unit; on the CPU, without gradients.

        Arguments:
            noise: of the sky when the images were observed, (B, C, 1, 1); None: it is measured.
        """
        level, sigma = level_and_noise(x.float(), noise)
        z = ((x - level) / sigma).cpu().double().numpy()
        images = [[self.filtered(channel, float(self.strength)) for channel in image] for image in z]
        return torch.from_numpy(np.array(images).reshape(z.shape)).to(sigma) * sigma + level

    @abstractmethod
    def filtered(self, z: np.ndarray, strength: float) -> np.ndarray:
        """An image (H, W) in units of the sky's noise without some of it."""


class NoFilter(Filter):
    """The image as it was observed."""

    STRENGTHS = (0.0,)

    def filtered(self, z: np.ndarray, strength: float) -> np.ndarray:
        """The image itself."""
        return z


class GaussianFilter(Filter):
    """Smoothed by a Gaussian whose sigma is so many pixels."""

    STRENGTHS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.3)

    def filtered(self, z: np.ndarray, strength: float) -> np.ndarray:
        """See `skimage.filters.gaussian`."""
        return gaussian(z, strength, mode="reflect", preserve_range=True)


class WaveletFilter(Filter):
    """Shrunk wavelet coefficients, BayesShrink for noise of so many times that of the sky.

    Source: Chang, Yu & Vetterli (2000), IEEE Trans. Image Process. 9, 1532.
    """

    STRENGTHS = (0.4, 0.6, 0.8, 1.0, 1.2, 1.5)

    def filtered(self, z: np.ndarray, strength: float) -> np.ndarray:
        """See `skimage.restoration.denoise_wavelet`."""
        return unstabilised(denoise_wavelet(stabilised(z), sigma=strength, wavelet="sym4", rescale_sigma=False))


class NonLocalMeans(Filter):
    """Means of pixels whose surroundings are alike, up to so many times the noise.

    Source: Buades, Coll & Morel (2005), Computer Vision and Pattern Recognition.
    """

    STRENGTHS = (0.5, 0.7, 0.9, 1.2, 1.6)

    def filtered(self, z: np.ndarray, strength: float) -> np.ndarray:
        """See `skimage.restoration.denoise_nl_means`."""
        return unstabilised(
            denoise_nl_means(
                stabilised(z),
                patch_size=5,
                patch_distance=6,
                h=strength,
                sigma=1.0,
                fast_mode=True,
                preserve_range=True,
            )
        )


class SersicLight(Filter):
    """What an elliptical Sersic profile leaves of an image, where it is above so many times the noise.

    Source: see `fit_sersic`.
    """

    STRENGTHS = (1.0, 1.5, 2.0, 3.0, 5.0, 8.0)

    def filtered(self, z: np.ndarray, strength: float) -> np.ndarray:
        """See `fit_sersic`."""
        arcs = z - fit_sersic(z).light
        return np.where(arcs > strength * np.sqrt(1 + SHOT * z.clip(min=0)), arcs, 0.0)


def stabilised(z: np.ndarray) -> np.ndarray:
    """An image in units of the sky's noise, so that all pixels have the noise 1.

    >>> stabilised(np.array([-2.0, 0.0, 1200.0]))
    array([ -2.,   0., 400.])
    """
    return np.where(z > 0, 2 * (np.sqrt(1 + SHOT * z.clip(min=0)) - 1) / SHOT, z)


def unstabilised(t: np.ndarray) -> np.ndarray:
    """The inverse of `stabilised`.

    >>> unstabilised(np.array([-2.0, 0.0, 400.0]))
    array([  -2.,    0., 1200.])
    """
    return np.where(t > 0, ((1 + SHOT * t.clip(min=0) / 2) ** 2 - 1) / SHOT, t)
