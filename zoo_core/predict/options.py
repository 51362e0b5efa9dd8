"""How a run over images is made."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Options", "Progress"]

Progress = Callable[[int, int], None]
"""Called with (images done, images in all)."""


@dataclass(frozen=True)
class Options:
    """How a run over images is made; each as in `Model.predict`.

    Arguments:
        command: that asked for the run, which its table names.
    """

    pixel_scale: float | None = None
    out: Path | None = None
    out_dir: Path | None = None
    batch_size: int | None = None
    workers: int | None = None
    precision: str = "float32"
    resume: bool = False
    progress: Progress | None = None
    gallery: Path | None = None
    picture: Path | None = None
    samples: int = 0
    refine: bool = False
    command: str = "Model.predict"
    scheduler: str | None = None
    compile: bool | None = None
    device: str | None = None  # where the workers of a scheduler compute; None: the best that each has
