"""LASTRO EPFL, the baseline network of Schaefer et al. (2018), A&A 611, A2."""

from torch import Tensor, nn

from .layers import EPS, UnitConv, UnitPool

__all__ = ["Lastro"]


class Lastro(nn.Module):
    """Eight VALID convolutions and four fully connected layers on 101 x 101 pixels.

    Arguments:
        channels: of the input.
        outputs: logits.
    """

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        self.body = nn.Sequential(
            *self._stage(channels, 16, first_kernel=4),
            *self._stage(16, 32, first_kernel=3),
            *self._stage(32, 64, first_kernel=3),
            nn.Dropout(),
            UnitConv(64, 128, 3),
            nn.Dropout(),
            UnitConv(128, 128, 3),
            nn.BatchNorm2d(128, eps=EPS),
            nn.Dropout(),
            UnitConv(128, 1024, 5),  # fully connected on 5 x 5 x 128
            nn.Dropout(),
            UnitConv(1024, 1024, 1),
            nn.Dropout(),
            UnitConv(1024, 1024, 1),
            nn.BatchNorm2d(1024, eps=EPS),
        )
        self.head = UnitConv(1024, outputs, 1, activate=False)

    @staticmethod
    def _stage(inputs: int, outputs: int, first_kernel: int) -> list[nn.Module]:
        first, second = UnitConv(inputs, outputs, first_kernel), UnitConv(outputs, outputs, 3)
        return [first, second, UnitPool(outputs), nn.BatchNorm2d(outputs, eps=EPS)]

    def features(self, x: Tensor) -> Tensor:
        """(batch, 1024) of images (batch, channels, 101, 101)."""
        return self.body(x).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (batch, outputs) of images (batch, channels, 101, 101)."""
        return self.head(self.body(x)).flatten(1)
