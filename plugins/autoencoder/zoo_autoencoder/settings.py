"""Keys of a recipe under `settings:`."""

from dataclasses import dataclass, field

from zoo_core.fit.macrolearn import LensGuess

from .bending import Bending

__all__ = ["Settings", "Synthetic"]


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
