"""What a method of domain adaptation is given of a step, and what it gives back."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["Method", "Seen", "Step", "Weighted", "class_logits", "features_and_outputs"]


class Seen(NamedTuple):
    """What a network makes of images.

    Attributes:
        features: what enters its last layer, (B, D).
        outputs: logits (B, K), or (B, 1) for two classes.
    """

    features: Tensor
    outputs: Tensor


@dataclass(frozen=True)
class Step:
    """The images of one step, as the network takes them, and what to do with them.

    Arguments:
        source: labelled images, (B, C, size, size).
        labels: of these, (B,).
        target: unlabelled images, (B, C, size, size).
        altered_source, altered_target: the same images with a part erased and noise added, see `altered`.
        done: share of the steps that are done, from 0 to 1.
        network: that is adapted.
        head: name of its last layer.
        loss: called with outputs and labels, that of the network's task.
    """

    source: Tensor
    labels: Tensor
    target: Tensor
    altered_source: Tensor
    altered_target: Tensor
    done: float
    network: nn.Module
    head: str
    loss: Callable[[Tensor, Tensor], Tensor]

    def see(self, images: Tensor) -> Seen:
        """What the network makes of these images."""
        return self.see_with(self.network, images)

    def see_with(self, network: nn.Module, images: Tensor) -> Seen:
        """What a copy of the network makes of them."""
        return features_and_outputs(network, network.get_submodule(self.head), images)

    def see_both(self) -> tuple[Seen, Seen]:
        """Source and target in one batch, so that normalisation treats them alike."""
        both = self.see(torch.cat([self.source, self.target]))
        count = len(self.source)
        return Seen(*(part[:count] for part in both)), Seen(*(part[count:] for part in both))


@dataclass(frozen=True)
class Weighted:
    """Settings of a method with a weight.

    Arguments:
        weight: of what the method adds to the loss.
    """

    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.weight <= 0:
            raise ValueError(f"weight is {self.weight}; it must be above 0")


class Method(nn.Module, ABC):
    """A method of domain adaptation. Parameters of its own are trained beside those of the network.

    Arguments:
        settings: what the recipe says, of the class `Settings`.
        network: that is adapted, before its first step.
        features: what enters its last layer, numbers an image.
    """

    Settings: ClassVar[type]

    def __init__(self, settings: Any, network: nn.Module, features: int):
        super().__init__()
        self.settings = settings

    @abstractmethod
    def forward(self, step: Step) -> Tensor:
        """The loss of a step, that of the task included."""

    def rate(self, done: float) -> float:
        """Factor of the learning rate when this share of the steps is done."""
        return 1.0

    def stepped(self, network: nn.Module) -> None:
        """What happens after the network has made its step."""


def class_logits(outputs: Tensor) -> Tensor:
    """Logits (B, K) of every class: those of two classes, (B, 1), are 0 and the output."""
    return torch.cat([torch.zeros_like(outputs), outputs], 1) if outputs.shape[1] == 1 else outputs


def features_and_outputs(network: nn.Module, head: nn.Module, images: Tensor) -> Seen:
    """What enters the last layer of a network, and what leaves it.

    Arguments:
        network: that looks at the images.
        head: its last layer.
        images: (B, C, size, size).
    """
    entered: list[Tensor] = []
    hook = head.register_forward_pre_hook(lambda _, inputs: entered.append(inputs[0]))
    try:
        outputs = network(images)
    finally:
        hook.remove()
    return Seen(entered[0].flatten(1), outputs)
