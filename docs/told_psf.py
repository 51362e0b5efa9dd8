"""Measures what a network makes of the PSF that it is told from its first layer on: docs/recipes.md.

Run: python docs/told_psf.py FOLDER [random] [published]

Small networks learn from two exposures of each of 4,000 lenses of `modelling_euclid`, the set whose PSFs differ most,
and measure 2,000 others. All lenses are of 0.4 to 3 arcsec, so that no PSF is broader than 0.9 of their radius and its
width, which the simulator limits for smaller ones, tells nothing of them but what it does to the image. A further
channel is the same number everywhere: the logarithm of the FWHM, or that of another lens. It begins with weights of
zero, so that all networks of a seed begin alike; they learn from the same batches. The others begin at random, or as
those of a published network but for its last layer. Images and networks are kept in FOLDER.
"""

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from parameterisations import (
    LENSES,
    NAMES,
    PARAMETERISATIONS,
    PREPARED_AS,
    RESAMPLES,
    RESNET,
    SEEDS,
    Lenses,
    answers,
    exposed,
    kept,
    shown,
    train,
    with_difference,
)
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

import zoo_core as zoo
from zoo_core.datasets.simulated.modelling import Modelling, modelling_euclid
from zoo_core.models.backbones import backbone

RADII, SMALL = (0.4, 3.0), 0.8  # arcsec; the lenses, and those of the second table
MEASURED, LEARNED_SEED, MEASURED_SEED = 2000, 101, 202
ASKED = PARAMETERISATIONS[2]  # ln theta_E, e1, e2
NATS = "negative log-likelihood, nats"
QUANTITIES = {NATS: np.mean, "theta_E, relative": np.median, "e1": np.median, "e2": np.median}

FIRST, LAST = "body.conv1.weight", "body.fc"  # weights of the first layer, and of the last

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Begin:
    """Where networks begin.

    Arguments:
        widths: of the four stages of a ResNet-18.
        steps: how many, and their highest rate.
        seeds: of a network each.
        published: whose weights they begin with; None: random ones.
    """

    widths: list[int]
    steps: tuple[int, float]
    seeds: tuple[int, ...]
    published: str | None = None


BEGINS = {
    "random": Begin([16, 32, 64, 128], RESNET, SEEDS),
    "published": Begin([24, 48, 96, 192], (300, 1e-3), SEEDS[:1], PREPARED_AS),
}


def main() -> None:
    """The tables."""
    parser = argparse.ArgumentParser(description="Networks that are told the PSF.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("begins", nargs="*", default=list(BEGINS), choices=BEGINS)
    asked = parser.parse_args()
    folder: Path = asked.folder
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    many, others = lenses_of(LENSES, LEARNED_SEED), lenses_of(MEASURED, MEASURED_SEED)
    learned = kept(folder / "learned.safetensors", lambda: exposed(many, folder))
    measured = kept(folder / "measured.safetensors", lambda: shown(others))
    widths = widths_of(many), widths_of(others)
    log.info("FWHM %s arcsec (least, 16 %%, median, 84 %%, largest)", spread_of(np.exp(widths[1])))
    small = measured.truth[:, 0].numpy() < SMALL
    for begin in asked.begins:
        made = BEGINS[begin]
        seeds = [errors_of(made, folder / begin, seed, learned, measured, *widths) for seed in made.seeds]
        show(f"begun as {begin}, all lenses", seeds, np.ones_like(small))
        show(f"begun as {begin}, theta_E below {SMALL} arcsec", seeds, small)


def lenses_of(n: int, seed: int) -> Modelling:
    """Lenses with the PSFs of `modelling_euclid`."""
    return modelling_euclid(n=n, seed=seed, parameters=NAMES, theta_E=RADII)


def widths_of(lenses: Modelling) -> np.ndarray:
    """Logarithm of the FWHM of each PSF, arcsec."""
    return np.log([one.psf.fwhm for one in lenses.cutouts(0, len(lenses))])


def spread_of(values: np.ndarray) -> str:
    """Five percentiles."""
    return ", ".join(f"{one:.3f}" for one in np.percentile(values, [0, 16, 50, 84, 100]))


def errors_of(
    begin: Begin,
    folder: Path,
    seed: int,
    learned: Lenses,
    measured: Lenses,
    learned_widths: np.ndarray,
    measured_widths: np.ndarray,
) -> dict[str, dict[str, np.ndarray]]:
    """Of the networks of a seed, by what they were told: errors of each lens, by what they are of."""
    folder.mkdir(exist_ok=True)
    shuffled = [np.random.default_rng(seed).permutation(one) for one in (learned_widths, measured_widths)]
    centre, spread = learned_widths.mean(), learned_widths.std()

    def told(lenses: Lenses, widths: np.ndarray) -> Lenses:
        """The lenses with a plane of these widths, one a lens, besides their channels."""
        return with_plane(lenses, (np.resize(widths, len(lenses.truth)) - centre) / spread)

    plain = trained(begin, learned, seed, folder / f"nothing-{seed}.safetensors")
    found = {"nothing": errors(plain, learned, measured)}
    misled = trained(begin, told(learned, shuffled[0]), seed, folder / f"shuffled-{seed}.safetensors")
    found["another lens's FWHM"] = errors(misled, learned, told(measured, shuffled[1]))
    network = trained(begin, told(learned, learned_widths), seed, folder / f"told-{seed}.safetensors")
    found["its FWHM"] = errors(network, learned, told(measured, measured_widths))
    found["its FWHM, and another's when it measures"] = errors(network, learned, told(measured, shuffled[1]))
    return found


def with_plane(lenses: Lenses, values: np.ndarray) -> Lenses:
    """The lenses with one more channel, which holds one value of each everywhere."""
    n, _, height, width = lenses.channels.shape
    plane = torch.from_numpy(values).half()[:, None, None, None].expand(n, 1, height, width)
    return Lenses(torch.cat([lenses.channels, plane], 1), lenses.truth)


def trained(begin: Begin, learned: Lenses, seed: int, file: Path) -> nn.Module:
    """A network that has learned from these channels, kept in the file."""
    network = begun(begin, learned.channels.shape[1], seed)
    centre, spread = scale_of(learned)
    if file.exists():
        network.load_state_dict(load_file(file))
        return network
    train(network, learned, lambda truth: (ASKED.asked(truth) - centre) / spread, *begin.steps, seed)
    save_file({name: one.contiguous() for name, one in network.state_dict().items()}, file)
    return network


def begun(begin: Begin, channels: int, seed: int) -> nn.Module:
    """A network whose fifth channel, if it has one, begins with weights of zero, and all else as without it."""
    torch.manual_seed(seed)
    plain, network = (backbone(["resnet"], "resnet18", n, 6, {"channels": begin.widths}) for n in (4, channels))
    weights = plain.state_dict()
    if begin.published:
        found = zoo.load(begin.published, device="cpu").network.state_dict()
        weights |= {name: one for name, one in found.items() if not name.startswith(LAST)}
    weights[FIRST] = F.pad(weights[FIRST], (0, 0, 0, 0, 0, channels - 4))
    network.load_state_dict(weights)
    return network


def scale_of(learned: Lenses) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of what is asked for."""
    asked = ASKED.asked(learned.truth)
    return asked.mean(0), asked.std(0)


def errors(network: nn.Module, learned: Lenses, measured: Lenses) -> dict[str, np.ndarray]:
    """What the network says of each lens: QUANTITIES."""
    centre, spread = scale_of(learned)
    mean, variance = (part[:, 0] for part in answers(network, measured))
    off = mean - (ASKED.asked(measured.truth) - centre) / spread
    nats = 0.5 * (off**2 / variance + variance.log() + np.log(2 * np.pi)).sum(1)
    apart = ASKED.meant(mean * spread + centre) - measured.truth
    columns = [nats, (apart[:, 0] / measured.truth[:, 0]).abs(), apart[:, 1].abs(), apart[:, 2].abs()]
    return {name: column.numpy() for name, column in zip(QUANTITIES, columns, strict=True)}


def show(title: str, seeds: list[dict[str, dict[str, np.ndarray]]], chosen: np.ndarray) -> None:
    """A row for each network, over these lenses: each quantity, and by how much it is more than with nothing told."""
    count = int(chosen.sum())
    draws = np.random.default_rng(0).integers(count, size=(RESAMPLES, count))
    log.info("%s (%d)", title, count)
    for name in seeds[0]:
        log.info("  told %s", name)
        for quantity, middle in QUANTITIES.items():
            values, others = ([one[key][quantity][chosen > 0] for one in seeds] for key in (name, "nothing"))
            log.info("    %s: %s", quantity, with_difference(values, others, draws, middle))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
