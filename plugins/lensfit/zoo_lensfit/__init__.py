"""Substructure by physics: fit a smooth lens to the image, and judge what the fit leaves over and what it found.

Nothing is learned by gradient descent but the fits themselves.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import zoo_core as zoo

if TYPE_CHECKING:
    from torch import nn

__all__ = ["zoo_architectures"]

SIDE = 57
MARGINAL = ("mass",)  # of the figures without parameters, the one that sees masses put into smooth lenses best
PREPROCESS = ({"op": "bin", "factor": 2}, {"op": "frame", "size": SIDE})
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


def build(
    channels: int,
    outputs: int,
    side: int = SIDE,
    pixel: int = 2,
    psf: float = 1.5,
    noise: float = 0.01,
    photon: float = 0.0,
    priors: Mapping[str, Sequence[float]] | None = None,
    grid: Mapping[str, Sequence[float]] | None = None,
    light: Mapping[str, float] | None = None,
    marginalised: bool = False,
    components: int = 50,
    iterations: int = 30,
) -> "nn.Module":
    """The detector before it has seen any image.

    Arguments:
        channels, outputs: of the network; there is one of each.
        side: pixels a side of its images, as the preprocessing frames them.
        pixel: length of the network's pixels, in the pixels of the lengths below.
        psf: standard deviation of the PSF, the first guess.
        noise, photon: variance noise^2 + photon * brightness of a pixel.
        priors: mean and standard deviation of parameters (`zoo_core.fit.macromodel.PARAMETERS`), 0: fixed. None: of any
            lens that fills the frame.
        grid: values of parameters to start from. None: source positions.
        light: R, n, e1, e2 of the lens galaxy, a first guess. None: there is none.
        marginalised: whatever the macro-lens is, only the largest significance of a point mass in the residual counts.
            Otherwise all figures of `Normal` do, and parameters that training images do not have are an anomaly.
        components: principal directions of the residuals of training images.
        iterations: of the fit at most.
    """
    from .network import LensFit, setup
    from .normal import FIGURES

    chosen = setup(side, pixel, psf, noise, photon, priors, grid, light)
    return LensFit(channels, chosen, MARGINAL if marginalised else FIGURES, components, iterations)


def train(detector: "nn.Module", training: zoo.Training) -> None:
    """Learn what images share from `learn_images` (400) in `rounds` (4) of fits, then what is normal from all."""
    from .network import LensFit

    assert isinstance(detector, LensFit)
    images = training.images()
    detector.learn(images[: training.settings.get("learn_images", 400)], training.settings.get("rounds", 4))
    detector.take_as_normal(images)


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """The fit of a macro-lens."""
    return [
        zoo.Architecture(
            name="lensfit",
            task="anomaly",
            build=build,
            size=SIDE,
            bands=("grey",),
            heads=zoo.Heads(),
            preprocess=PREPROCESS,
            summary="fit of a smooth lens: what it leaves over, and how unusual its parameters are",
            paper=PAPER,
            train=train,
        )
    ]
