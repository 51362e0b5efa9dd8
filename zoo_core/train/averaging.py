"""The moving average of the weights in training, as a Lightning callback."""

from collections.abc import Callable

from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor

__all__ = ["MovingAverage", "kept_of_average"]

EVERY = 8  # steps; averaging costs as much as a tenth of a step


class MovingAverage(WeightAveraging):
    """Exponential moving average of weights and moments, which soon forgets how a training began.

    Arguments:
        decay: of each step, once there were many; see `kept_of_average`.
    """

    def __init__(self, decay: float):
        super().__init__(avg_fn=_following(decay))

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        """Whether the average takes this step in, as it does every few steps."""
        return step_idx is not None and step_idx % EVERY == 0


def kept_of_average(decay: float, steps: float) -> float:
    """Share of the average that a step leaves in it: min(decay, (1 + steps) / (10 + steps)).

    A decay of 0.995 alone would leave 13 % of the first, random weights in the average of 400 steps.

    Arguments:
        decay: when there were many steps.
        steps: that there were.

    Source: `tf.train.ExponentialMovingAverage` with `num_updates`.

    >>> round(kept_of_average(0.999, 90), 2), kept_of_average(0.999, 1e6)
    (0.91, 0.999)
    """
    return min(decay, (1 + steps) / (10 + steps))


def _following(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """What an average becomes, of itself, the present value and the number of updates until now."""

    def followed(average: Tensor, present: Tensor, updates: Tensor | int) -> Tensor:
        kept = kept_of_average(decay, EVERY * int(updates)) ** EVERY
        return kept * average + (1 - kept) * present

    return followed
