"""U-Nets that take the noise, or the lens galaxy, out of images: the Astro U-Net, and a smaller one for two cores."""

from dataclasses import dataclass, replace

import zoo_core as zoo
from zoo_core.images.declared import FINDING

__all__ = ["zoo_architectures"]

PAPER = """@article{Vojtekova2021,
  author = {Vojtekova, Antonia and Lieu, Maggie and Valtchanov, Ivan and Altieri, Bruno and Old, Lyndsay and Chen,
            Qifeng and Hroch, Filip},
  title = {Learning to denoise astronomical images with U-nets},
  journal = {Monthly Notices of the Royal Astronomical Society},
  volume = {503},
  pages = {3204},
  year = {2021},
  eprint = {2011.07002}
}"""


MAPS = """@article{Hezaveh2017,
  author = {Hezaveh, Yashar D. and Perreault Levasseur, Laurence and Marshall, Philip J.},
  title = {Fast automated analysis of strong gravitational lenses with convolutional neural networks},
  journal = {Nature},
  volume = {548},
  pages = {555},
  year = {2017},
  eprint = {1708.08842}
}"""

LARGEST_RATIO = 10.0
"""Of exposure times, as Vojtekova et al. (2021) have them; a network has learned from no larger one."""

MAPPING = (
    *FINDING,
    {
        "op": "stack",
        "of": (
            {"op": "asinh", "softening": 1.0},
            {"op": "asinh_peak", "contrast": 50.0},
            {"op": "high_pass", "sigma": 2.0, "relative": 0.05},  # rings of 0.5 arcsec stand out
            {"op": "high_pass", "sigma": 5.0, "relative": 0.05},  # and those of 2
        ),
    },
)


@dataclass(frozen=True)
class Levels:
    """Of a network of any size.

    Arguments:
        widths: channels of each level, from the finest on.
        shuffle: pixels along the side of a block that becomes one pixel with as many channels; 1: none.
    """

    widths: tuple[int, ...] = (24, 48, 96)
    shuffle: int = 2


@dataclass(frozen=True)
class Exposure:
    """Of a network that is told how short an exposure is.

    Arguments:
        ratio: by how many times the exposure is shorter than the deep ones that it has learned from, 1 to 10.
    """

    ratio: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.ratio <= LARGEST_RATIO:
            wanted = f"by how many times the exposure is shorter than a deep one, 1 to {LARGEST_RATIO:g}"
            raise ValueError(f"ratio = {self.ratio:g}: write {wanted}")


@dataclass(frozen=True)
class Arguments(Levels):
    """Of the smaller network.

    Arguments:
        uncertain: whether it also gives the standard deviation of each pixel.
    """

    uncertain: bool = False


@dataclass(frozen=True)
class AstroArguments(Exposure):
    """Of the Astro U-Net, which was published for a ratio of 2 to 10."""

    ratio: float = 10.0


@dataclass(frozen=True)
class ExposureArguments(Exposure, Levels):
    """Of the network that is told how short an exposure is and states its errors."""


@dataclass(frozen=True)
class MapArguments(Levels):
    """Of the network that maps mass."""

    widths: tuple[int, ...] = (32, 64, 128)
    shuffle: int = 4


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """The published network, two that learn the noise in units of itself, and one that maps the mass of lenses."""
    return [
        _denoiser("unet", "denoiser:Denoiser", Arguments, "U-Net that takes away noise in units of itself"),
        replace(
            _denoiser("astro_unet", "denoiser:AstroUNet", AstroArguments, "Astro U-Net (Vojtekova et al. 2021)"),
            conditions=("ratio",),
        ),
        replace(
            _denoiser(
                "unet_exposures",
                "exposures:ExposureDenoiser",
                ExposureArguments,
                "U-Net against noise, told how short the exposure is (ratio=4), with the error of each pixel",
            ),
            train=zoo.lazy("zoo_unet.exposures:learn"),
            conditions=("ratio",),
        ),
        zoo.Architecture(
            name="unet_convergence",
            task="convergence",
            build=zoo.any_size(zoo.lazy("zoo_unet.convergence:MassMapper")),
            bands=("VIS",),
            heads=zoo.Heads(),
            preprocess=MAPPING,
            arguments=MapArguments,
            summary="U-Net that maps the convergence of a lens, with the error of each pixel",
            paper=MAPS,
        ),
    ]


def _denoiser(name: str, network: str, arguments: type, summary: str) -> zoo.Architecture:
    return zoo.Architecture(
        name=name,
        task="restoration",
        build=zoo.any_size(zoo.lazy(f"zoo_unet.{network}")),
        bands=("VIS",),
        heads=zoo.Heads(),
        preprocess=FINDING[:-1],  # in the unit of the image,
        arguments=arguments,
        summary=summary,
        paper=PAPER,
        measures_noise=True,
    )
