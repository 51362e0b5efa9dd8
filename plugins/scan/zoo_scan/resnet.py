"""A residual network for small images, small enough for a processor without an accelerator."""

from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["SmallResNet"]


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut (He et al. 2016), the first one with the stride."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride, ceil_mode=True),
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )

    def forward(self, x: Tensor) -> Tensor:
        """(batch, outputs, H / stride, W / stride)."""
        return F.relu(self.body(x) + self.shortcut(x))


class SmallResNet(nn.Module):
    """A stem that halves the image, a block for each of four widths, the mean over what is left of the image.

    Arguments:
        channels: of the input.
        width: of the first block; each further one is twice as wide at half the size. 0.7 million parameters for 24.
    """

    def __init__(self, channels: int, width: int = 24):
        super().__init__()
        widths = [width * 2**k for k in range(4)]
        self.dimension = widths[-1]
        self.stem = nn.Sequential(nn.Conv2d(channels, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.blocks = nn.Sequential(
            *(Block(a, b, stride=1 if a == b else 2) for a, b in zip([width, *widths], widths, strict=False))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Features (batch, 8 width) of images (batch, channels, H, W)."""
        return self.blocks(self.stem(x)).mean((-2, -1))
