"""Measures in which parameters a lens is best learned, and how much dropout makes its errors right: docs/recipes.md.

Run: python docs/parameterisations.py FOLDER [parameters] [dropout]

Small networks learn from two exposures of each of 4,000 lenses of `modelling_hst`, prepared as for
`resnet_regression.euclid`, and measure the 2,000 of its benchmark. Images are kept in FOLDER.
"""

import argparse
import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Generator, Tensor, nn
from torch.nn import functional as F
from zoo_ensai.alexnet import alexnet

import zoo_core as zoo
from zoo_core.bench.metrics.intervals import binomial, percentile
from zoo_core.images.augmentation import random_dihedral
from zoo_core.models.backbones import backbone
from zoo_core.symmetries import recognised, turned

PREPARED_AS = "resnet_regression.euclid"
LENSES, EXPOSURES, CHUNK = 4000, 2, 100  # what is learned from
NAMES, UNITS = ("theta_E", "e1", "e2"), ("arcsec", "", "")
BATCH, SEEDS, RESAMPLES = 64, (1, 2), 2000
RESNET, ALEXNET = (600, 3e-3), (1000, 1e-3)  # steps, highest rate
RATES, PASSES = (0.0, 0.01, 0.03, 0.1, 0.2), 16
VARIED = 0.1  # the rate of the network that predicts with others

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lenses:
    """Channels (N, C, size, size) of lenses in half precision, and their theta_E, e1 and e2 (N, 3)."""

    channels: Tensor
    truth: Tensor


@dataclass(frozen=True)
class Parameterisation:
    """What a network is asked for in the place of theta_E, e1 and e2.

    Arguments:
        name: in the table.
        asked: of theta_E, e1, e2 (N, 3).
        meant: the way back.
    """

    name: str
    asked: Callable[[Tensor], Tensor]
    meant: Callable[[Tensor], Tensor]


def axis_ratio_and_angle(truth: Tensor) -> Tensor:
    """theta_E, q and phi (N, 3), phi from -pi/2 to pi/2.

    q = (1 - |e|) / (1 + |e|),   phi = arg(e1 + i e2) / 2
    """
    theta_E, e1, e2 = truth.unbind(1)
    e = torch.hypot(e1, e2)
    return torch.stack([theta_E, (1 - e) / (1 + e), torch.atan2(e2, e1) / 2], 1)


def ellipticity(asked: Tensor) -> Tensor:
    """The way back from `axis_ratio_and_angle`."""
    theta_E, q, phi = asked.unbind(1)
    e = (1 - q) / (1 + q)
    return torch.stack([theta_E, e * torch.cos(2 * phi), e * torch.sin(2 * phi)], 1)


def with_first(change: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Changes the first of some parameters, and leaves the others."""
    return lambda values: torch.cat([change(values[:, :1]), values[:, 1:]], 1)


PARAMETERISATIONS = (
    Parameterisation("theta_E, q, phi", axis_ratio_and_angle, ellipticity),
    Parameterisation("theta_E, e1, e2", with_first(Tensor.clone), with_first(Tensor.clone)),
    Parameterisation("ln theta_E, e1, e2", with_first(Tensor.log), with_first(Tensor.exp)),
)


def main() -> None:
    """The tables."""
    parser = argparse.ArgumentParser(description="Parameters, and dropout, of networks that measure lenses.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("tables", nargs="*", default=list(TABLES), choices=TABLES)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.folder.mkdir(parents=True, exist_ok=True)
    more = zoo.open_dataset("modelling_hst", n=LENSES, seed=101, parameters=NAMES)
    learned = kept(asked.folder / "learned.safetensors", lambda: exposed(more, asked.folder))
    benchmark = zoo.open_dataset("modelling_hst", parameters=NAMES)
    measured = kept(asked.folder / "measured.safetensors", lambda: shown(benchmark))
    for table in asked.tables:
        TABLES[table](learned, measured)


def kept(file: Path, made: Callable[[], Lenses]) -> Lenses:
    """The lenses of a file, which are made unless it is there."""
    if not file.exists():
        save_file(vars(made()), file)
    return Lenses(**load_file(file))


def exposed(lenses: zoo.Dataset, folder: Path) -> Lenses:
    """Exposures of lenses that are learned from; what is rendered of them is kept in the folder."""
    preprocess = zoo.load(PREPARED_AS, device="cpu").preprocess
    view = lenses.training_view(folder, torch.device("cpu"))
    assert view is not None
    generator = Generator().manual_seed(1)
    channels, scale = [], lenses.description.pixel_scale
    rows = np.tile(np.arange(len(lenses)), EXPOSURES)
    for some in np.split(rows, len(rows) // CHUNK):
        images = preprocess.prepare_batch(view.draw(some, generator)[0], scale, generator)
        channels.append(preprocess.channels(images).half())
    return Lenses(torch.cat(channels), torch.from_numpy(view.targets[rows]))


def shown(lenses: zoo.Dataset) -> Lenses:
    """The images of lenses that are measured."""
    preprocess = zoo.load(PREPARED_AS, device="cpu").preprocess
    parts, scale = np.split(np.arange(len(lenses)), len(lenses) // CHUNK), lenses.description.pixel_scale
    channels = [preprocess.images(lenses.images(some), pixel_scale=scale).half() for some in parts]
    return Lenses(torch.cat(channels), torch.from_numpy(lenses.targets()))


def compare_parameters(learned: Lenses, measured: Lenses) -> None:
    """A row for each parameterisation: median errors, and by how much they are more than those of the second."""
    found = {one.name: [measured_by(one, seed, learned, measured) for seed in SEEDS] for one in PARAMETERISATIONS}
    reference = found[PARAMETERISATIONS[1].name]
    draws = np.random.default_rng(0).integers(len(measured.truth), size=(RESAMPLES, len(measured.truth)))
    for name, seeds in found.items():
        log.info("%s", name)
        for quantity in seeds[0]:
            values, others = ([one[quantity] for one in some] for some in (seeds, reference))
            middle = np.mean if quantity.startswith("one sigma") else np.median
            log.info("    %s: %s", quantity, with_difference(values, others, draws, middle))


def measured_by(asked: Parameterisation, seed: int, learned: Lenses, measured: Lenses) -> dict[str, np.ndarray]:
    """Errors of each lens, by what they are of, and whether a sigma of each answer holds the truth."""
    torch.manual_seed(seed)
    network = backbone(["resnet"], "resnet18", learned.channels.shape[1], 6, {"channels": [16, 32, 64, 128]})
    targets = asked.asked(learned.truth)
    centre, spread = targets.mean(0), targets.std(0)
    train(network, learned, lambda truth: (asked.asked(truth) - centre) / spread, *RESNET, seed)
    mean, variance = (part[:, 0] for part in answers(network, measured))
    answer, off = mean * spread + centre, mean - (asked.asked(measured.truth) - centre) / spread
    meant, truth = asked.meant(answer), measured.truth
    shape, true_shape = axis_ratio_and_angle(meant), axis_ratio_and_angle(truth)
    turn = torch.remainder(shape[:, 2] - true_shape[:, 2] + math.pi / 2, math.pi) - math.pi / 2
    errors = {
        "theta_E, relative": (meant - truth)[:, 0] / truth[:, 0],
        "e1": (meant - truth)[:, 1],
        "e2": (meant - truth)[:, 2],
        "q": shape[:, 1] - true_shape[:, 1],
        "phi, degrees": turn.rad2deg(),
    }
    held = {f"one sigma of answer {k} holds": (off[:, k] ** 2 < variance[:, k]).float() for k in range(len(NAMES))}
    return {name: column.abs().numpy() for name, column in (errors | held).items()}


def compare_rates(learned: Lenses, measured: Lenses) -> None:
    """A row for each rate of dropout with which a network learned and predicts, and for rates of prediction alone."""
    centre, spread = learned.truth.mean(0), learned.truth.std(0)
    truth = (measured.truth - centre) / spread
    for rate in RATES:
        network = thinned(learned, rate)
        train(network, learned, lambda truth: (truth - centre) / spread, *ALEXNET, SEEDS[0])
        show_rate(f"learned and predicts with {rate}", answers(network, measured), truth, spread)
        if rate == VARIED:
            for other in RATES:
                changed = thinned(learned, other)
                changed.load_state_dict(renamed(network.state_dict(), changed))
                show_rate(f"learned with {rate}, predicts with {other}", answers(changed, measured), truth, spread)


def thinned(learned: Lenses, rate: float) -> nn.Module:
    """An AlexNet a quarter as wide as published, with so much dropout before every weight layer."""
    torch.manual_seed(SEEDS[0])
    channels, size = learned.channels.shape[1:3]
    return alexnet(channels, 2 * len(NAMES), size, width=0.25, dropout=rate, passes=PASSES, begin="he")


def renamed(weights: dict[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """The weights of a network with dropout, as of one that may have none."""
    return dict(zip(network.state_dict(), weights.values(), strict=True))


def show_rate(name: str, answer: tuple[Tensor, Tensor], truth: Tensor, spread: Tensor) -> None:
    """Error, parts of the stated variance, and coverage of each parameter."""
    means, variances = answer
    aleatoric, epistemic = variances.mean(1), means.var(1, unbiased=False)
    off = (means.mean(1) - truth).abs()
    held = off**2 < aleatoric + epistemic
    log.info(name)
    for k, parameter in enumerate(NAMES):
        stated = [float(part[:, k].sqrt().median() * spread[k]) for part in (aleatoric, epistemic)]
        share = with_share(held[:, k].numpy())
        error = float(off[:, k].median() * spread[k])
        log.info("    %s: error %.4f, aleatoric %.4f, epistemic %.4f, held %s", parameter, error, *stated, share)


def train(
    network: nn.Module, learned: Lenses, asked: Callable[[Tensor], Tensor], steps: int, rate: float, seed: int
) -> None:
    """So many steps of AdamW under one cycle down the likelihood of what is asked."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.02)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, steps, pct_start=0.1)
    network.train().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    for images, truth in batches(learned, steps, seed):
        mean, log_variance = network(images).chunk(2, 1)
        loss = F.gaussian_nll_loss(mean, asked(truth), log_variance.clamp(-12, 6).exp())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        cycle.step()


def batches(learned: Lenses, steps: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Images, turned at random, and their truth."""
    generator = Generator().manual_seed(seed)
    symmetries = recognised(NAMES, UNITS)
    for _ in range(steps):
        rows = torch.randint(len(learned.truth), (BATCH,), generator=generator)
        images, elements = random_dihedral(learned.channels[rows].float(), generator)
        yield (
            images.contiguous(memory_format=torch.channels_last),
            turned(learned.truth[rows], NAMES, symmetries, elements),
        )


@torch.inference_mode()
def answers(network: nn.Module, measured: Lenses) -> tuple[Tensor, Tensor]:
    """Means and variances (N, M, 3) by M sets of masks."""
    network.eval()
    parts = [network(some.float()) for some in measured.channels.split(CHUNK)]
    outputs = torch.cat([part if part.ndim == 3 else part[:, None] for part in parts])
    mean, log_variance = outputs.chunk(2, 2)
    return mean, log_variance.clamp(-12, 6).exp()


def with_share(held: np.ndarray) -> str:
    """How often something is true, with its interval."""
    low, high = binomial(int(held.sum()), len(held)) or (math.nan, math.nan)
    return f"{held.mean():.3f} [{low:.3f}, {high:.3f}]"


def with_difference(
    values: list[np.ndarray], others: list[np.ndarray], draws: np.ndarray, middle: Callable[..., np.ndarray]
) -> str:
    """Median or mean over lenses, mean over seeds, with interval; and that of the paired difference."""

    def of(columns: list[np.ndarray], rows: np.ndarray | slice) -> np.ndarray:
        return np.mean([middle(one[rows], axis=-1) for one in columns], axis=0)

    found, other = of(values, draws), of(others, draws)
    low, high = percentile(found) or (math.nan, math.nan)
    less, more = percentile(found - other) or (math.nan, math.nan)
    each = ", ".join(f"{middle(one):.4g}" for one in values)
    return f"{float(of(values, slice(None))):.4g} [{low:.4g}, {high:.4g}]; {less:+.4g} to {more:+.4g}; seeds {each}"


TABLES = {"parameters": compare_parameters, "dropout": compare_rates}


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
