"""CMU DeepLens, the residual network of Lanusse et al. (2018), MNRAS 473, 3895."""

from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Bottleneck", "DeepLens"]

STEM = 32  # channels
STAGES = ((16, 32, 1), (32, 64, 2), (64, 128, 2), (128, 256, 2), (256, 512, 2))  # middle and last channels, stride
UNITS = 3  # a stage


class Bottleneck(nn.Module):
    """Pre-activated residual unit, f(pre) + shortcut with pre = ELU(BN(x)).

    f is a 1 x 1, a 3 x 3 and a 1 x 1 convolution. The shortcut is x itself, or a 1 x 1 convolution of pre where the
    stride or the number of channels changes.

    Arguments:
        inputs, middle, outputs: channels.
        stride: of the first convolution and of the shortcut.
        activate: false where the input is activated already, pre = x.
    """

    def __init__(self, inputs: int, middle: int, outputs: int, stride: int, activate: bool):
        super().__init__()
        self.pre = nn.BatchNorm2d(inputs) if activate else None
        self.conv1 = nn.Conv2d(inputs, middle, 1, stride, bias=False)
        self.bn1 = nn.BatchNorm2d(middle)
        self.conv2 = nn.Conv2d(middle, middle, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(middle)
        self.conv3 = nn.Conv2d(middle, outputs, 1)
        changes = stride > 1 or inputs != outputs
        self.short = nn.Conv2d(inputs, outputs, 1, stride) if changes else None

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, H, W) to (batch, outputs, H / stride, W / stride), rounded up."""
        pre = x if self.pre is None else F.elu(self.pre(x))
        branch = F.elu(self.bn1(self.conv1(pre)))
        branch = F.elu(self.bn2(self.conv2(branch)))
        return self.conv3(branch) + (x if self.short is None else self.short(pre))


class DeepLens(nn.Module):
    """A 7 x 7 convolution, fifteen bottleneck units, the mean over all pixels and a linear layer.

    Arguments:
        channels: of the input.
        outputs: logits.
    """

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        self.stem = nn.Conv2d(channels, STEM, 7, padding=3, bias=False)
        self.stem_bn = nn.BatchNorm2d(STEM)
        self.units = nn.Sequential(*_units())
        self.head = nn.Linear(STAGES[-1][1], outputs)
        self.apply(_initialise)
        nn.init.xavier_uniform_(self.stem.weight)

    def features(self, x: Tensor) -> Tensor:
        """(batch, 512) of images (batch, channels, H, W): the mean of the last maps, which are not normalised."""
        return self.units(F.elu(self.stem_bn(self.stem(x)))).mean((-2, -1))

    def forward(self, x: Tensor) -> Tensor:
        """Logits (batch, outputs) of images (batch, channels, H, W)."""
        return self.head(self.features(x))


def _units() -> list[Bottleneck]:
    units, inputs = [], STEM
    for middle, outputs, stride in STAGES:
        for number in range(UNITS):
            units.append(Bottleneck(inputs, middle, outputs, stride if number == 0 else 1, activate=bool(units)))
            inputs = outputs
    return units


def _initialise(layer: nn.Module) -> None:
    """He et al. (2015) in the units, Glorot & Bengio (2010) in the last layer; no bias."""
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    elif isinstance(layer, nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
    if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
        nn.init.zeros_(cast(Tensor, layer.bias))
