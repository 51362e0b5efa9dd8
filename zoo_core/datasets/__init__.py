"""Data sets: simulated ones, and adapters of public ones.

The package is also the function that lists them, so that both `zoo.datasets()` and `zoo_core.datasets.opening` read as
one expects.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..catalog.specs import DatasetSpec


class _Datasets(ModuleType):
    def __call__(self, task: str | None = None) -> "list[DatasetSpec]":
        """What the installed plugins can open, of one task or of all; imports none of them."""
        from .opening import datasets

        return datasets(task)


sys.modules[__name__].__class__ = _Datasets
