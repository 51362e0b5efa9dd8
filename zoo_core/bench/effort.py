"""How images are scored: how many at once, in which precision, and what follows the progress."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["USUAL", "Effort", "Progress"]

Progress = Callable[[str, int, int], None]
"""Called with the model's id, the finished images and all of them."""


@dataclass(frozen=True)
class Effort:
    """How the images of a benchmark are scored.

    Arguments:
        batch_size: images at once; halved where they do not fit into the device's memory.
        precision: of the network, "float32" or "bf16".
        progress: called after every shard.
        compile: the network, as in `Model.predict`.
    """

    batch_size: int = 64
    precision: str = "float32"
    progress: Progress | None = None
    compile: bool | None = None


USUAL = Effort()
