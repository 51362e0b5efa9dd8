"""Measures what it is worth to restore images before lenses are found and measured in them: docs/pipelines.md.

Run: python docs/modular_pipeline.py FOLDER
FOLDER keeps the restored images and what was answered, so that the same call goes on.

The convolutions of `lastro.space` stay. Behind them its fully connected layers learn to find lenses, and others learn
to measure them, from images as they were observed, as a member of a pipeline hands them on, and as they were before
the noise: the same images, steps, batches and first weights each time.
"""

import logging
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from scipy.stats import rankdata
from torch import Generator, Tensor, nn
from torch.nn import functional as F
from zoo_lastro.baseline import Lastro

import zoo_core as zoo
from zoo_core.bench.metrics.intervals import percentile
from zoo_core.bench.metrics.uncertainty import error_by_doubt, predictive_entropy, rejection
from zoo_core.datasets.simulated.restoration import RestorationSpace, restoration_space
from zoo_core.images.augmentation import random_dihedral
from zoo_core.images.sky import level_and_noise
from zoo_core.symmetries import recognised, turned
from zoo_core.tasks import Restoration

LEARNED, MEASURED = {"n": 3000, "seed": 303}, {"n": 2000, "seed": 1}  # the second are those of restoration_denoise
SCALE, AT_ONCE = 0.1, 50  # arcsec a pixel; images that are restored together
OBSERVED, DENOISER, NOISE_FREE = "observed", "unet.denoise", "noise-free"
FINDER, KEPT = "lastro.space", 17  # modules of its body before the fully connected layers
TURNS, BATCH, WARMUP, DECAY, SEED = 2, 128, 20, 1e-2, 0
STEPS, RATE = {"finding": 300, "modelling": 200}, {"finding": 3e-4, "modelling": 1e-3}
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


@dataclass(frozen=True)
class Seen:
    """Images as a network sees them, in any unit, and the noise in which they are counted.

    Arguments:
        images: (N, 1, 101, 101), finite.
        noise: that of the observed image, (N, 1, 1, 1).
    """

    images: Tensor
    noise: Tensor

    def channels(self, model: zoo.Model, rows: Tensor) -> Tensor:
        """As the network of that model takes them, (B, C, 101, 101)."""
        return model.preprocess.channels(self.images[rows], self.noise[rows])


def main(folder: Path, arms: list[str]) -> None:
    """Restore, learn, answer, compare."""
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    learned, measured = (restoration_space(**one, lens_fraction=0.5) for one in (LEARNED, MEASURED))
    labels, answers = measured.truth()["label"].astype(np.float32), {}
    for arm in arms:
        shown = seen(arm, measured, folder)
        answers[arm] = kept(folder / f"found-{arm}", lambda a=arm, s=shown: logits(finder(a, learned, folder), s))
        published = kept(folder / f"found-{arm}-published", lambda s=shown: logits(zoo.load(FINDER, device="cpu"), s))
        answers[f"{arm}, as published"] = published
    log.info("doubt\n%s", "\n".join(doubt(arm, found, labels) for arm, found in answers.items()))
    for name, statistic in (("AUROC", auroc), ("accuracy", accuracy)):
        log.info("\n%s\n%s", name, table(answers, labels, statistic, strata(measured, np.arange(len(labels)), True)))
    lenses = np.flatnonzero(labels == 1)
    answers = {
        arm: kept(folder / f"modelled-{arm}", lambda a=arm: modelled(a, learned, measured, folder)) for arm in arms
    }
    for column, name in enumerate(HEADS.parameters):
        parts = strata(measured, lenses, False)
        log.info("\nmedian |error| of %s\n%s", name, table(answers, parameters(measured), error_of(column), parts))


def kept(path: Path, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """What was computed before, or is computed now."""
    file = path.with_name(f"{path.name}.npy")
    if not file.exists():
        np.save(file, compute())
    return np.load(file)


def seen(arm: str, images: RestorationSpace, folder: Path) -> Seen:
    """All images of a data set as that arm sees them."""
    file = folder / f"{arm}-{images.seed}.safetensors"
    if not file.exists():
        parts = zip(*_restored(arm, images), strict=True)
        save_file(dict(zip(("images", "noise"), map(torch.cat, parts), strict=True)), file)
    return Seen(**load_file(file))


def _restored(arm: str, images: RestorationSpace) -> Iterator[tuple[Tensor, Tensor]]:
    """Images and the noise of the observed ones, a few at once."""
    restorer = zoo.load(DENOISER if arm in (OBSERVED, NOISE_FREE) else arm, device="cpu").with_views(1)
    for rows in np.split(np.arange(len(images)), range(AT_ONCE, len(images), AT_ONCE)):
        observed = images.images(rows)
        ready = np.stack([restorer.preprocess.prepare_array(image, SCALE).pixels for image in observed])
        prepared = restorer.preprocess.channels(torch.from_numpy(ready))
        noise = level_and_noise(prepared)[1]
        if arm == OBSERVED:
            yield prepared, noise
        elif arm == NOISE_FREE:
            light = torch.from_numpy(images.noise_free(rows).light)
            yield light.masked_fill(torch.from_numpy(observed).isnan(), 0.0), noise
        else:
            restored = restorer.prediction(prepared)
            assert isinstance(restored, Restoration) and restored.noise is not None
            yield restored.image, restored.noise


def finder(arm: str, images: RestorationSpace, folder: Path) -> zoo.Model:
    """The finder, whose fully connected layers have learned from these images as the arm sees them."""
    model = zoo.load(FINDER, device="cpu")
    network, generator = model.network, Generator().manual_seed(SEED)
    assert isinstance(network, Lastro)
    labels = torch.from_numpy(images.truth()["label"].astype(np.float32)).repeat(TURNS)
    shown, rows = seen(arm, images, folder), torch.arange(len(images))
    maps = torch.cat([_maps(model, shown, rows, generator)[0] for _ in range(TURNS)])
    last = nn.Sequential(*network.body[KEPT:], network.head, nn.Flatten(0))
    _learn(last, maps, labels, "finding", F.binary_cross_entropy_with_logits, generator)
    network.eval()
    return model


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
    _learn(last, maps, (targets - mean) / scatter, "modelling", F.smooth_l1_loss, generator)
    with torch.no_grad():
        answers = last.eval()(_unturned(model, seen(arm, measured, folder), _lenses(measured)))
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


def _unturned(model: zoo.Model, shown: Seen, rows: Tensor) -> Tensor:
    body = _convolutions(model)
    return torch.cat([body(shown.channels(model, part)) for part in rows.split(AT_ONCE)])


def _convolutions(model: zoo.Model) -> nn.Module:
    assert isinstance(model.network, Lastro)
    return model.network.eval().body[:KEPT]


def _learn(
    last: nn.Sequential,
    maps: Tensor,
    targets: Tensor,
    task: str,
    loss_of: Callable[[Tensor, Tensor], Tensor],
    generator: Generator,
) -> None:
    """AdamW under one cycle."""
    steps = STEPS[task]
    optimiser = torch.optim.AdamW(last.parameters(), lr=RATE[task], weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps))
    last.train()
    with torch.random.fork_rng():
        torch.manual_seed(SEED)  # of dropout
        for _ in range(steps):
            rows = torch.randint(len(maps), (BATCH,), generator=generator)
            loss = loss_of(last(maps[rows]), targets[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()


def _rate(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / WARMUP) * 0.5 * (1 + math.cos(math.pi * step / steps))


@torch.no_grad()
def logits(model: zoo.Model, shown: Seen) -> np.ndarray:
    """Of all images, (N,), one view each."""
    parts = torch.arange(len(shown.images)).split(AT_ONCE)
    return torch.cat([model.network(shown.channels(model, rows))[:, 0] for rows in parts]).numpy()


def strata(images: RestorationSpace, rows: np.ndarray, finding: bool) -> Mapping[str, np.ndarray]:
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
