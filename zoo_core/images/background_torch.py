"""The background continued as in `background`, in batches on any device: training fills gaps as prediction does.

The sums are those of `background.continued`, in single precision but for the light's; the white noise is an argument
and not always the same, so that no network learns it by heart.
"""

from functools import lru_cache
from typing import NamedTuple, cast

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Generator, Tensor

from . import noise_torch as noise
from .background import (
    ABOVE_FAINTEST,
    BOX,
    CLIP,
    FADING,
    FADING_RANGE,
    FAINT_QUANTILE,
    FAINT_SIGMAS,
    MIRRORED,
    NEIGHBOURS,
)
from .noise import padded

__all__ = ["continued", "filled"]

REACH = int(4 * FADING_RANGE[1])  # pixels; light is taken from no farther
AT_ONCE = 64  # images whose distances are sought at once


class Gaps(NamedTuple):
    """As `background.Gap`, for every pixel of a batch (N, H, W)."""

    distance: Tensor
    mirror: Tensor  # number of the pixel on the other side of the border, in rows laid end to end
    mirrored: Tensor
    faded: Tensor


def filled(images: Tensor, generator: Generator) -> Tensor:
    """The images (B, bands, H, W) with all that is not finite replaced by their continued background.

    A band of which nothing was measured becomes zero.
    """
    bands = images.flatten(0, 1)
    valid = bands.isfinite()
    rows = (~valid.flatten(1).all(1)).nonzero()[:, 0]
    shape = noise.white_shape(*images.shape[-2:])
    white = torch.randn((len(rows), *shape), generator=generator, device=images.device)
    whole = continued(bands[rows], valid[rows], white) if len(rows) else bands[rows]
    return bands.index_copy(0, rows, whole).view_as(images)


def continued(images: Tensor, valid: Tensor, white: Tensor) -> Tensor:
    """The images with every pixel that is not valid replaced, see `background.continued`.

    Arguments:
        images: (N, H, W), float32; what stands in pixels that are not valid does not matter.
        valid: (N, H, W).
        white: standard normal, N of the shape `noise_torch.white_shape`.
    """
    lowest = torch.where(valid, images, torch.inf).amin((1, 2), keepdim=True)
    unit = torch.where(valid, images, -torch.inf).amax((1, 2), keepdim=True) - lowest
    usable = unit.isfinite() & (unit > 0)
    unit, lowest = torch.where(usable, unit, 1), torch.where(lowest.isfinite(), lowest, 0)
    signal = torch.where(valid, (images - lowest) / unit, 0)
    values = _across(signal, valid, white)
    return torch.where(valid, images, torch.where(usable, values * unit, 0) + lowest)


def _across(signal: Tensor, valid: Tensor, white: Tensor) -> Tensor:
    """What continues images between 0 and 1."""
    covariance = noise.autocovariance(signal, valid)
    sigma = covariance[:, noise.MOST, noise.MOST].sqrt()[:, None, None]
    level = _level(signal, valid, sigma)
    box = signal.new_full((len(signal),), BOX)
    smooth = noise.local_mean(signal, valid, box)
    gaps = _gaps(valid)
    light = _light(torch.where(valid, smooth - level, 0), valid, gaps)
    texture = (signal - smooth).flatten(1).gather(1, gaps.mirror.flatten(1)).view_as(signal)
    mirrored = texture.clamp(-CLIP * sigma, CLIP * sigma)
    drawn = noise.draw(covariance, white, *signal.shape[1:])
    return level + gaps.faded * light + gaps.mirrored * mirrored + _share_of_drawn(gaps, covariance) * drawn


def _share_of_drawn(gaps: Gaps, covariance: Tensor) -> Tensor:
    in_light = noise.variance_of_mean(covariance, BOX)[:, None, None]
    variance = 1 - gaps.mirrored**2 * (1 - in_light) - gaps.faded**2 * in_light * 2 / (1 + gaps.distance)
    return variance.clamp(min=0).sqrt()


def _level(signal: Tensor, valid: Tensor, sigma: Tensor) -> Tensor:
    values, count = noise.ordered(signal, valid)
    low = noise.quantile(values, count, FAINT_QUANTILE)
    half_width = FAINT_SIGMAS * sigma[:, :, 0]
    within = torch.searchsorted(values, low + 2 * half_width, right=True)
    median = noise.quantile(values, torch.minimum(within, count), 0.5 / (1 - FAINT_QUANTILE))
    return torch.minimum(median, low + half_width + ABOVE_FAINTEST * sigma[:, :, 0])[:, :, None]


def _light(smooth: Tensor, valid: Tensor, gaps: Gaps) -> Tensor:
    """Mean of the measured pixels, the nearest ones by far the heaviest: both sums as one complex transform."""
    height, width = smooth.shape[1:]
    shape = padded((height, width), REACH)
    reach = (gaps.distance.amax((1, 2)) + NEIGHBOURS).long().clamp(max=REACH)
    sums = torch.complex(smooth.double(), valid.double())  # weights fall by ten orders of magnitude
    sums = torch.fft.fft2(sums, s=shape) * _nearness(*shape, smooth.device)[reach]
    sums = torch.fft.ifft2(sums)[:, :height, :width]
    reached = (gaps.distance <= reach[:, None, None]) & (sums.imag > 0)
    return torch.where(reached, sums.real / torch.where(reached, sums.imag, 1), 0).float()


@lru_cache(maxsize=4)
def _nearness(height: int, width: int, device: torch.device) -> Tensor:
    """Weights of pixels up to 0, 1 ... REACH away, each as a transform for periodic images of that height and width."""
    y, x = (np.minimum(np.arange(length), length - np.arange(length)) for length in (height, width))
    weights, farther = (1.0 + y[:, None] ** 2 + x**2) ** -3, np.maximum(y[:, None], x)
    within = farther <= np.arange(REACH + 1)[:, None, None]
    return torch.from_numpy(np.fft.fft2(weights * within).real).to(device)


def _gaps(valid: Tensor) -> Gaps:
    height, width = valid.shape[1:]
    y, x = (torch.arange(length, device=valid.device) for length in (height, width))
    near_y, near_x = _nearest(valid)
    mirror_y, mirror_x = 2 * near_y - y[:, None], 2 * near_x - x
    inside = (mirror_y >= 0) & (mirror_y < height) & (mirror_x >= 0) & (mirror_x < width)
    mirror = mirror_y.clamp(0, height - 1) * width + mirror_x.clamp(0, width - 1)
    distance = torch.hypot((near_y - y[:, None]).float(), (near_x - x).float())
    there = inside & valid.flatten(1).gather(1, mirror.flatten(1)).view_as(valid)
    fading = (valid.sum((1, 2)).float().sqrt() / FADING).clamp(*FADING_RANGE)[:, None, None]
    mirrored, faded = (torch.exp(-0.5 * ((distance - 1) / scale) ** 2) for scale in (MIRRORED, fading))
    return Gaps(distance, mirror, mirrored * there, faded)


def _nearest(valid: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column of the measured pixel that is nearest to each pixel, by the Euclidean distance."""
    if valid.is_cpu:
        found = [distance_transform_edt(~one, return_distances=False, return_indices=True) for one in valid.numpy()]
        rows, columns = torch.from_numpy(np.stack(cast("list[np.ndarray]", found), 1)).long()
        return rows, columns
    parts = [_nearest_of(part) for part in valid.split(AT_ONCE)]
    rows, columns = (torch.cat(part) for part in zip(*parts, strict=True))
    return rows, columns


def _nearest_of(valid: Tensor) -> tuple[Tensor, Tensor]:
    """The nearest pixels by two passes, along each column and along each row (Felzenszwalb & Huttenlocher 2012)."""
    height, width = valid.shape[1:]
    y, x = (torch.arange(length, device=valid.device) for length in (height, width))
    far = 2 * (height + width)
    above = torch.where(valid, y[:, None], -far).cummax(1).values
    below = torch.where(valid, y[:, None], far).flip(1).cummin(1).values.flip(1)
    in_column = torch.where(y[:, None] - above <= below - y[:, None], above, below)
    gap = (in_column - y[:, None]).clamp(-far // 2, far // 2)
    cost = (gap**2).float()[:, :, None, :] + ((x[:, None] - x) ** 2).float()  # (N, H, W, W)
    columns = cost.argmin(-1)
    return in_column.gather(2, columns).clamp(0, height - 1), columns
