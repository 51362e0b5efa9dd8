"""Measures a finder all of whose layers learn behind a denoiser, against the same without it: docs/pipelines.md.

Run: python docs/direct_and_modular.py FOLDER
FOLDER keeps the restored images and what was answered, so that the same call goes on; it may be that of
modular_pipeline.py.

All layers of `lastro.space` go on from where they are published, on the same images as they were observed and as the
denoiser leaves them; steps and batches are the same.
"""

import logging
import sys
from pathlib import Path

import numpy as np
import torch
from modular_pipeline import FINDER, LEARNED, MEASURED, accuracy, auroc, descend, doubt, kept, strata, table
from restored_images import OBSERVED, Seen, seen
from torch import Generator, Tensor, nn
from torch.nn import functional as F

import zoo_core as zoo
from zoo_core.datasets.simulated.restoration import RestorationSpace, restoration_space
from zoo_core.images.augmentation import random_dihedral

ARMS = (OBSERVED, "edsr.denoise")
STEPS, BATCH, RATE, WARMUP, DECAY, SEED = 300, 32, 1e-4, 30, 1e-3, 0

log = logging.getLogger(__name__)


def main(folder: Path) -> None:
    """Restore, learn, answer, compare."""
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    learned, measured = (restoration_space(**one, lens_fraction=0.5) for one in (LEARNED, MEASURED))
    found = {
        arm: kept(folder / f"all-layers-{arm}", lambda a=arm: answered(a, learned, measured, folder)) for arm in ARMS
    }
    labels, parts = measured.truth()["label"], strata(measured, np.arange(len(measured)), True)
    log.info("doubt\n%s", "\n".join(doubt(name, answers, labels) for name, answers in found.items()))
    for name, statistic in (("AUROC", auroc), ("accuracy", accuracy)):
        log.info("\n%s\n%s", name, table(found, labels, statistic, parts))


def answered(arm: str, learned: RestorationSpace, measured: RestorationSpace, folder: Path) -> np.ndarray:
    """Logits (N,) of the images that are measured, by a finder that has learned from the others."""
    model = zoo.load(FINDER, device="cpu")
    _learn(model, seen(arm, learned, folder), torch.from_numpy(learned.truth()["label"]).float())
    with torch.no_grad():
        rows = torch.arange(len(measured))
        return seen(arm, measured, folder).collected(model.network, model, rows).flatten().numpy()


def _learn(model: zoo.Model, shown: Seen, labels: Tensor) -> None:
    """AdamW under one cycle; moments of the normalisation stay as they are."""
    network, generator = model.network.train(), Generator().manual_seed(SEED)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()

    def loss() -> Tensor:
        rows = torch.randint(len(labels), (BATCH,), generator=generator)
        images, _ = random_dihedral(shown.channels(model, rows), generator)
        return F.binary_cross_entropy_with_logits(network(images).flatten(), labels[rows])

    descend(network, loss, torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY), STEPS, WARMUP)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main(Path(sys.argv[1]))
