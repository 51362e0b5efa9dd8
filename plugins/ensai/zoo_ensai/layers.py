"""What the networks are made of: convolutions that keep the size, widths, and the thinning of a whole network."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from zoo_core.errors import SpecError
from zoo_core.models.dropout import MonteCarloDropout

__all__ = ["Same", "map_side", "thinned", "widened"]


class Same(nn.Conv2d):
    """A convolution whose output has the side ceil(n / stride), as TensorFlow has it: an odd zero stands behind."""

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', ceil(H / stride), ceil(W / stride))."""
        edges = [
            edge
            for n, k, s in zip(input.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True)
            for edge in _edges(n, k, s)
        ]
        return super().forward(F.pad(input, edges))


def widened(channels: int, width: float) -> int:
    """So many channels in a network of another width.

    >>> widened(192, 0.25), widened(64, 0.001)
    (48, 1)
    """
    return max(1, round(channels * width))


def map_side(maps: nn.Module, channels: int, size: int, network: str) -> int:
    """Side of the maps of an image, without computing them.

    Raises:
        SpecError: nothing is left of an image of this size.
    """
    weights = {name: tensor.to("meta") for name, tensor in maps.named_parameters()}
    try:
        return functional_call(maps, weights, torch.zeros(1, channels, size, size, device="meta")).shape[-1]
    except RuntimeError as error:
        raise SpecError(f"{network} leaves nothing of {size} x {size} pixels; its images had 192 x 192") from error


def thinned(network: nn.Module, dropout: float, passes: int) -> nn.Module:
    """The network, with dropout before every weight layer unless it is 0."""
    return MonteCarloDropout(network, dropout, passes) if dropout else network


def _edges(n: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and behind an axis of n pixels."""
    total = max((-(-n // stride) - 1) * stride + kernel - n, 0)
    return total // 2, total - total // 2
