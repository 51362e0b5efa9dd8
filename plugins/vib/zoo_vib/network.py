"""The variational information bottleneck."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import zoo_core as zoo
from zoo_core.tasks import UNCALIBRATED, Task, task_named

__all__ = ["Bottleneck", "Levels", "Published", "classification", "regression"]

GROUP = 8  # channels that are normalised together
SEED = 0  # of the samples of the latent
SHIFT = 5.0  # so that the latent is sharp before anything is learned
LEAST_SIGMA = 1e-4
LASTRO_FEATURES = 1024
RESNET_WIDTHS = (24, 48, 96, 192)  # of resnet_regression.hst


class Bottleneck(nn.Module):
    """A network that knows an image only by a sample of its latent.

        q(z | x) = N(mu(x), diag sigma(x)^2),   p(y | x) = 1/S sum_s q(y | z_s),   z_s = mu + sigma e_s

    In prediction the e_s are the same S numbers for every image, drawn in pairs e, -e, so that an answer depends on
    nothing but the image; in training every image has a sample of its own.

    Source: Alemi et al. (2017), arXiv:1612.00410.

    Arguments:
        task: of the answers, which says what their mean over samples is.
        encoder: gives the features of images.
        features: how many.
        outputs: of each sample.
        latent: dimensions of z.
        samples: S, an even number.
    """

    normal: Tensor

    def __init__(self, task: Task, encoder: nn.Module, features: int, outputs: int, latent: int, samples: int):
        super().__init__()
        self.task = task
        self.encoder = encoder
        self.moments = nn.Linear(features, 2 * latent)
        self.decoder = nn.Linear(latent, outputs)
        half = torch.randn(samples // 2, latent, generator=torch.Generator().manual_seed(SEED))
        self.register_buffer("normal", torch.cat([half, -half]), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """What the task makes of the answers to all samples; in training the answers to one each, (B, outputs)."""
        mean, sigma = self.latent(x)
        if self.training:
            return self.decoder(mean + sigma * torch.randn_like(sigma))
        answers = [self.decoder(mean + sigma * e) for e in self.normal]
        return self.task.marginal(answers, UNCALIBRATED)

    def features(self, x: Tensor) -> Tensor:
        """The mean of the latent, (B, latent)."""
        return self.latent(x)[0]

    def latent(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of q(z | x), (B, latent) each, of images (B, channels, H, W)."""
        mean, spread = self.moments(self.encoder(x)).chunk(2, dim=1)
        return mean, F.softplus(spread - SHIFT) + LEAST_SIGMA

    def answered(self, x: Tensor, normal: Tensor) -> tuple[Tensor, Tensor]:
        """Answers (B, outputs) to one sample of each image, and what the image tells the latent, nats (B,).

            KL(q(z | x) || N(0, 1)) = 1/2 sum_k mu_k^2 + sigma_k^2 - 1 - ln sigma_k^2

        Arguments:
            x: images.
            normal: numbers of the normal distribution, (B, latent).
        """
        mean, sigma = self.latent(x)
        nats = 0.5 * (mean.square() + sigma.square() - 1 - 2 * sigma.log()).sum(1)
        return self.decoder(mean + sigma * normal), nats


class Levels(nn.Module):
    """Levels that halve the image, with one convolution more in all but the first; then the mean of all pixels.

    Arguments:
        channels: of the input.
        widths: channels of each level, multiples of 8.
    """

    def __init__(self, channels: int, widths: Sequence[int]):
        super().__init__()
        first = _convolved(channels, widths[0], 5, 2)
        deeper = [
            nn.Sequential(_convolved(coarse, width, 3, 2), _convolved(width, width, 3, 1))
            for coarse, width in pairwise(widths)
        ]
        self.levels = nn.Sequential(first, *deeper)

    def forward(self, x: Tensor) -> Tensor:
        """(B, widths[-1]) of (B, channels, H, W)."""
        return self.levels(x).mean((2, 3))


class Published(nn.Sequential):
    """The layers of LASTRO EPFL but its last, on 101 x 101 pixels, so that the weights of one can be taken.

    Source: Schaefer et al. (2018), A&A 611, A2.

    Arguments:
        channels: of the input.
    """

    def __init__(self, channels: int):
        from zoo_lastro.baseline import Lastro  # what has levels of its own needs no other plugin

        super().__init__(*Lastro(channels, 1).body, nn.Flatten())


def classification(
    channels: int, outputs: int, size: int, encoder: str, widths: Sequence[int], latent: int, samples: int
) -> Bottleneck:
    """One whose answers are logits; arguments as of `Bottleneck` and `Arguments`."""
    return Bottleneck(
        task_named("classification"), *_encoder(channels, size, encoder, widths), outputs, latent, samples
    )


def regression(
    channels: int, outputs: int, size: int, encoder: str, widths: Sequence[int], latent: int, samples: int
) -> Bottleneck:
    """One whose answers are Gaussians; arguments as of `Bottleneck` and `Arguments`."""
    return Bottleneck(task_named("regression"), *_encoder(channels, size, encoder, widths), outputs, latent, samples)


def _encoder(channels: int, size: int, encoder: str, widths: Sequence[int]) -> tuple[nn.Module, int]:
    """The layers, and how many features they give."""
    if encoder == "lastro":
        return LASTRO(channels=channels, size=size), LASTRO_FEATURES
    if encoder == "resnet":
        return _measuring(channels, size), RESNET_WIDTHS[-1]
    return Levels(channels, widths), widths[-1]


def _measuring(channels: int, size: int) -> nn.Module:
    from zoo_resnet.network import resnet

    return resnet(channels, 0, size, "resnet18", True, {"channels": [*RESNET_WIDTHS]}, shuffle=2).body


def _convolved(channels: int, width: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, width, kernel, stride, kernel // 2, bias=False),
        nn.GroupNorm(width // GROUP, width),
        nn.ReLU(),
    )


LASTRO = zoo.one_size(Published, 101)
