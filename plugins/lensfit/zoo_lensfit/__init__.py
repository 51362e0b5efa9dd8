"""Substructure by physics: fit a smooth lens to the image, and judge what the fit leaves over and what it found.

Nothing is learned by gradient descent but the fits themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import zoo_core as zoo

__all__ = ["zoo_architectures"]

PREPROCESS = ({"op": "bin", "factor": 2}, {"op": "frame", "size": 57})
PAPER = """@article{Vegetti2009,
  author = {Vegetti, S. and Koopmans, L. V. E.},
  title = {Bayesian strong gravitational-lens modelling on adaptive grids: objective detection of mass substructure in
           galaxies},
  journal = {Monthly Notices of the Royal Astronomical Society},
  volume = {392},
  pages = {945},
  year = {2009},
  eprint = {0805.0201}
}"""


@dataclass(frozen=True)
class Arguments:
    """Arguments of the detector. Lengths are in the pixels of the images before they are binned.

    Arguments:
        pixel: length of the network's pixels.
        psf: standard deviation of the PSF, the first guess.
        noise, photon: variance noise^2 + photon * brightness of a pixel.
        priors: mean and standard deviation of parameters (`zoo_core.fit.macromodel.PARAMETERS`), 0: fixed. None: of any
            lens that fills the frame.
        grid: values of parameters to start from. None: source positions.
        light: R, n, e1, e2 of the lens galaxy, a first guess. None: there is none.
        marginalised: whatever the macro-lens is, only the largest significance of a point mass in the residual counts.
            Otherwise all statistics of `Normal` do, and parameters that training images do not have are an anomaly.
        components: principal directions of the residuals of training images.
        iterations: of the fit at most.
    """

    pixel: int = 2
    psf: float = 1.5
    noise: float = 0.01
    photon: float = 0.0
    priors: Mapping[str, tuple[float, float]] | None = None
    grid: Mapping[str, tuple[float, ...]] | None = None
    light: Mapping[str, float] | None = None
    marginalised: bool = False
    components: int = 50
    iterations: int = 30


@dataclass(frozen=True)
class Settings:
    """Settings of the training.

    Arguments:
        learn_images: training images from which what all images share is learned.
        rounds: of fits in which it is learned.
    """

    learn_images: int = 400
    rounds: int = 4


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """The fit of a macro-lens."""
    return [
        zoo.Architecture(
            name="lensfit",
            task="anomaly",
            build=zoo.lazy("zoo_lensfit.network:lensfit"),
            bands=("grey",),
            heads=zoo.Heads(),
            preprocess=PREPROCESS,
            arguments=Arguments,
            settings=Settings,
            summary="fit of a smooth lens: what it leaves over, and how unusual its parameters are",
            paper=PAPER,
            train=zoo.lazy("zoo_lensfit.network:train"),
        )
    ]
