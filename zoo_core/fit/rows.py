"""Tensors with a row an image, of which some images may be taken or replaced."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

__all__ = ["Rows"]


@dataclass(frozen=True)
class Rows:
    """What has a row an image in each of its tensors; one that is None is not known of any."""

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Self:
        """The same with another tensor in the place of each."""
        return replace(self, **{name: change(value) for name, value in vars(self).items() if value is not None})

    def rows(self, rows: Tensor) -> Self:
        """Some of the images."""
        return self.mapped(lambda value: value[rows])

    def updated(self, rows: Tensor, other: Self) -> Self:
        """With these rows replaced by those of another."""
        yours = vars(other)
        return replace(self, **{name: mine.index_copy(0, rows, yours[name]) for name, mine in vars(self).items()})
