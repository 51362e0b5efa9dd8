"""Measures finders whose last layers have learned from restored images: docs/pipelines.md.

Run: python docs/retrained_finders.py FOLDER
FOLDER is that of modular_pipeline.py, whose images are learned from and measured.

The convolutions of `lastro.space` stay. Its fully connected layers learn from images as they were observed, and from
the same images restored, with equal steps, batches and first weights.
"""

import logging
import math
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from modular_pipeline import LEARNED, MEASURED, OBSERVED, Seen, auroc, seen, strata, table
from torch import Generator, Tensor, nn
from torch.nn import functional as F
from zoo_lastro.baseline import Lastro

import zoo_core as zoo
from zoo_core.datasets.simulated.restoration import RestorationSpace, restoration_space
from zoo_core.images.augmentation import random_dihedral

FINDER, KEPT = "lastro.space", 17  # modules of its body before the fully connected layers
RESTORERS = (OBSERVED, "unet.denoise")
TURNS, STEPS, BATCH, RATE, WARMUP, DECAY, SEED = 2, 300, 128, 3e-4, 20, 1e-2, 0
AT_ONCE = 50  # images

log = logging.getLogger(__name__)


def main(folder: Path) -> None:
    """Restore, retrain, answer, compare."""
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    learned, measured = (restoration_space(**one, lens_fraction=0.5) for one in (LEARNED, MEASURED))
    labels, answers = measured.truth()["label"].astype(np.float32), {}
    for arm in RESTORERS:
        shown = seen(arm, measured, folder)
        for name, model in (("", zoo.load(FINDER, device="cpu")), (", retrained", retrained(arm, learned, folder))):
            answers[f"{arm}{name}"] = logits(model, shown)
    log.info("AUROC\n%s", table(_in_order(answers), labels, auroc, strata(measured, np.arange(len(labels)), "vib")))


def retrained(arm: str, images: RestorationSpace, folder: Path) -> zoo.Model:
    """The finder, whose fully connected layers have learned from these images as the arm sees them."""
    model = zoo.load(FINDER, device="cpu")
    network, generator = model.network, Generator().manual_seed(SEED)
    assert isinstance(network, Lastro)
    labels = torch.from_numpy(images.truth()["label"].astype(np.float32)).repeat(TURNS)
    maps = torch.cat([_maps(network, model, seen(arm, images, folder), generator) for _ in range(TURNS)])
    last = nn.Sequential(*network.body[KEPT:], network.head, nn.Flatten(0))
    _learn(last, maps, labels, generator)
    network.eval()
    return model


@torch.no_grad()
def _maps(network: Lastro, model: zoo.Model, shown: Seen, generator: Generator) -> Tensor:
    """What the convolutions make of the images, each turned at random, (N, 128, 5, 5)."""
    network.eval()
    parts = torch.arange(len(shown.images)).split(AT_ONCE)
    turned = (random_dihedral(shown.channels(model, rows), generator)[0] for rows in parts)
    return torch.cat([network.body[:KEPT](channels) for channels in turned])


def _learn(last: nn.Sequential, maps: Tensor, labels: Tensor, generator: Generator) -> None:
    """AdamW under one cycle."""
    optimiser = torch.optim.AdamW(last.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, _rate)
    last.train()
    with torch.random.fork_rng():
        torch.manual_seed(SEED)  # of dropout
        for _ in range(STEPS):
            rows = torch.randint(len(maps), (BATCH,), generator=generator)
            loss = F.binary_cross_entropy_with_logits(last(maps[rows]), labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()


def _rate(step: int) -> float:
    return min(1.0, (step + 1) / WARMUP) * 0.5 * (1 + math.cos(math.pi * step / STEPS))


@torch.no_grad()
def logits(model: zoo.Model, shown: Seen) -> np.ndarray:
    """Of all images, (N,), one view each."""
    parts = torch.arange(len(shown.images)).split(AT_ONCE)
    return torch.cat([model.network(shown.channels(model, rows))[:, 0] for rows in parts]).numpy()


def _in_order(answers: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The retrained finder of observed images first: with it the others are compared."""
    first = f"{OBSERVED}, retrained"
    return {first: answers[first], **{name: found for name, found in answers.items() if name != first}}


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main(Path(sys.argv[1]))
