"""AlexNet, model 9 of Hezaveh et al. (2017)."""

from torch import Tensor, nn

from .layers import Same, map_side, thinned, widened

__all__ = ["AlexNet", "alexnet"]

SPREAD, BIAS = 0.005, 0.1  # of the first weights of fully connected layers, and of all biases


class AlexNet(nn.Module):
    """Five convolutions and three layers that see the whole map, in one column (Krizhevsky 2014, arXiv:1404.5997).

    At 192 pixels the sides of the maps are 46, 22, 22, 10, 10, 10, 10, 4 and 1; for five outputs and width 1 it has
    36,774,725 parameters.

    Arguments:
        channels, outputs, size: see `zoo.Architecture.build`.
        width: of all layers, in that of the paper.
        begin: as of `AlexNetArguments`.
    """

    def __init__(self, channels: int, outputs: int, size: int, width: float, begin: str = "paper"):
        super().__init__()
        c64, c192, c256, c384, c4096 = (widened(n, width) for n in (64, 192, 256, 384, 4096))
        self.maps = nn.Sequential(
            nn.Conv2d(channels, c64, 11, stride=4),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            Same(c64, c192, 5),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            Same(c192, c384, 3),
            nn.ReLU(),
            Same(c384, c384, 3),
            nn.ReLU(),
            Same(c384, c256, 3),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
        )
        side = map_side(self.maps, channels, size, "AlexNet")
        self.whole = nn.Sequential(
            nn.Conv2d(c256, c4096, side), nn.ReLU(), nn.Conv2d(c4096, c4096, 1), nn.ReLU(), nn.Flatten()
        )
        self.head = nn.Linear(c4096, outputs)
        BEGINNINGS[begin](self)

    def features(self, x: Tensor) -> Tensor:
        """(B, 4096 width): what the last layer sees."""
        return self.whole(self.maps(x))

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (B, outputs) of images (B, channels, size, size)."""
        return self.head(self.features(x))


def alexnet(channels: int, outputs: int, size: int, width: float, dropout: float, passes: int, begin: str) -> nn.Module:
    """The network with random weights; arguments as of the architecture."""
    return thinned(AlexNet(channels, outputs, size, width, begin), dropout, passes)


def _as_in_the_paper(network: AlexNet) -> None:
    for layer in _layers(network):
        nn.init.constant_(layer.bias, BIAS)
    for layer in (*_layers(network.whole), network.head):
        nn.init.trunc_normal_(layer.weight, std=SPREAD, a=-2 * SPREAD, b=2 * SPREAD)


def _keeping_the_scale(network: AlexNet) -> None:
    for layer in _layers(network):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    nn.init.zeros_(network.head.weight)  # the answer begins as the mean of all lenses


def _layers(network: nn.Module) -> list:
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]


BEGINNINGS = {"paper": _as_in_the_paper, "he": _keeping_the_scale}
