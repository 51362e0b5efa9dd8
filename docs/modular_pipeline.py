"""Measures what it is worth to restore images before lenses are found and measured in them: docs/pipelines.md.

Run: python docs/modular_pipeline.py FOLDER
FOLDER keeps the restored images and what was answered, so that the same call goes on.

The layers of `lastro.space` stay but its last one, which learns anew to find lenses; and behind its convolutions two
layers learn to measure them: from images as they were observed, as a member of a pipeline hands them on, and as they
were before the noise, the same images, steps, batches and first weights each time. They learn to measure from the arcs
alone too, which is what a perfect deblender would leave.
"""

import logging
import math
import sys
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from restored_images import ARCS, AT_ONCE, DENOISER, NOISE_FREE, OBSERVED, Seen, seen
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Generator, Tensor, nn
from torch.nn import functional as F
from zoo_lastro.baseline import Lastro

import zoo_core as zoo
from zoo_core.bench.metrics.intervals import percentile
from zoo_core.bench.metrics.uncertainty import error_by_doubt, predictive_entropy, rejection
from zoo_core.datasets.simulated.restoration import RestorationSpace, restoration_space
from zoo_core.images.augmentation import random_dihedral
from zoo_core.symmetries import recognised, turned

LEARNED, MEASURED = {"n": 3000, "seed": 303}, {"n": 2000, "seed": 1}  # the second are those of restoration_denoise
FINDER, KEPT = "lastro.space", 17  # modules of its body before the fully connected layers
TURNS, BATCH, WARMUP, DECAY, SEED = 2, 128, 20, 1e-2, 0
STEPS, RATE = 200, 1e-3
PENALTIES = np.logspace(-5, -1, 5)  # inverse L2 penalties that are tried
FEATURES, WIDTH = 128 * 5 * 5, 256  # of the convolutions, and of the layer behind them that measures
HEADS = zoo.Heads(
    parameters=("theta_E", "e1", "e2", "gamma_1", "gamma_2", "lens_x", "lens_y"),
    units=("arcsec", "", "", "", "", "arcsec", "arcsec"),
)
STRATA = {"arc_snr": (8, 20, 50, 150, np.inf), "theta_E": (0.3, 0.8, 1.2, 3.0)}
RESAMPLES = 1000

log = logging.getLogger(__name__)

Statistic = Callable[[np.ndarray, np.ndarray], float]
"""Of the answers (N, ...) to some images and their truth (N, ...)."""


def main(folder: Path, arms: list[str]) -> None:
    """Restore, learn, answer, compare."""
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    learned, measured = (restoration_space(**one, lens_fraction=0.5) for one in (LEARNED, MEASURED))
    found = found_by(arms, learned, measured, folder)
    labels, rows = measured.truth()["label"], np.arange(len(measured))
    log.info("doubt\n%s", "\n".join(doubt(arm, answers, labels) for arm, answers in found.items()))
    for name, statistic in (("AUROC", auroc), ("accuracy", accuracy)):
        log.info("\n%s\n%s", name, table(found, labels, statistic, strata(measured, rows, True)))
    answers = {
        arm: kept(folder / f"modelled-{arm}", lambda a=arm: modelled(a, learned, measured, folder))
        for arm in (*arms, ARCS)
    }
    for column, name in enumerate(HEADS.parameters):
        parts = strata(measured, np.flatnonzero(labels == 1), False)
        log.info("\nmedian |error| of %s\n%s", name, table(answers, parameters(measured), error_of(column), parts))


def found_by(
    arms: list[str], learned: RestorationSpace, measured: RestorationSpace, folder: Path
) -> dict[str, np.ndarray]:
    """Logits (N,) of the finder in each arm, with its last layer as published and with one that has learned there."""
    answers = {}
    for arm in arms:
        taught, asked = (
            kept(folder / f"features-{arm}-{images.seed}", lambda a=arm, i=images: features(a, i, folder))
            for images in (learned, measured)
        )
        own = retrained(taught, learned.truth()["label"], asked)
        answers |= {f"{arm}, retrained": own, f"{arm}, as published": published(asked)}
    return answers


def kept(path: Path, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """What was computed before, or is computed now."""
    file = path.with_name(f"{path.name}.npy")
    if not file.exists():
        np.save(file, compute())
    return np.load(file)


def features(arm: str, images: RestorationSpace, folder: Path) -> np.ndarray:
    """What the finder makes of all images before its last layer, as the arm sees them, (N, 1024)."""
    model, rows = zoo.load(FINDER, device="cpu"), torch.arange(len(images))
    with torch.no_grad():
        return seen(arm, images, folder).collected(_finder(model).features, model, rows).numpy()


def published(known: np.ndarray) -> np.ndarray:
    """Logits (N,) of the finder's own last layer, of its features (N, 1024)."""
    with torch.no_grad():
        return _finder(zoo.load(FINDER, device="cpu")).head(torch.from_numpy(known)[..., None, None]).flatten().numpy()


def retrained(learned: np.ndarray, labels: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Logits (N,) of a last layer that has learned from features (N, 1024); its L2 penalty is chosen by five folds."""
    head = LogisticRegressionCV(Cs=PENALTIES, cv=5, scoring="roc_auc", max_iter=300)
    return make_pipeline(StandardScaler(), head).fit(learned, labels).decision_function(measured)


def modelled(arm: str, learned: RestorationSpace, measured: RestorationSpace, folder: Path) -> np.ndarray:
    """Parameters (N, 7) of the lenses that are measured, by layers that learned from others as the arm sees them."""
    model, generator = zoo.load(FINDER, device="cpu"), Generator().manual_seed(SEED)
    shown, rows = seen(arm, learned, folder), _lenses(learned)
    drawn = [_maps(model, shown, rows, generator) for _ in range(TURNS)]
    truth = torch.from_numpy(parameters(learned))
    symmetries = recognised(HEADS.parameters, HEADS.units)
    targets = torch.cat([turned(truth, HEADS.parameters, symmetries, elements) for _, elements in drawn])
    mean, scatter = targets.mean(0), targets.std(0)
    last = _measuring()
    maps = torch.cat([maps for maps, _ in drawn])
    _learn(last, maps, (targets - mean) / scatter, generator)
    with torch.no_grad():
        maps = seen(arm, measured, folder).collected(_convolutions(model), model, _lenses(measured))
        answers = last.eval()(maps)
    return (mean + scatter * answers).numpy()


def parameters(images: RestorationSpace) -> np.ndarray:
    """Of the lenses among them, (N, 7), in the order of the heads."""
    truth = images.truth()
    flattened = (1 - truth["lens_q"]) / (1 + truth["lens_q"])
    e1, e2 = (flattened * wave(2 * truth["lens_phi"]) for wave in (np.cos, np.sin))
    named = truth | {"e1": e1, "e2": e2}
    return np.stack([named[name] for name in HEADS.parameters], 1)[truth["label"] == 1].astype(np.float32)


def _lenses(images: RestorationSpace) -> Tensor:
    return torch.from_numpy(np.flatnonzero(images.truth()["label"] == 1))


def _measuring() -> nn.Sequential:
    """Two fully connected layers with the same first weights in every arm, which at first say the mean."""
    normed = nn.BatchNorm1d(FEATURES, affine=False)
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        hidden, outputs = nn.Linear(FEATURES, WIDTH), nn.Linear(WIDTH, len(HEADS.parameters))
    nn.init.zeros_(outputs.weight)
    nn.init.zeros_(outputs.bias)
    return nn.Sequential(nn.Flatten(), normed, nn.Dropout(), hidden, nn.ReLU(), nn.Dropout(), outputs)


@torch.no_grad()
def _maps(model: zoo.Model, shown: Seen, rows: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """What the convolutions make of the images, each turned at random, (N, 128, 5, 5), and by what, (N,)."""
    body = _convolutions(model)
    found = []
    for part in rows.split(AT_ONCE):
        channels, elements = random_dihedral(shown.channels(model, part), generator)
        found.append((body(channels), elements))
    maps, elements = zip(*found, strict=True)
    return torch.cat(maps), torch.cat(elements)


def _convolutions(model: zoo.Model) -> nn.Module:
    return _finder(model).body[:KEPT]


def _finder(model: zoo.Model) -> Lastro:
    assert isinstance(model.network, Lastro)
    return model.network.eval()


def _learn(last: nn.Sequential, maps: Tensor, targets: Tensor, generator: Generator) -> None:
    def loss() -> Tensor:
        rows = torch.randint(len(maps), (BATCH,), generator=generator)
        return F.smooth_l1_loss(last(maps[rows]), targets[rows])

    descend(last.train(), loss, torch.optim.AdamW(last.parameters(), lr=RATE, weight_decay=DECAY), STEPS, WARMUP)


def descend(
    network: nn.Module, loss: Callable[[], Tensor], optimiser: torch.optim.Optimizer, steps: int, warmup: int
) -> None:
    """So many steps under one cycle, each down the loss of a batch of its own; dropout is the same in every arm."""

    def rate(step: int) -> float:
        return min(1.0, (step + 1) / warmup) * 0.5 * (1 + math.cos(math.pi * step / steps))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        for _ in range(steps):
            found = loss()
            optimiser.zero_grad()
            found.backward()
            optimiser.step()
            schedule.step()
    network.eval()


def strata(images: zoo.Dataset, rows: np.ndarray, finding: bool) -> Mapping[str, np.ndarray]:
    """Rows of all, and of each stratum of the lenses, beside which a finder has all non-lenses."""
    truth = {name: column[rows] for name, column in images.truth().items()}
    found = {"all": np.arange(len(rows))}
    for column, edges in STRATA.items():
        for low, high in pairwise(edges):
            lenses = (truth["label"] == 1) & (truth[column] >= low) & (truth[column] < high)
            found[f"{column} {low:g} to {high:g}"] = np.flatnonzero(lenses | ((truth["label"] == 0) & finding))
    return found


def table(
    answers: Mapping[str, np.ndarray], truth: np.ndarray, statistic: Statistic, parts: Mapping[str, np.ndarray]
) -> str:
    """A row a stratum, a column an arm: the value, and the interval of its paired difference from the first arm."""
    first = next(iter(answers))
    lines = [f"| | {' | '.join(answers)} |", f"|---|{'---|' * len(answers)}"]
    for name, rows in parts.items():
        draws = np.random.default_rng(SEED).integers(len(rows), size=(RESAMPLES, len(rows)))
        drawn = {arm: _resampled(found[rows], truth[rows], statistic, draws) for arm, found in answers.items()}
        cells = [
            _cell(statistic(found[rows], truth[rows]), drawn[arm], None if arm == first else drawn[first])
            for arm, found in answers.items()
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _resampled(answers: np.ndarray, truth: np.ndarray, statistic: Statistic, draws: np.ndarray) -> np.ndarray:
    return np.array([statistic(answers[draw], truth[draw]) for draw in draws])


def _cell(value: float, drawn: np.ndarray, reference: np.ndarray | None) -> str:
    """The value with its interval; for an arm that is compared the interval of the difference."""
    low, high = percentile(drawn if reference is None else drawn - reference) or (np.nan, np.nan)
    return f"{value:.3f} [{low:.3f}, {high:.3f}]" if reference is None else f"{value:.3f} ({low:+.3f} to {high:+.3f})"


def doubt(arm: str, logits: np.ndarray, labels: np.ndarray) -> str:
    """A row: the error rate, its mean while the most doubted are left out, and that of the surest and most doubted."""
    p = 1 / (1 + np.exp(-logits.astype(float)))
    entropy, wrong = predictive_entropy(np.stack([1 - p, p], 1)), (p > 0.5) != (labels == 1)
    surest, *_, doubted = error_by_doubt(entropy, wrong)
    rates = [f"{one.error:.3f} [{one.low:.3f}, {one.high:.3f}]" for one in (surest, doubted)]
    return f"| {arm} | {wrong.mean():.3f} | {rejection(entropy, wrong).area:.3f} | {' | '.join(rates)} |"


def auroc(logits: np.ndarray, labels: np.ndarray) -> float:
    """Share of the pairs of a lens and another image in which the lens has the higher logit."""
    lenses = int(labels.sum())
    ranks = rankdata(logits)[labels == 1].sum() - lenses * (lenses + 1) / 2
    return float(ranks / (lenses * (len(labels) - lenses)))


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Share of images that are called rightly at p = 0.5."""
    return float(np.mean((logits > 0) == (labels == 1)))


def error_of(column: int) -> Statistic:
    """Median absolute error of one parameter."""
    return lambda answers, truth: float(np.median(np.abs(answers[:, column] - truth[:, column])))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main(Path(sys.argv[1]), sys.argv[2:] or [OBSERVED, DENOISER, NOISE_FREE])
