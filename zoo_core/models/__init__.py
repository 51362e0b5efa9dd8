"""Networks with their preprocessing and meaning: load one, predict with it.

The package is also the function that lists what is published, so that both `zoo.models(task="classification")` and
`zoo_core.models.load` read as one expects. It imports no torch.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..catalog.specs import ModelSpec


class _Models(ModuleType):
    def __call__(self, task: str | None = None) -> "list[ModelSpec]":
        """Published models, of one task or of all, sorted by id; imports no plugin."""
        from .listing import models

        return models(task)


sys.modules[__name__].__class__ = _Models
