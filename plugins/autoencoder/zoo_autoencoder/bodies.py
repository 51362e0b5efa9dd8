"""Encoders and decoders: the published one for 150 pixels, and a smaller one for 57."""

from dataclasses import dataclass

from torch import Tensor, nn

__all__ = ["BODIES", "Body"]


@dataclass(frozen=True)
class Body:
    """The two halves of an autoencoder.

    Arguments:
        encoder: images (B, channels, size, size) to features (B, width).
        decoder: features (B, width) to images.
        width: of the features.
        size: pixels a side.
    """

    encoder: nn.Module
    decoder: nn.Module
    width: int
    size: int


class Unflatten(nn.Module):
    """(B, channels * side * side) to (B, channels, side, side)."""

    def __init__(self, channels: int, side: int):
        super().__init__()
        self.shape = (channels, side, side)

    def forward(self, x: Tensor) -> Tensor:
        """The features as an image of channels."""
        return x.reshape(len(x), *self.shape)


def published(channels: int) -> Body:
    """Alexander et al. (2020): 150, 49, 15 and 9 pixels a side, 5,184 features, tanh."""
    encoder = nn.Sequential(
        nn.Conv2d(channels, 16, 7, stride=3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 7, stride=3, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 64, 7),
        nn.Flatten(),
    )
    decoder = nn.Sequential(
        Unflatten(64, 9),
        nn.ConvTranspose2d(64, 32, 7),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 16, 7, stride=3, padding=1, output_padding=2),
        nn.ReLU(),
        nn.ConvTranspose2d(16, channels, 6, stride=3, padding=1, output_padding=2),
        nn.Tanh(),
    )
    return Body(encoder, decoder, 64 * 9**2, 150)


def compact(channels: int) -> Body:
    """A convolution at each end, 57 and 19 pixels a side, and fully connected layers of 512 units between them.

    The lens is always at the centre, so that nothing is gained by layers that do the same everywhere. Without batch
    normalisation, whose noise in training blurs the latent.
    """
    encoder = nn.Sequential(
        nn.Conv2d(channels, 8, 7, stride=3, padding=2),
        nn.SiLU(),
        nn.Flatten(),
        nn.Linear(8 * 19**2, 512),
        nn.SiLU(),
        nn.Linear(512, 512),
        nn.SiLU(),
    )
    decoder = nn.Sequential(
        nn.SiLU(),
        nn.Linear(512, 512),
        nn.SiLU(),
        nn.Linear(512, 8 * 19**2),
        nn.SiLU(),
        Unflatten(8, 19),
        nn.ConvTranspose2d(8, channels, 7, stride=3, padding=2),
    )
    return Body(encoder, decoder, 512, 57)


BODIES = {"compact": compact, "published": published}
