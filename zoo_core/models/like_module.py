"""What users try on any torch module, answered for the network that an object holds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import chain
from typing import Self

import torch
from torch import Tensor, nn

from ..errors import ArgumentError

__all__ = ["LikeModule"]


class LikeModule(ABC):
    """The face of a torch module in eval mode; its class has a network and a name."""

    id: str
    network: nn.Module

    @abstractmethod
    def to(self, device: str | torch.device | torch.dtype, dtype: torch.dtype = torch.float32) -> Self:
        """The same model on a device; the network itself is moved."""

    def cpu(self) -> Self:
        """`to("cpu")`."""
        return self.to("cpu")

    def cuda(self) -> Self:
        """`to("cuda")`."""
        return self.to("cuda")

    def float(self) -> Self:
        """The same model, which always predicts in float32."""
        return self

    def half(self) -> Self:
        """Refused, as `to(torch.float16)`."""
        return self.to(torch.float16)

    def bfloat16(self) -> Self:
        """Refused, as `to(torch.bfloat16)`."""
        return self.to(torch.bfloat16)

    def double(self) -> Self:
        """Refused, as `to(torch.float64)`."""
        return self.to(torch.float64)

    def eval(self) -> Self:
        """The same model, which always is in eval mode."""
        return self

    def train(self, mode: bool = True) -> Self:
        """Refused: a model only predicts.

        Raises:
            ArgumentError: unless `mode` is false.
        """
        if mode:
            raise ArgumentError(
                f"{self.id} stays in eval mode; zoo.finetune trains it, or train its `network` yourself"
            )
        return self

    def parameters(self) -> Iterator[nn.Parameter]:
        """Parameters of the network."""
        return self.network.parameters()

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Parameters of the network."""
        return self.network.named_parameters()

    def state_dict(self) -> dict[str, Tensor]:
        """State of the network."""
        return self.network.state_dict()

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        tensors = chain(self.network.parameters(), self.network.buffers())
        return next((tensor.device for tensor in tensors), torch.device("cpu"))

    @property
    def n_parameters(self) -> int:
        """Number of weights that training sets."""
        return sum(parameter.numel() for parameter in self.parameters())
