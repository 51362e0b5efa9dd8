"""Measures networks all of whose layers learn behind others that restore, against the same without: docs/pipelines.md.

Run: python docs/direct_and_modular.py FOLDER [--arms observed edsr.denoise] [--networks vib.space] [--steps 300]
FOLDER keeps the restored images and what was answered, so that the same call goes on; it may be that of
modular_pipeline.py. An arm is "observed", a model that restores, or several in their order, "edsr.denoise then FOLDER".

All layers of a network go on from where they are published, on the same images as each arm sees them; first weights,
steps, batches and turns are the same. Moments of its normalisation are measured on those images before it learns.
"""

import argparse
import logging
from functools import partial
from pathlib import Path

import numpy as np
import torch
from modular_pipeline import (
    HEADS,
    LEARNED,
    MEASURED,
    accuracy,
    auroc,
    descend,
    doubt,
    error_of,
    kept,
    parameters,
    strata,
    table,
)
from restored_images import OBSERVED, Seen, seen
from torch import Generator, Tensor, nn
from torch.optim.swa_utils import update_bn
from zoo_vib.learning import objective
from zoo_vib.network import Bottleneck

import zoo_core as zoo
from zoo_core.datasets.simulated.restoration import RestorationSpace, restoration_space
from zoo_core.images.augmentation import random_dihedral
from zoo_core.symmetries import recognised, turned
from zoo_core.tasks import Classification, Prediction, Regression

ARMS, NETWORKS = (OBSERVED, "edsr.denoise"), ("vib.space", "resnet_regression.euclid")
BATCH, RATE, WARMUP, DECAY, SEED = 32, 1e-4, 30, 1e-3, 0
BETA = 0.01  # price of a nat of vib.space, as it was published
MOMENTS = 20  # batches that those of the normalisation are measured on

log = logging.getLogger(__name__)


def main() -> None:
    """Restore, learn, answer, compare."""
    parser = argparse.ArgumentParser(description="Networks behind others, and without them.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--arms", nargs="+", default=ARMS)
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--steps", type=int, default=300)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.folder.mkdir(parents=True, exist_ok=True)
    learned, measured = (restoration_space(**one, lens_fraction=0.5) for one in (LEARNED, MEASURED))
    for network in asked.networks:
        finds = zoo.load(network, device="cpu").task.name == "classification"
        rows = np.arange(len(measured)) if finds else np.flatnonzero(measured.truth()["label"] == 1)
        found = {}
        for arm in asked.arms:
            images = [seen(arm, one, asked.folder) for one in (learned, measured)]
            for way, steps in (("as published", 0), ("retrained", asked.steps)):
                name = f"{arm.replace('/', '_')}, {way}"
                answer = partial(answered, network, images[0], images[1], learned, rows, steps)
                found[name] = kept(asked.folder / f"{network}-{steps}-{name}", answer)
        compare(found, measured, rows, finds)


def compare(found: dict[str, np.ndarray], measured: RestorationSpace, rows: np.ndarray, finds: bool) -> None:
    """Tables of all arms, their differences paired."""
    parts = strata(measured, rows, finds)
    if not finds:
        for column, name in enumerate(HEADS.parameters):
            log.info("\nmedian |error| of %s\n%s", name, table(found, parameters(measured), error_of(column), parts))
        return
    labels = measured.truth()["label"]
    log.info("doubt\n%s", "\n".join(doubt(name, answers, labels) for name, answers in found.items()))
    for name, statistic in (("AUROC", auroc), ("accuracy", accuracy)):
        log.info("\n%s\n%s", name, table(found, labels, statistic, parts))


def answered(
    network: str, learned: Seen, measured: Seen, scenes: RestorationSpace, rows: np.ndarray, steps: int
) -> np.ndarray:
    """Logits (N,) or means (N, 7) of images `rows` of `measured`, after so many steps on the others."""
    model = zoo.load(network, device="cpu").with_views(1)
    if steps:
        learn(model, learned, scenes, steps)
    with torch.no_grad():
        answer = measured.collected(lambda channels: _answer(model.prediction(channels)), model, torch.from_numpy(rows))
    return answer.numpy()


def learn(model: zoo.Model, shown: Seen, scenes: RestorationSpace, steps: int) -> None:
    """AdamW under one cycle, of all layers."""
    labels, generator = scenes.truth()["label"], Generator().manual_seed(SEED)
    finds = model.task.name == "classification"
    rows = torch.arange(len(labels)) if finds else torch.from_numpy(np.flatnonzero(labels == 1))
    truth = torch.from_numpy(labels if finds else parameters(scenes)).float()
    measure_moments(model, shown, rows[torch.randperm(len(rows), generator=generator)])

    def loss() -> Tensor:
        places = torch.randint(len(rows), (BATCH,), generator=generator)
        images, elements = random_dihedral(shown.channels(model, rows[places]), generator)
        targets = truth[places] if finds else _turned(truth[places], elements)
        return _loss(model, images, targets, generator)

    optimiser = torch.optim.AdamW(model.network.parameters(), lr=RATE, weight_decay=DECAY)
    descend(model.network, loss, optimiser, steps, WARMUP)


def measure_moments(model: zoo.Model, shown: Seen, rows: Tensor) -> None:
    """Those of the normalisation are the mean over some batches; then they stay, while all else learns."""
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        update_bn((shown.channels(model, some) for some in rows.split(2 * BATCH)[:MOMENTS]), model.network)
    model.network.train()
    for part in model.network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eval()


def _loss(model: zoo.Model, images: Tensor, targets: Tensor, generator: Generator) -> Tensor:
    network = model.network
    if isinstance(network, Bottleneck):
        normal = torch.randn(len(images), network.decoder.in_features, generator=generator)
        return objective(network, images, targets, normal, BETA, model.heads)
    return model.task.loss(network(images), targets, model.heads)


def _turned(truth: Tensor, elements: Tensor) -> Tensor:
    return turned(truth, HEADS.parameters, recognised(HEADS.parameters, HEADS.units), elements)


def _answer(prediction: Prediction) -> Tensor:
    if isinstance(prediction, Classification):
        return prediction.logits.flatten()
    assert isinstance(prediction, Regression)
    return prediction.mean


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
