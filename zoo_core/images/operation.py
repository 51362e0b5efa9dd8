"""What an operation of the preprocessing is, and what holds for a list of them."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

__all__ = ["ChannelOperation", "Operation", "channel_operations", "digest", "n_channels"]


@dataclass(frozen=True)
class Operation:
    """One step of preprocessing: a frozen dataclass, each field with its rule (`rules.rule`).

    Attributes:
        op: what users type; it is hashed, and so never changes.
    """

    op = ""

    def declared(self) -> dict[str, Any]:
        """The mapping that `parse` reads back."""
        return {"op": self.op, **asdict(self)}

    def fault(self) -> str:
        """Why its values, each of which keeps its rule, do not go together; empty if they do."""
        return ""


@dataclass(frozen=True)
class ChannelOperation(Operation, ABC):
    """A step that makes the channels of a batch from those before it."""

    @abstractmethod
    def apply(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        """The channels (B, channels, H, W) of such a batch, on its device; `pixels` stay as they are.

        Arguments:
            pixels: what the operations before have made.
            noise: standard deviation of the sky, (B, bands, 1, 1), where it is known better than from the pixels. Only
                an operation that measures the noise itself looks at it.
        """

    def n_channels(self, before: int) -> int:
        """Channels that it makes of so many."""
        return before


def channel_operations(operations: Sequence[Operation]) -> list[ChannelOperation]:
    """The operations that make channels of a batch, in order."""
    return [operation for operation in operations if isinstance(operation, ChannelOperation)]


def n_channels(operations: Sequence[Operation], n_bands: int) -> int:
    """Channels of the network's input, of images of so many bands."""
    for operation in channel_operations(operations):
        n_bands = operation.n_channels(n_bands)
    return n_bands


def digest(operations: Sequence[Operation]) -> str:
    """sha256 of the operations in canonical form."""
    canonical = json.dumps([operation.declared() for operation in operations], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
