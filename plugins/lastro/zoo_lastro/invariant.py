"""LASTRO invariant: the baseline with layers that turn with the image (Schaefer et al. 2018, A&A 611, A2)."""

from torch import Tensor, nn

from .dihedral import DihedralConv, DihedralNorm, DihedralPool, GroupSum, LiftingConv
from .layers import UnitConv

__all__ = ["Invariant"]


class Invariant(nn.Module):
    """As the baseline, of 101 x 101 pixels, but no turn or mirror image of the input changes the output.

    Arguments:
        channels: of the input.
        outputs: logits.
    """

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        self.body = nn.Sequential(
            *self._stage(LiftingConv(channels, 4, 4), 4),
            *self._stage(DihedralConv(4, 8, 3), 8),
            *self._stage(DihedralConv(8, 16, 3), 16),
            nn.Dropout(),
            DihedralConv(16, 32, 3),
            nn.Dropout(),
            DihedralConv(32, 32, 3),
            DihedralNorm(32),
            nn.Dropout(),
            DihedralConv(32, 128, 5),  # fully connected on 5 x 5 x 8 x 32
            nn.Dropout(),
            DihedralConv(128, 256, 1),
            nn.Dropout(),
            DihedralConv(256, 256, 1),
            DihedralNorm(256),
            GroupSum(),
        )
        self.head = UnitConv(256, outputs, 1, activate=False)

    @staticmethod
    def _stage(first: nn.Module, features: int) -> list[nn.Module]:
        return [first, DihedralConv(features, features, 3), DihedralPool(features), DihedralNorm(features)]

    def features(self, x: Tensor) -> Tensor:
        """(batch, 256), the same for every turn and mirror image, of images (batch, channels, 101, 101)."""
        return self.body(x).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (batch, outputs) of images (batch, channels, 101, 101)."""
        return self.head(self.body(x)).flatten(1)
