"""The pretext task: two views of an image lie close together, those of different images apart."""

from functools import partial

import numpy as np
import torch
from torch import Generator, Tensor, nn

from zoo_core.interfaces import Batch, Training

from .losses import nt_xent
from .settings import Settings
from .stem_outputs import CHUNK, StemOutputs
from .trunk import Contrasted

__all__ = ["contrast"]


def contrast(network: Contrasted, training: Training, stem_outputs: StemOutputs, settings: Settings) -> None:
    """The stage `simclr`: set the weights of backbone and projection.

    Source: Chen et al. (2020), arXiv 2002.05709.
    """
    apart = partial(_disapart, network, settings)

    def loss(trained: nn.Module, batch: Batch) -> Tensor:
        return apart(stem_outputs.of_rows(batch.rows), batch.generator)

    @torch.no_grad()
    def metric(trained: nn.Module, training: Training) -> float:
        """The loss on validation images, whose views are the same each time."""
        generator = Generator().manual_seed(training.seed)
        return float(np.mean([float(apart(part, generator)) for part in stem_outputs.held_out.split(CHUNK)]))

    network.contrasting(True)
    training.descend("simclr", loss, metric)
    network.contrasting(False)


def _disapart(network: Contrasted, settings: Settings, stemmed: Tensor, generator: Generator) -> Tensor:
    views = torch.cat([settings.views.draw(stemmed, generator) for _ in range(2)])
    one, other = network.projections_of(views).chunk(2)
    return nt_xent(one, other, settings.temperature)
