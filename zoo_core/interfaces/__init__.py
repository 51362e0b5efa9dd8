"""What a plugin may provide: architectures and data sets; metrics are in `zoo_core.metric`.

Nothing here imports torch or numpy when it is loaded.
"""

from typing import TYPE_CHECKING

from .architecture import Architecture, any_size, one_size
from .dataset import Dataset, DatasetFactory, Download, Item
from .description import DOMAINS, Description, domain_named
from .training import Batch, Training
from .view import TrainingView

if TYPE_CHECKING:
    from .dataset import Rows as Rows

__all__ = [
    "DOMAINS",
    "Architecture",
    "Batch",
    "Dataset",
    "DatasetFactory",
    "Description",
    "Download",
    "Item",
    "Training",
    "TrainingView",
    "any_size",
    "domain_named",
    "one_size",
]
