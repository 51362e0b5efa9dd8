"""Pairs of convolutions, model 8 of Hezaveh et al. (2017), a network of their own."""

from torch import Tensor, nn

from .layers import Same, map_side, thinned, widened

__all__ = ["Pairs", "pairs"]

LAYERS = ((3, 32, 1), (5, 32, 1), (10, 32, 2), (10, 32, 1), (10, 64, 2), (10, 64, 1), (10, 128, 2), (3, 256, 1))
"""Side of the kernel, channels and stride of each pair."""


class Pairs(nn.Module):
    """Eight pairs of a wide and a 1 x 1 convolution, and two layers that see the whole map.

    The first pair is linear. At 192 pixels the sides of the maps are 192, 192, 96, 96, 48, 48, 24 and 24; for five
    outputs and width 1 it has 77,555,237 parameters, most of them between the last map and the 512 units that see it.

    Arguments:
        channels, outputs, size: see `zoo.Architecture.build`.
        width: of all layers, in that of the paper.
    """

    def __init__(self, channels: int, outputs: int, size: int, width: float):
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for number, (kernel, wide, stride) in enumerate(LAYERS):
            after = widened(wide, width)
            activation = nn.ReLU if number else nn.Identity
            layers += [Same(before, after, kernel, stride), activation(), nn.Conv2d(after, after, 1), activation()]
            before = after
        self.maps = nn.Sequential(*layers)
        side, seen = map_side(self.maps, channels, size, "the network"), widened(512, width)
        self.whole = nn.Sequential(nn.Flatten(), nn.Linear(before * side**2, seen), nn.ReLU())
        self.head = nn.Linear(seen, outputs)

    def features(self, x: Tensor) -> Tensor:
        """(B, 512 width): what the last layer sees."""
        return self.whole(self.maps(x))

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (B, outputs) of images (B, channels, size, size)."""
        return self.head(self.features(x))


def pairs(channels: int, outputs: int, size: int, width: float, dropout: float, passes: int) -> nn.Module:
    """The network with random weights; arguments as of the architecture."""
    return thinned(Pairs(channels, outputs, size, width), dropout, passes)
