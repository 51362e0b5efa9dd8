"""The training views of `substructure`: noise-free images, kept or made while it trains, with other noise each time."""

from collections.abc import Callable, Sequence
from collections.abc import Generator as Iterating

import numpy as np
import torch
from torch import Generator, Tensor

from ...interfaces import TrainingView
from ...sim.substructure import Scene
from ...sim.substructure_render import render_scenes
from ...sim.tables import table
from ...sim.telescope.noise import NOISE
from ...sim.telescope.survey import Randoms, observe
from ..shards import ImageShards
from ..store import ImageStore, StoredView
from .ahead import drawn_ahead, processes_beside
from .fresh import Fresh, Show

__all__ = ["BLOCK", "SubstructureExposures", "fresh_exposures", "noise_rows", "rendered"]

BATCH = 25  # scenes rendered at once
BLOCK = 200  # scenes that are drawn together while a network trains


class _Recipes:
    """What the noise of some scenes is drawn from, and their targets, on a device."""

    def __init__(self, noise: np.ndarray, targets: np.ndarray, device: torch.device):
        self.noise = {
            name: torch.from_numpy(noise[name].astype(np.float32)).to(device) for name in noise.dtype.names or ()
        }
        self.targets = torch.from_numpy(targets).to(device)

    def exposed(self, light: Tensor, scenes: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Images (B, 1, size, size) of this light with new noise, and the targets of the scenes."""
        randoms = Randoms.from_torch(generator, len(light), light.shape[-1])
        recipes = {name: values[scenes] for name, values in self.noise.items()}
        return observe(light, torch.zeros_like(light), recipes, randoms)[:, None], self.targets[scenes]


class SubstructureExposures(StoredView):
    """Noise-free images of a data set, exposed anew for every batch.

    Arguments:
        shards: of the images.
        targets: of each.
        device: where they are exposed.
    """

    def __init__(self, shards: ImageShards, targets: np.ndarray, device: torch.device):
        blocks = shards.blocks()
        self.light = ImageStore([light[:, 0] for light, _ in blocks], device)
        self._recipes = _Recipes(noise_rows(np.concatenate([truth for _, truth in blocks])), targets, device)
        super().__init__(targets, self.light)

    def shown(self, rows: np.ndarray, places: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Images (B, 1, size, size) with new noise, and their targets."""
        return self._recipes.exposed(self.light.images(rows), places, generator)


def fresh_exposures(
    scenes: Callable[[int, int], list[Scene]],
    target: Callable[[Scene], float | list[float]],
    size: int,
    device: torch.device,
    block: int,
) -> TrainingView:
    """Scenes that are rendered while a network trains, each shown once.

    Arguments:
        scenes: called with (start, stop), in other processes where the device is no CPU; there is no last one.
        target: of a scene.
        size: pixels a side.
        device: where they are rendered and exposed.
        block: scenes that are drawn together.
    """

    def drawn(blocks: Sequence[int]) -> Iterating[list[Scene]]:
        spans = ((number * block, (number + 1) * block) for number in blocks)
        return drawn_ahead(scenes, spans, processes_beside(device, len(blocks)))

    def shown(some: Sequence[Scene]) -> Show:
        light = rendered(some, size, device)
        targets = np.array([target(scene) for scene in some], dtype=np.float32)
        recipes = _Recipes(table((scene.noise for scene in some), NOISE), targets, device)
        return lambda rows, generator: recipes.exposed(light[rows], rows, generator)

    return Fresh(drawn, shown, block)


def rendered(scenes: Sequence[Scene], size: int, device: torch.device | str) -> Tensor:
    """Their noise-free images, a batch at a time, on the device, (scenes, size, size)."""
    starts = range(0, len(scenes), BATCH)
    return torch.cat([render_scenes(scenes[start : start + BATCH], size, device=device) for start in starts])


def noise_rows(truth: np.ndarray) -> np.ndarray:
    """The recipes (dtype NOISE) of the noise of images of this truth."""
    noise = np.zeros(len(truth), NOISE)
    noise["shot"], noise["lag_1"], noise["unit"] = truth["shot"], truth["lag_1"], 1.0
    return noise
