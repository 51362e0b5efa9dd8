"""Taking away the light of the lens galaxy, so that its arcs are alone: by colour, or by a profile."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import ArgumentError, UnknownNameError
from ..fit.ica import arcs_by_colour
from ..fit.sersic_light import fit_sersic
from ..images.preprocess import Preprocess
from ..images.sky import level_and_noise
from ..interfaces import Architecture
from ..tasks import Heads
from .model import Model

__all__ = ["METHODS", "Deblended", "Deblender", "deblender"]

SUMMARIES = {
    "ica": "lens light by its colour: independent components of the pixels of two bands or more",
    "sersic": "lens light by an elliptical Sersic profile, band by band",
}
METHODS = tuple(SUMMARIES)
VERSION = "1"  # changes whenever what they answer changes
SIZE = 101


@dataclass(frozen=True)
class Deblended:
    """Images without the light of their lens.

    Arguments:
        image: (B, C, H, W).
        chi_square: (B,) per degree of freedom in the middle of the galaxy, of the worst band; None of "ica".
        reasons: (B,) why the light is not to be believed gone; empty where it is.
    """

    image: Tensor
    chi_square: list[float] | list[None]
    reasons: list[str]


class Deblender(nn.Module):
    """Images without the light of the galaxy in their middle, in their unit: of each band, or one of them all.

    Arguments:
        method: of METHODS.
        psf: (k, k), which sums to 1, or None.
    """

    def __init__(self, method: str, psf: np.ndarray | None):
        super().__init__()
        self.method, self.psf = method, psf

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        """Arcs of images (B, bands, H, W), (B, bands, H, W) or (B, 1, H, W); on the CPU, in double precision.

        Arguments:
            noise: of the sky when the images were observed, (B, bands, 1, 1); None: it is measured.
        """
        return self.deblended(x, noise).image

    @torch.no_grad()
    def deblended(self, x: Tensor, noise: Tensor | None = None) -> Deblended:
        """Arcs of images as in `forward`, and what is to be thought of each."""
        level, sigma = level_and_noise(x.float(), noise)
        z = ((x - level) / sigma).cpu().double().numpy()
        return (self._by_colour if self.method == "ica" else self._by_profile)(x, z, sigma)

    def _by_colour(self, x: Tensor, z: np.ndarray, sigma: Tensor) -> Deblended:
        found = [arcs_by_colour(image) for image in z]
        units = torch.stack([sigma[k, one.band] for k, one in enumerate(found)])
        image = torch.from_numpy(np.stack([one.image for one in found])).to(x)[:, None] * units[:, None]
        return Deblended(image, [None] * len(found), [one.reason for one in found])

    def _by_profile(self, x: Tensor, z: np.ndarray, sigma: Tensor) -> Deblended:
        found = [[fit_sersic(band, self.psf) for band in image] for image in z]
        light = np.stack([[one.light for one in fits] for fits in found])
        worst = [max(one.chi_square for one in fits) for fits in found]
        reasons = [next(filter(None, (one.reason for one in fits)), "") for fits in found]
        return Deblended(x - torch.from_numpy(light).to(x) * sigma, worst, reasons)


def deblender(
    method: str,
    bands: Sequence[str] = ("VIS",),
    size: int = SIZE,
    psf: np.ndarray | None = None,
    pixel_scale: float | None = None,
) -> Model:
    """A model that takes away the light of lens galaxies; it has nothing to learn.

    It restores images, as `unet.denoise` does: `predict` writes them, and in a pipeline a network sees arcs alone.

    Arguments:
        method: "sersic", an elliptical Sersic profile that is fitted to each band; or "ica", independent components of
            the pixels of two bands or more of the same PSF, which give one image of the arcs.
        bands: names of the physical bands.
        size: pixels a side; larger images are cropped, smaller ones padded.
        psf: (k, k), k odd, through which "sersic" sees the profile; None: the profile is that of the image as it is.
        pixel_scale: arcsec of the pixels that images are resampled to, as the next model of a pipeline takes them;
            None: they stay as they are.

    Raises:
        UnknownNameError: there is no such method.
        ArgumentError: it cannot work with these bands or this PSF.
        SpecError: the size or the pixel scale is none.

    Example:
        >>> import zoo_core as zoo
        >>> zoo.deblender("sersic", size=61)
        <Model deblend.sersic: restoration of VIS, 61 px, 0 parameters, 1 view, trained, on cpu>
        >>> lenses = zoo.open_dataset("modelling_euclid", n=1)
        >>> zoo.deblender("sersic")(lenses.images([0])).image.shape
        torch.Size([1, 1, 101, 101])
    """
    if method not in METHODS:
        raise UnknownNameError.among("deblender", method, METHODS)
    if method == "ica" and len(bands) < 2:
        raise ArgumentError(f"ica tells a lens from its arcs by colour; {', '.join(bands)} is one band, it takes two")
    images = ("arcs",) if method == "ica" else tuple(bands)
    heads = Heads(parameters=images, units=("",) * len(images))
    resampled = [] if pixel_scale is None else [{"op": "resample", "pixel_scale": pixel_scale}]
    preprocess = Preprocess.from_operations([*resampled, {"op": "frame", "size": size}], tuple(bands))
    architecture = Architecture(
        name="deblend",
        task="restoration",
        build=_unbuildable,
        bands=tuple(bands),
        heads=heads,
        preprocess=tuple(preprocess.declared()),
        summary=SUMMARIES[method],
        measures_noise=True,
    )
    network = Deblender(method, None if psf is None else _checked(psf, method)).eval()
    identity = hashlib.sha256(f"{method} {VERSION}".encode() + (b"" if psf is None else np.float64(psf).tobytes()))
    return Model(f"deblend.{method}", architecture, network, preprocess, heads, weights_sha256=identity.hexdigest())


def _checked(psf: np.ndarray, method: str) -> np.ndarray:
    """The PSF as it is used, its sum 1."""
    kernel = np.asarray(psf, float)
    if method != "sersic":
        raise ArgumentError(f"psf= (--psf) goes with sersic; {method} knows nothing of shapes")
    if kernel.ndim != 2 or not all(side % 2 for side in kernel.shape) or not kernel.sum() > 0:
        shape = kernel.shape
        raise ArgumentError(f"psf= (--psf) has the shape {shape}; it is an image of odd sides, its peak in the middle")
    return kernel / kernel.sum()


def _unbuildable(**arguments: object) -> nn.Module:
    raise ArgumentError("a deblender has no weights: zoo.deblender(...)")
