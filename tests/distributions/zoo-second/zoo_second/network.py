"""Three convolutions and a linear layer."""

from torch import Tensor, nn

__all__ = ["Rings"]


class Rings(nn.Module):
    """Measures rings in 33 x 33 pixels."""

    def __init__(self, channels: int, outputs: int, width: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 5, stride=2),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2),
            nn.ReLU(),
            nn.Conv2d(2 * width, 2 * width, 3),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.head = nn.Linear(2 * width * 5**2, outputs)

    def features(self, x: Tensor) -> Tensor:
        """(B, channels, 33, 33) to (B, 50 width)."""
        return self.body(x)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, 33, 33) to (B, outputs)."""
        return self.head(self.body(x))
