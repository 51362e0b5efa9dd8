"""Convergence: maps of the mass of lenses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ..predictions import UNCALIBRATED, Calibration, Columns, Heads, Prediction
from ..references import lazy
from ..scores import ImageTruth
from .restoration import Restoration, RestorationTask

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ..metric import Metric

__all__ = ["TASK", "Convergence", "ConvergenceTask"]

UNIT = "dex"


@dataclass(frozen=True)
class Convergence(Restoration):
    """log10 of the convergence, the mean over each pixel, (B, 1, H, W), dex, and its standard deviation if stated.

        kappa = Sigma / Sigma_cr

    The grid is that of the image that the network saw; pixels are as large as those.
    """

    LAYERS = "LOG10_KAPPA", "SIGMA"
    SHOWN: ClassVar[tuple[float, float]] = -1.3, 1.0


class ConvergenceTask(RestorationTask):
    """log10 of the convergence of the lens, (B, 1, H, W), dex, on the grid of the image.

    Or a tuple (map, sigma), both (B, 1, H, W), of which the second is the standard deviation of each pixel's Gaussian.
    Pixels are taken to be independent, which errors of a smooth map are not: sigma is right for each of them, not for
    sums.
    """

    name = "convergence"
    trains_on = ("convergence",)
    beside = "and log10 of the convergence"
    pictures = lazy("zoo_core.board.mass_maps:draw_mass_maps")
    restores = False
    VARIANCE = 1.0

    def prediction(
        self, output: Tensor | tuple[Tensor, ...], heads: Heads, calibration: Calibration = UNCALIBRATED
    ) -> Convergence:
        """The map, and sigma if the network states one."""
        if isinstance(output, tuple):
            return Convergence(output[0].float(), UNIT, output[1].float())
        return Convergence(output.float(), UNIT)

    def loss(self, output: Tensor | tuple[Tensor, ...], target: Tensor, heads: Heads) -> Tensor:
        """Mean absolute error of the pixels that were measured, where `target` is not NaN.

        With sigma it is minus the log likelihood of their Gaussians, up to a constant:

            L = <(y - map)^2 / (2 sigma^2) + ln sigma>
        """
        if not isinstance(output, tuple):
            return super().loss(output, target, heads)
        measured = target.isfinite()
        error, sigma = (output[0] - target)[measured], output[1][measured]
        return (0.5 * (error / sigma).square() + sigma.log()).mean()

    def metrics(self, heads: Heads) -> list[Metric]:
        """Metrics of a comparison with the true maps."""
        from ..bench.metrics.convergence import convergence_metrics

        return convergence_metrics()

    def answers(self, prediction: Prediction, images: np.ndarray, truth: ImageTruth) -> Columns:
        """What a comparison of each map with the true one gives."""
        from ..bench.metrics.mass_comparison import compared_maps

        assert isinstance(prediction, Convergence)
        sigma = None if prediction.sigma is None else prediction.sigma.cpu().numpy()
        return compared_maps(prediction.image.cpu().numpy(), sigma, truth.mass_maps())


TASK = ConvergenceTask()
