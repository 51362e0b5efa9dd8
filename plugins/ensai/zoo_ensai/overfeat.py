"""OverFeat, model 5 of Hezaveh et al. (2017)."""

from torch import Tensor, nn

from .layers import Same, map_side, thinned, widened

__all__ = ["OverFeat", "overfeat"]


class OverFeat(nn.Module):
    """Six convolutions, then a small network that slides over the last map (Sermanet et al. 2013, arXiv:1312.6229).

    At 192 pixels the sides of the maps are 46, 23, 19, 9, 9, 9, 9, 4 and 3; the answers at the nine places are joined
    by a linear layer. For five outputs and width 1 it has 40,949,355 parameters.

    Arguments:
        channels, outputs, size: see `zoo.Architecture.build`.
        width: of all layers, in that of the paper.
    """

    def __init__(self, channels: int, outputs: int, size: int, width: float):
        super().__init__()
        c64, c256, c512, c1024, c3072, c4096 = (widened(n, width) for n in (64, 256, 512, 1024, 3072, 4096))
        self.maps = nn.Sequential(
            nn.Conv2d(channels, c64, 11, stride=4),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(c64, c256, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            Same(c256, c512, 3),
            nn.ReLU(),
            Same(c512, c1024, 3),
            nn.ReLU(),
            Same(c1024, c1024, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(c1024, c3072, 2),
            nn.ReLU(),
            nn.Conv2d(c3072, c4096, 1),
            nn.ReLU(),
        )
        places = map_side(self.maps, channels, size, "OverFeat") ** 2
        self.sliding = nn.Sequential(nn.Conv2d(c4096, outputs, 1), nn.Flatten())
        self.head = nn.Linear(places * outputs, outputs)

    def features(self, x: Tensor) -> Tensor:
        """(B, 4096 width), averaged over the places."""
        return self.maps(x).mean((-2, -1))

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (B, outputs) of images (B, channels, size, size)."""
        return self.head(self.sliding(self.maps(x)))


def overfeat(channels: int, outputs: int, size: int, width: float, dropout: float, passes: int) -> nn.Module:
    """The network with random weights; arguments as of the architecture."""
    return thinned(OverFeat(channels, outputs, size, width), dropout, passes)
