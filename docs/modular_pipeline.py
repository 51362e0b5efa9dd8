"""Measures what it is worth to restore images before lenses are found and measured in them: docs/pipelines.md.

Run: python docs/modular_pipeline.py FOLDER
FOLDER keeps the simulated and the restored images, and what was answered, so that the same call goes on.

One network, the bottleneck of the plugin `vib`, learns from the same images four times: as they were observed, and as
the members of a pipeline hand them on. Images, steps, batches and first weights are the same each time.
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
from torch import Generator, Tensor
from zoo_vib.learning import objective
from zoo_vib.network import Bottleneck

import zoo_core as zoo
from zoo_core.bench.metrics.intervals import percentile
from zoo_core.bench.metrics.uncertainty import error_by_doubt, predictive_entropy, rejection
from zoo_core.datasets.simulated.restoration import RestorationSpace, restoration_space
from zoo_core.images.augmentation import random_dihedral
from zoo_core.images.sky import level_and_noise
from zoo_core.symmetries import recognised, turned
from zoo_core.tasks import Restoration

LEARNED, MEASURED = {"n": 3000, "seed": 303}, {"n": 2000, "seed": 1}  # the second are those of restoration_denoise
MIDDLE = slice(18, 83)  # pixels of a side that the network sees: rings of 3" fit
SCALE, AT_ONCE = 0.1, 50  # arcsec a pixel; images that are restored together
RESTORERS = ("unet.denoise", "edsr.denoise", "edsr.deblend")
OBSERVED, NOISE_FREE = "observed", "noise-free"
STEPS, BATCH, RATE, WARMUP, DECAY, BETA, SEED = 400, 64, 2e-3, 50, 1e-3, 1e-3, 0
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


def main(folder: Path) -> None:
    """Restore, learn, answer, compare."""
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    learned, measured = (restoration_space(**one, lens_fraction=0.5) for one in (LEARNED, MEASURED))
    for task, statistics in (("vib", FINDING), ("vib_regression", MODELLING)):
        truth = truth_of(task, measured)
        chosen = truth_rows(task, measured)
        answers = {arm: answered(task, arm, learned, measured, folder) for arm in arms()}
        if task == "vib":
            log.info("\ndoubt\n%s", "\n".join(doubt(arm, found, truth) for arm, found in answers.items()))
        for name, statistic in statistics.items():
            log.info("\n%s\n%s", name, table(answers, truth, statistic, strata(measured, chosen, task)))


def arms() -> list[str]:
    """What the network is given: images as observed, restored by each member that is published, and without noise."""
    published = {spec.id for spec in zoo.list_models(task="restoration")}
    return [OBSERVED, *(name for name in RESTORERS if name in published), NOISE_FREE]


def seen(arm: str, images: RestorationSpace, folder: Path) -> Seen:
    """All images of a data set as that arm sees them."""
    file = folder / f"{arm}-{images.seed}.safetensors"
    if not file.exists():
        parts = zip(*_restored(arm, images), strict=True)
        save_file(dict(zip(("images", "noise"), map(torch.cat, parts), strict=True)), file)
    return Seen(**load_file(file))


def _restored(arm: str, images: RestorationSpace) -> Iterator[tuple[Tensor, Tensor]]:
    """Images and the noise of the observed ones, a few at once."""
    restorer = zoo.load("unet.denoise" if arm in (OBSERVED, NOISE_FREE) else arm, device="cpu").with_views(1)
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


def truth_rows(task: str, images: RestorationSpace) -> np.ndarray:
    """Rows that count: all for finding, lenses for modelling."""
    return np.arange(len(images)) if task == "vib" else np.flatnonzero(images.truth()["label"] == 1)


def truth_of(task: str, images: RestorationSpace) -> np.ndarray:
    """Labels (N,), or the parameters of the lenses (N, 7), in the order of the heads."""
    truth = images.truth()
    if task == "vib":
        return truth["label"].astype(np.float32)
    flattened = (1 - truth["lens_q"]) / (1 + truth["lens_q"])
    e1, e2 = (flattened * wave(2 * truth["lens_phi"]) for wave in (np.cos, np.sin))
    named = truth | {"e1": e1, "e2": e2}
    columns = [named[name] for name in zoo.build(task, device="cpu").heads.parameters]
    return np.stack(columns, 1)[truth["label"] == 1].astype(np.float32)


def answered(task: str, arm: str, learned: RestorationSpace, measured: RestorationSpace, folder: Path) -> np.ndarray:
    """Logits (N,), or parameters (N, 7), of the images that are measured, by a network that has learned in that arm."""
    file = folder / f"{task}-{arm}-answers.safetensors"
    if not file.exists():
        model = taught(task, seen(arm, learned, folder), learned)
        rows = torch.from_numpy(truth_rows(task, measured))
        with torch.no_grad():
            shown = seen(arm, measured, folder)
            outputs = torch.cat([model.network(_middle(shown.channels(model, part))) for part in rows.split(BATCH)])
        save_file({"answers": _answers(model, outputs)}, file)
    return load_file(file)["answers"].numpy()


def _answers(model: zoo.Model, outputs: Tensor) -> Tensor:
    prediction = model.task.prediction(outputs, model.heads)
    return prediction.mean.contiguous() if isinstance(prediction, zoo.Regression) else outputs[:, -1].contiguous()


def taught(task: str, shown: Seen, images: RestorationSpace) -> zoo.Model:
    """The network after its steps: AdamW under one cycle, each image turned at random."""
    rows, truth = torch.from_numpy(truth_rows(task, images)), torch.from_numpy(truth_of(task, images))
    model = _untaught(task, truth)
    network, generator = model.network.train(), Generator().manual_seed(SEED)
    assert isinstance(network, Bottleneck)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, _rate)
    for step in range(STEPS):
        batch = torch.randint(len(rows), (BATCH,), generator=generator)
        channels, elements = random_dihedral(_middle(shown.channels(model, rows[batch])), generator)
        targets = truth[batch]
        if model.heads.parameters:
            symmetries = recognised(model.heads.parameters, model.heads.units)
            targets = turned(targets, model.heads.parameters, symmetries, elements)
        normal = torch.randn(BATCH, network.decoder.in_features, generator=generator)
        loss = objective(network, channels, targets, normal, BETA, model.heads)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 99:
            log.info("%s: step %d, loss %.3f", task, step + 1, float(loss))
    network.eval()
    return model


def _middle(channels: Tensor) -> Tensor:
    return channels[..., MIDDLE, MIDDLE]


def _untaught(task: str, truth: Tensor) -> zoo.Model:
    """With the same first weights in every arm; a regressor begins at the mean of the truth."""
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        model = zoo.build(task, device="cpu")
    first = model.task.first_output(truth.numpy, model.heads)
    if first is not None:
        model.network.decoder.bias.data.copy_(torch.from_numpy(first))
    return model


def _rate(step: int) -> float:
    return min(1.0, (step + 1) / WARMUP) * 0.5 * (1 + math.cos(math.pi * step / STEPS))


def strata(images: RestorationSpace, rows: np.ndarray, task: str) -> Mapping[str, np.ndarray]:
    """Rows of all, and of each stratum of the lenses, beside which a finder has all non-lenses."""
    truth = {name: column[rows] for name, column in images.truth().items()}
    found = {"all": np.arange(len(rows))}
    for column, edges in STRATA.items():
        for low, high in pairwise(edges):
            lenses = (truth["label"] == 1) & (truth[column] >= low) & (truth[column] < high)
            found[f"{column} {low:g} to {high:g}"] = np.flatnonzero(lenses | ((truth["label"] == 0) & (task == "vib")))
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


FINDING: Mapping[str, Statistic] = {"AUROC": auroc, "accuracy": accuracy}
MODELLING: Mapping[str, Statistic] = {
    f"median absolute error of {name}": error_of(column)
    for column, name in enumerate(("theta_E", "e1", "e2", "gamma_1", "gamma_2", "lens_x", "lens_y"))
}


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main(Path(sys.argv[1]))
