"""U-Nets that take the noise, or the lens galaxy, out of images: the Astro U-Net, and a smaller one for two cores."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Arguments:
    """Of the smaller network.

    Arguments:
        widths: channels of each level, from the finest on.
        shuffle: pixels along the side of a block that becomes one pixel with as many channels; 1: none.
        uncertain: whether it also gives the standard deviation of each pixel.
    """

    widths: tuple[int, ...] = (24, 48, 96)
    shuffle: int = 2
    uncertain: bool = False


@dataclass(frozen=True)
class AstroArguments:
    """Of the Astro U-Net.

    Arguments:
        ratio: how many times longer the exposure is that it shall restore; 2 to 10 as published.
    """

    ratio: float = 10.0


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """The published network, and one that learns the noise in units of itself."""
    return [
        _architecture("unet", "Denoiser", Arguments, "U-Net that takes away noise in units of itself"),
        _architecture("astro_unet", "AstroUNet", AstroArguments, "Astro U-Net (Vojtekova et al. 2021)"),
    ]


def _architecture(name: str, network: str, arguments: type, summary: str) -> zoo.Architecture:
    return zoo.Architecture(
        name=name,
        task="restoration",
        build=zoo.any_size(zoo.lazy(f"zoo_unet.denoiser:{network}")),
        bands=("VIS",),
        heads=zoo.Heads(),
        preprocess=FINDING[:-1],  # in the unit of the image,
        arguments=arguments,
        summary=summary,
        paper=PAPER,
        measures_noise=True,
    )
