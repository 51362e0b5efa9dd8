"""The training view of simulated lens finding: noise-free scenes, exposed anew for every batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from collections.abc import Generator as Iterating
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from ...images.augmentation import random_dihedral
from ...interfaces import TrainingView
from ...sim.cutouts import FRAME, Cutout, Distribution, expose
from ...sim.telescope.exposures import draw_exposures
from ..store import StoredView
from .ahead import drawn_ahead, processes_beside
from .examples import Examples
from .fresh import Fresh, Show
from .hosts import Hosts
from .scene_blocks import SceneBlock, halved, read_block, stores, write_block

__all__ = ["BLOCK", "TWINS", "Bank", "DrawScenes", "Exposures", "SceneSource", "fresh_scenes"]

log = logging.getLogger("zoo")

BLOCK = 1000  # scenes
LEAST_SNR = 9.0  # below it an arc is not shown as a lens
TWINS = 0.15  # share of exposures of a lens in which its arcs are taken away

DrawScenes = Callable[[int, int], list[Cutout]]
"""Called with (start, stop); what is drawn about these scenes, without pixels."""


@dataclass(frozen=True)
class SceneSource:
    """Where scenes come from.

    Arguments:
        draw: of the scenes.
        distribution: that they are drawn from.
        device: where they are rendered.
        hosts: real galaxies that take the place of some foregrounds.
        examples: real images that take the place of whole ones.
        block: scenes that are drawn together, and kept in one file.
    """

    draw: DrawScenes
    distribution: Distribution
    device: torch.device
    hosts: Hosts | None = None
    examples: Examples | None = None
    block: int = BLOCK

    def drawn(self, blocks: Sequence[int]) -> Iterating[list[Cutout]]:
        """What is drawn of each block, ahead where the device renders faster than one core draws."""
        spans = ((number * self.block, (number + 1) * self.block) for number in blocks)
        return drawn_ahead(self.draw, spans, processes_beside(self.device, len(blocks)))

    def shown(self, drawn: Sequence[Cutout]) -> Show:
        """A function that exposes these scenes."""
        foreground, arcs, truth = self.rendered(drawn)
        exposures = self.exposures(truth)
        return lambda scenes, generator: exposures.draw(
            foreground[scenes].float(), arcs[scenes].float(), scenes, generator
        )

    def exposures(self, truth: np.ndarray) -> Exposures:
        """What shows scenes with this truth, each time anew."""
        return Exposures(self, truth)

    def rendered(self, drawn: Sequence[Cutout]) -> tuple[Tensor, Tensor, np.ndarray]:
        """Foregrounds and arcs of these scenes in half precision, on the device, and their truth."""
        made = expose(drawn, self.distribution.stamps, device=self.device)
        return halved(made.foreground), halved(made.arcs), made.truth


class Exposures:
    """What is drawn anew each time that a scene is shown: host, brightness, twins, noise, faults and footprint.

    Arguments:
        scenes: whose telescopes, detectors and hosts are drawn, and where.
        truth: of the scenes.
        twins: share of the exposures of a lens in which its arcs are taken away.
    """

    def __init__(self, scenes: SceneSource, truth: np.ndarray, twins: float = TWINS):
        device, self.survey, self.twins = scenes.device, scenes.distribution.survey, twins
        self.hosts = scenes.hosts.to(device) if scenes.hosts else None
        self.examples = scenes.examples.to(device) if scenes.examples else None
        self.lens, self.theta_E, self.arc_snr = (
            torch.from_numpy(truth[name].astype(np.float32)).to(device) for name in ("label", "theta_E", "arc_snr")
        )
        radii = truth["theta_E"][truth["label"] == 1].astype(np.float32)
        self.radii = torch.from_numpy(radii if len(radii) else np.ones(1, np.float32)).to(device)

    def draw(self, foreground: Tensor, arcs: Tensor, scenes: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Images (B, 1, side, side), NaN outside their footprint, and 1 for those that show a lens.

        Arguments:
            foreground, arcs: (B, side, side), of the scenes.
            scenes: numbers of the scenes (B,), on the device.
            generator: of the device.
        """
        light, radii, shown = self.lit(foreground, arcs, scenes, generator)
        images = draw_exposures(light[0], light[1], radii, self.survey, generator, FRAME.pixel_scale)[:, None]
        return images if self.examples is None else self.examples.instead_of(images, shown, generator), shown

    def lit(
        self, foreground: Tensor, arcs: Tensor, scenes: Tensor, generator: Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What is exposed: foreground and arcs as bright as they are shown, (2, B, side, side).

        Returns:
            The light; the Einstein radii (B,), arcsec, that footprints are drawn for; 1 for those that show a lens.
        """
        lens, (gain, arc_gain) = self.lens[scenes], self.gains(scenes, generator)
        twin, other = torch.rand(2, len(scenes), generator=generator, device=generator.device)
        shown = lens * (twin >= self.twins)
        if self.hosts is not None:
            foreground, noise = self.hosts.instead_of(foreground, generator)
            arc_gain = arc_gain * (1 + (gain * noise) ** 2).sqrt()  # against the noise of both
        arcs = random_dihedral(arcs[:, None], generator)[0][:, 0] * (arc_gain * shown)[:, None, None]
        light = torch.stack([foreground, arcs]) * gain[:, None, None]
        alike = self.radii[(other * len(self.radii)).long().clamp(max=len(self.radii) - 1)]
        radii = torch.where(lens > 0, self.theta_E[scenes], alike)  # footprints tell nothing of the class
        return light, radii, shown

    def gains(self, scenes: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Factors of the whole light and, besides, of the arcs, which stay above LEAST_SNR."""
        gain, brighter = torch.rand(2, len(scenes), generator=generator, device=generator.device)
        gain = _log_uniform(gain, 0.4, 2.0)
        needed = LEAST_SNR / (self.arc_snr[scenes].clamp(min=1e-6) * gain)
        return gain, torch.maximum(_log_uniform(brighter, 0.6, 1.8), torch.where(self.lens[scenes] > 0, needed, 0))


class Bank(StoredView):
    """Foregrounds and arcs of a fixed number of scenes in half precision, rendered once and kept in files.

    Arguments:
        folder: holds the files; those that are missing are made.
        targets: of each scene; 1 for lenses.
        scenes: what is drawn, and where it is rendered and, if it fits, kept.
    """

    def __init__(self, folder: Path, targets: np.ndarray, scenes: SceneSource):
        blocks = _blocks(folder, len(targets), scenes)
        self.foreground, self.arcs, self.truth = stores(blocks, scenes.device)
        self.scenes, self.exposures = scenes, scenes.exposures(self.truth)
        self._arcs_of = np.cumsum(self.truth["label"]) - self.truth["label"]
        super().__init__(targets, self.foreground, self.arcs)

    def shown(self, rows: np.ndarray, places: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """See `Exposures.draw`."""
        return self.exposures.draw(self.foreground.images(rows), self._arcs(rows), places, generator)

    def _arcs(self, rows: np.ndarray) -> Tensor:
        """Arcs of these rows; non-lenses are given those of any lens, which are not shown."""
        if not len(self.arcs):
            return torch.zeros(len(rows), *self.foreground.blocks[0].shape[1:], device=self.arcs.device)
        return self.arcs.images(np.minimum(self._arcs_of[rows], len(self.arcs) - 1))


def fresh_scenes(scenes: SceneSource) -> TrainingView:
    """Scenes that are rendered while a network trains, each shown once; their parameters are drawn ahead."""
    return Fresh(scenes.drawn, scenes.shown, scenes.block)


def _blocks(folder: Path, count: int, scenes: SceneSource) -> list[SceneBlock]:
    """Foregrounds, arcs (of the lenses only) and truth of each block of scenes, made if they are not there."""
    size, numbers = scenes.block, range(-(-count // scenes.block))

    def kept(number: int) -> SceneBlock | None:
        return read_block(folder, number, min(size, count - number * size), with_arcs=_lenses)

    blocks = {number: kept(number) for number in numbers}
    missing = [number for number in numbers if blocks[number] is None]
    if missing:
        log.info("rendering %d scenes to learn from, which are kept in %s", min(count, size * len(missing)), folder)
    with closing(scenes.drawn(missing)) as cutouts:
        for number, drawn in zip(missing, cutouts, strict=True):
            foreground, arcs, truth = scenes.rendered(drawn)
            arcs = arcs[torch.from_numpy(truth["label"] == 1).to(arcs.device)]
            write_block(folder, number, SceneBlock(foreground.cpu().numpy(), arcs.cpu().numpy(), truth))
            blocks[number] = kept(number)
    return [block for block in blocks.values() if block is not None]


def _lenses(truth: np.ndarray) -> int:
    return int(np.sum(truth["label"] == 1))


def _log_uniform(uniform: Tensor, low: float, high: float) -> Tensor:
    return low * (high / low) ** uniform
