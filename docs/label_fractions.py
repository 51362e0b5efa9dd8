"""Measures what label-free features are worth when labels are few: `label-fractions.csv` and its plot.

Run: python docs/label_fractions.py runs/label-fractions
The macro-lenses of 12,000 images are fitted first, a quarter of an hour on one core, and kept in that folder.
"""

import csv
import logging
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sklearn.metrics import roc_auc_score
from torch import Generator, Tensor, nn
from torch.nn import functional as F
from zoo_scan import MacroLens
from zoo_scan.classifier import Classifier
from zoo_scan.stem_outputs import in_parts
from zoo_scan.trunk import TrunkArguments
from zoo_scan.views import RandomViews

import zoo_core as zoo
from zoo_core.interfaces import Dataset
from zoo_core.train.subset import chosen

START = "scan.substructure"
ITERATIONS = 25  # of the fits; those of the start are cut short
IMAGES, LEARNED, MEASURED = 6000, 11, 1  # of each set, and the seeds
PLAN = {0.01: (3, 150, 32), 0.1: (3, 300, 32), 1.0: (1, 600, 64)}  # seeds, steps and batch size of each fraction
RATE, WARMUP, DECAY = 1e-3, 10, 0.01
VIEWS = RandomViews("d4", shift=6, noise=0.3, gain=0.2)
STARTS = {"label-free features": "o-", "random weights": "s--"}
COLUMNS = ("start", "fraction", "labels", "seed", "accuracy", "macro_auroc")
DOCS = Path(__file__).parent

log = logging.getLogger(__name__)


def main(folder: Path) -> None:
    """Fit, train, measure, draw."""
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    learned, measured = (zoo.open_dataset("substructure", n=IMAGES, seed=seed) for seed in (LEARNED, MEASURED))
    training, test = (
        _stemmed(learned, folder / "learned.safetensors"),
        _stemmed(measured, folder / "measured.safetensors"),
    )
    rows = []
    for row in _runs(learned, training, test, measured.targets()):
        log.info(" ".join(map(str, row)))
        rows.append(row)
    with (DOCS / "leaderboard" / "label-fractions.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    _draw(rows, DOCS / "images" / "label-fractions.png")


def _runs(learned: Dataset, training: Tensor, test: Tensor, truth: np.ndarray) -> Iterator[tuple]:
    labels = torch.from_numpy(learned.targets()).long()
    for fraction, (seeds, steps, batch) in PLAN.items():
        for seed in range(seeds):
            few = torch.from_numpy(chosen(learned, None, fraction, seed))
            for start in STARTS:
                network = _network(seed, warm=start == "label-free features")
                _train(network, training[few], labels[few], steps, batch, seed)
                with torch.no_grad():
                    p = in_parts(network.eval().logits_of, test).softmax(1).numpy()
                accuracy, auroc = (p.argmax(1) == truth).mean(), roc_auc_score(truth, p, multi_class="ovr")
                yield start, fraction, len(few), seed, f"{accuracy:.4f}", f"{auroc:.4f}"


def _network(seed: int, warm: bool) -> Classifier:
    """The classifier of the start's shape; warm: with its backbone."""
    start = zoo.load(START)
    assert start.spec is not None
    arguments = {key: value for key, value in start.spec.arguments.items() if key != "heads"}
    arguments["macro"] = MacroLens(**arguments["macro"] | {"iterations": ITERATIONS})
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Classifier(TrunkArguments(channels=1, **arguments), outputs=3)
    if warm:
        network.backbone.load_state_dict(_backbone(start.network))
    return network


def _backbone(network: nn.Module) -> dict[str, Tensor]:
    return network.get_submodule("backbone").state_dict()


def _stemmed(data: Dataset, file: Path) -> Tensor:
    """What the stem makes of the images, which no training changes."""
    if not file.exists():
        stem = _network(0, warm=False).stem
        parts = [stem(torch.from_numpy(data.images(slice(row, row + 250)))) for row in range(0, len(data), 250)]
        save_file({"stemmed": torch.cat(parts)}, file)
    return load_file(file)["stemmed"]


def _train(network: Classifier, images: Tensor, labels: Tensor, steps: int, batch: int, seed: int) -> None:
    """AdamW under one cycle; what comes last is kept, as labels to choose by are what there is not."""
    generator = Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps))
    network.train()
    for _ in range(steps):
        rows = torch.randint(len(images), (batch,), generator=generator)
        loss = F.cross_entropy(network.logits_of(VIEWS.draw(images[rows], generator)), labels[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()


def _rate(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / WARMUP) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _draw(rows: list[tuple], path: Path) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for axis, column in zip(axes, ("accuracy", "macro_auroc"), strict=True):
        place = COLUMNS.index(column)
        for start, style in STARTS.items():
            mine = {f: [float(row[place]) for row in rows if row[0] == start and row[1] == f] for f in PLAN}
            counts = [next(row[2] for row in rows if row[1] == fraction) for fraction in PLAN]
            axis.plot(counts, [np.mean(values) for values in mine.values()], style, label=start)
            for count, values in zip(counts, mine.values(), strict=True):
                axis.vlines(count, min(values), max(values), color="grey", lw=1)
        axis.set(xscale="log", xlabel="labelled images", ylabel=column.replace("_", " "))
        axis.legend()
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main(Path(sys.argv[1]))
