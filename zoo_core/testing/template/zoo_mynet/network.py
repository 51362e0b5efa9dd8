"""MyNet, a small convolutional network. Cite its paper here."""

from itertools import pairwise

from torch import Tensor, nn

__all__ = ["MyNet"]


class MyNet(nn.Module):
    """Four convolutions that halve the image, the mean over what is left, a linear layer.

    Arguments:
        channels: of the input.
        outputs: of the network, see its task.
        width: channels after the first convolution.
    """

    def __init__(self, channels: int, outputs: int, width: int):
        super().__init__()
        widths = (channels, width, 2 * width, 4 * width, 8 * width)
        self.stages = nn.Sequential(*(_stage(a, b) for a, b in pairwise(widths)))
        self.head = nn.Linear(widths[-1], outputs)

    def features(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) to (B, 8 width)."""
        return self.stages(x).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) to (B, outputs)."""
        return self.head(self.features(x))


def _stage(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )
