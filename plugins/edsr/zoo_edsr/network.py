"""The enhanced deep residual network."""

from torch import Tensor, nn

__all__ = ["EDSR", "ResidualBlock"]


class EDSR(nn.Module):
    """Residual blocks between a convolution that widens and one that narrows, and a skip over all blocks.

        h_0 = head(x),   h = h_0 + last(block_B(... block_1(h_0))),   y = tail(h)

    The published network enlarges before its tail; what is restored here has the size of the image.

    Source: Lim et al. (2017), arXiv:1707.02921.

    Arguments:
        channels: of the input.
        outputs: channels of the output.
        width: channels of each convolution.
        blocks: residual blocks.
        scaling: factor of what a block adds.
    """

    def __init__(self, channels: int, outputs: int, width: int, blocks: int, scaling: float):
        super().__init__()
        self.head = _convolution(channels, width)
        self.blocks = nn.Sequential(*(ResidualBlock(width, scaling) for _ in range(blocks)))
        self.last = _convolution(width, width)
        self.tail = _convolution(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, outputs, H, W) of images (B, channels, H, W)."""
        first = self.head(x)
        return self.tail(first + self.last(self.blocks(first)))


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions with a ReLU between them, without normalisation.

        y = x + scaling conv(relu(conv(x)))

    Source: Lim et al. (2017), arXiv:1707.02921; the scaling after Szegedy et al. (2017), arXiv:1602.07261.

    Arguments:
        width: channels.
        scaling: factor of what it adds.
    """

    def __init__(self, width: int, scaling: float):
        super().__init__()
        self.scaling = scaling
        self.body = nn.Sequential(_convolution(width, width), nn.ReLU(), _convolution(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) of (B, width, H, W)."""
        return x + self.scaling * self.body(x)


def _convolution(channels: int, width: int) -> nn.Conv2d:
    return nn.Conv2d(channels, width, 3, padding=1)
