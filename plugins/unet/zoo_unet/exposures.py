"""A denoiser that is told how short an exposure is, and how it learns."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import zoo_core as zoo
from zoo_core.images.expected_noise import SHOT, ExpectedNoise, padded
from zoo_core.tasks import task_named

from .network import UNet

__all__ = ["ExposureDenoiser", "learn", "objective"]

LEAST = 1e-2  # of the expected noise: no pixel is known better


class ExposureDenoiser(nn.Module):
    """What a U-Net that is told how short the exposure is finds to be noise is taken away.

        y = z - s u,   b = s softplus(v),   (u, v) = U(asinh z, z / s; lg r)
        s = sqrt(1 + SHOT sqrt(r) |z smoothed|)

    z is the image in units of its sky's noise, r the ratio of exposure times: of two exposures of the same light the
    one that is r times shorter has sqrt(r) times the photon noise for a pixel of the same z, and fainter sources. y is
    the image without noise, b the scale of its error. U works on blocks of pixels as on channels (Zhang, Zuo & Zhang
    2018, IEEE Trans. Image Process. 27, 4608) and is told lg r in its lowest level.

    Source: the ratio and where it is told: Vojtekova et al. (2021), MNRAS 503, 3204.

    Arguments:
        channels: of the input, which are those of the output.
        outputs: channels of the output; the same number.
        widths, shuffle, ratio: see `Levels` and `Exposure` of the plugin.
    """

    def __init__(
        self, channels: int, outputs: int, widths: Sequence[int] = (24, 48, 96), shuffle: int = 2, ratio: float = 1.0
    ):
        super().__init__()
        self.shuffle, self.outputs, self.ratio = shuffle, outputs, ratio
        self.multiple = shuffle * 2 ** (len(widths) - 1)
        blocks = shuffle**2
        self.unet = UNet(2 * channels * blocks, 2 * outputs * blocks, widths, conditions=1)

    def forward(self, x: Tensor, noise: Tensor | None = None, ratio: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Images (B, outputs, H, W) in the unit of images (B, channels, H, W), and the scale of each pixel.

        Arguments:
            noise: of the sky when the images were observed, (B, channels, 1, 1); None: it is measured.
            ratio: of each image, (B,); None: that of the network.
        """
        told = torch.full((len(x),), self.ratio, device=x.device) if ratio is None else ratio.to(x)
        expected = ExpectedNoise.of(x, noise, SHOT * told.sqrt()[:, None, None, None])
        found = padded(lambda seen: self._found(seen, told.log10()[:, None]), expected.channels(), self.multiple)
        image, error = found.float().split(self.outputs, 1)
        scale = expected.scale * expected.sigma
        return expected.z * expected.sigma - scale * image, scale * (LEAST + F.softplus(error))

    def _found(self, seen: Tensor, told: Tensor) -> Tensor:
        return F.pixel_shuffle(self.unet(F.pixel_unshuffle(seen, self.shuffle), told), self.shuffle)


def learn(network: ExposureDenoiser, training: zoo.Training) -> None:
    """Descend on `objective`; keep the weights of the least mean absolute error of validation images.

    Targets are those of a data set that tells the ratio: what is to be restored, and the ratio, (B, 2, H, W).
    """
    training.descend("images", _doubted, _missed)


def objective(image: Tensor, scale: Tensor, target: Tensor) -> Tensor:
    """The mean absolute error of the image, and the likelihood of its scale, in which the image is as it is.

        L = <|y - t|> + <|[y] - t| / b + ln 2 b>

    [y] is y, which passes no gradient on; the mean is over the pixels that were measured, where `target` is not NaN.

    >>> objective(torch.tensor([1.0, 5.0]), torch.ones(2), torch.tensor([3.0, torch.nan]))
    tensor(4.6931)
    """
    return _loss(image, target) + _loss((image.detach(), scale), target)


def _loss(output: Tensor | tuple[Tensor, ...], target: Tensor) -> Tensor:
    return task_named("restoration").loss(output, target, zoo.Heads())


def _doubted(network: nn.Module, batch: zoo.Batch) -> Tensor:
    return objective(*_told(network, batch.images, batch.targets), batch.targets[:, :-1])


def _missed(network: nn.Module, training: zoo.Training) -> float:
    def error(images: Tensor, targets: Tensor) -> Tensor:
        return _loss(_told(network, images, targets)[0], targets[:, :-1])

    return training.validation_mean(error)


def _told(network: nn.Module, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    return network(images, ratio=targets[:, -1, 0, 0])
