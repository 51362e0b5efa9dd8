"""Keys of a recipe under `settings:`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from zoo_core.errors import SpecError
from zoo_core.fit.macrolearn import with_lens_light
from zoo_core.fit.macromodel import MacroModel

from .bending import Bending

__all__ = ["LensGuess", "Settings", "Synthetic"]


@dataclass(frozen=True)
class LensGuess:
    """The first guess of what all images share.

    Arguments:
        pixel: length of the pixels of the images, in the unit of the lengths that follow.
        psf, noise, photon, priors, grid: see `zoo_core.fit.macromodel.MacroModel`.
        light: R, n, e1, e2 of the lens galaxy.
    """

    pixel: int
    psf: float
    noise: float
    photon: float
    priors: Mapping[str, tuple[float, float]]
    grid: Mapping[str, tuple[float, ...]]
    light: Mapping[str, float]

    def __post_init__(self) -> None:
        try:
            self.model(1)
        except SpecError as error:
            raise ValueError(str(error)) from None

    def model(self, side: int) -> MacroModel:
        """The model of images of so many pixels a side.

        Raises:
            SpecError: a name is none of a parameter of a macro-lens, or of a lens galaxy.
        """
        written = {"binning": self.pixel, "psf": self.psf, "noise": self.noise, "photon": self.photon}
        lens = {"priors": self.priors, "grid": self.grid}
        model = MacroModel.from_mapping(side * self.pixel, written | lens)
        return with_lens_light(model, self.light)


@dataclass(frozen=True)
class Synthetic:
    """Synthetic images among the real ones.

    Arguments:
        share: of each batch that is synthetic.
        count: of synthetic images.
        macro: the lens, of whose kind they are.
    """

    share: float
    count: int
    macro: LensGuess

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"share = {self.share} is not between 0 and 1")
        if self.count < 1:
            raise ValueError(f"count = {self.count}; give 1 or more")


@dataclass(frozen=True)
class Settings:
    """How images are varied before they enter the encoder.

    Arguments:
        noise: standard deviation of what is added to the input and not to the target (Vincent et al. 2008).
        half_turns: turn half of the images by 180 degrees, for data that have no other symmetry.
        bending: of the input and not of the target.
        synthetic: None: all images are real.
    """

    noise: float = 0.0
    half_turns: bool = False
    bending: Bending = field(default_factory=Bending)
    synthetic: Synthetic | None = None
