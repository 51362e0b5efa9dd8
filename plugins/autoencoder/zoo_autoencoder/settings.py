"""What a recipe may say about the training, under `settings:`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .bending import Bending

__all__ = ["Settings", "Synthetic"]

MACRO = ("pixel", "psf", "noise", "photon", "priors", "grid", "light")


@dataclass(frozen=True)
class Synthetic:
    """Synthetic images among the real ones.

    Arguments:
        share: of each batch that is synthetic.
        count: of synthetic images.
        macro: the lens, see `synthesis.lens_model`.
    """

    share: float
    count: int
    macro: Mapping[str, Any]

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"share = {self.share} is not between 0 and 1")
        if self.count < 1:
            raise ValueError(f"count = {self.count}; give 1 or more")
        if missing := [name for name in MACRO if name not in self.macro]:
            raise ValueError(f"macro lacks {', '.join(missing)}; it takes {', '.join(MACRO)}")


@dataclass(frozen=True)
class Settings:
    """How images are varied before the encoder sees them.

    Arguments:
        noise: standard deviation that is added to what the encoder sees, not to what is wanted (Vincent et al. 2008).
        half_turns: turn half of the images by 180 degrees, for data that have no other symmetry.
        bending: of what the encoder sees, not of what is wanted.
        synthetic: None: all images are real.
    """

    noise: float = 0.0
    half_turns: bool = False
    bending: Bending = field(default_factory=Bending)
    synthetic: Synthetic | None = None
