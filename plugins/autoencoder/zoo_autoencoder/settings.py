"""What a recipe may say about the training, under `settings:`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zoo_core.errors import RecipeError
from zoo_core.train.settings import known

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
        _check_share("settings: synthetic", self.share)
        if self.count < 1:
            raise RecipeError(f"settings: synthetic: count = {self.count}; give 1 or more")
        if missing := [name for name in MACRO if name not in self.macro]:
            raise RecipeError(f"settings: synthetic: macro lacks {', '.join(missing)}; it takes {', '.join(MACRO)}")


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

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> "Settings":
        """The settings of a recipe.

        Raises:
            RecipeError: an unknown or missing key, or a value that is out of range.
        """
        read = known(cls, "settings", said)
        if "bending" in read:
            read["bending"] = Bending(**known(Bending, "settings: bending", read["bending"]))
            _check_share("settings: bending", read["bending"].share)
        if "synthetic" in read:
            read["synthetic"] = Synthetic(**known(Synthetic, "settings: synthetic", read["synthetic"]))
        return cls(**read)


def _check_share(where: str, share: float) -> None:
    if not 0 <= share <= 1:
        raise RecipeError(f"{where}: share = {share} is not between 0 and 1")
