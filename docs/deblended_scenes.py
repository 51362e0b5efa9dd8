"""Measures what leaves the arcs alone of the lenses of `restoration_deblend`, by colour too: docs/pipelines.md.

Run: python docs/deblended_scenes.py FOLDER [--lenses 400] [--networks edsr.deblend ...]

The lenses are those of the benchmark, pixel by pixel, and independent components are given a second band of the same
scenes: each galaxy has the colour of its type, each band the same PSF, as they ask for, and noise of its own. They are
judged in the band that they choose, everything else in the first. What was measured is kept in FOLDER.
"""

import argparse
import logging
from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import torch
from deblended_lenses import WAVELENGTHS, median, median_difference
from modular_pipeline import STRATA, kept
from restored_images import SCALE

import zoo_core as zoo
from zoo_core.bench.metrics.comparison import compared
from zoo_core.datasets.simulated.restoration import RestorationSpace, restoration_space
from zoo_core.fit.ica import arcs_by_colour
from zoo_core.fit.sersic_light import fit_sersic
from zoo_core.images.sky import level_and_noise
from zoo_core.scores import NoiseFree
from zoo_core.sim.cutouts import FRAME, BandComponents, BandExposure, Cutout, expose_in_bands
from zoo_core.sim.ground import COLOURS
from zoo_core.sim.rays.scene import Profile
from zoo_core.sim.sky.colours import Frequencies, draw_spectrum, painted
from zoo_core.sim.sky.host import Host
from zoo_core.sim.telescope.survey import Randoms, observe
from zoo_core.tasks import Restoration

BANDS = (WAVELENGTHS[0], WAVELENGTHS[2])  # the farthest apart of three of HST
OF_COLOUR, OF_NOISE = 9, 10  # streams of random numbers
NEAR = 0.3  # arcsec from the middle: profiles of the lens galaxy
AT_ONCE = 20
NOBODY = np.empty((0, 3), np.int64)  # places of sources whose fluxes are not asked for
SOURCE, HOST = "source", "host"
NOTHING, SERSIC, ICA = "nothing, all light left in", "Sersic profile", "independent components"

log = logging.getLogger(__name__)


Galaxy = tuple[float, float] | str
"""Its place, or which of the two of a lens it is."""

Answer = Callable[[np.ndarray], np.ndarray]
"""Called with observed images (B, 1, 101, 101); their arcs, in the same unit."""


def main() -> None:
    """A row for each way."""
    parser = argparse.ArgumentParser(description="Arcs behind deblenders.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lenses", type=int, default=400)
    parser.add_argument("--networks", nargs="*", default=["sersic_filter.deblend"])
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.folder.mkdir(parents=True, exist_ok=True)
    scenes = restoration_space(target="deblend")
    rows = np.flatnonzero(scenes.truth()["label"] == 1)[: asked.lenses]
    ways: dict[str, Answer] = {NOTHING: as_it_is, SERSIC: by_profile}
    ways |= {name: partial(by_network, zoo.load(name, device="cpu")) for name in asked.networks}
    found = {
        way: kept(asked.folder / f"{Path(way).name}-{len(rows)}", partial(in_one_band, scenes, rows, answer))
        for way, answer in ways.items()
    }
    found[ICA] = kept(asked.folder / f"{ICA}-{len(rows)}", partial(by_colour, scenes, rows))
    log.info("components failed for %d of %d lenses", found[ICA][:, -1].sum(), len(rows))
    show(found, scenes.truth()["arc_snr"][rows])


def show(found: Mapping[str, np.ndarray], arc_snr: np.ndarray) -> None:
    """Medians with intervals: flux, its error, PSNR, more than components; the error by S/N."""
    errors = {way: abs(1 - values[:, 0]) for way, values in found.items()}
    for way, values in found.items():
        cells = [
            median(values[:, 0]),
            median(errors[way]),
            median_difference(errors[way], errors[ICA]),
            median(values[:, 1]),
        ]
        log.info("| %s | %s |", way, " | ".join(cells))
    for low, high in pairwise(STRATA["arc_snr"]):
        within = (arc_snr >= low) & (arc_snr < high)
        cells = [f"{way}: {median(error[within])}" for way, error in errors.items()]
        log.info("S/N %g to %g, %d lenses: %s", low, high, within.sum(), ", ".join(cells))


def in_one_band(scenes: RestorationSpace, rows: np.ndarray, answer: Answer) -> np.ndarray:
    """Flux of the arcs over the true one and PSNR of each lens, (N, 2)."""
    found = []
    for part in np.split(rows, range(AT_ONCE, len(rows), AT_ONCE)):
        observed = scenes.images(part)
        numbers = compared(answer(observed), observed, scenes.noise_free(part))
        found.append(np.stack([numbers["arc_flux"], numbers["psnr"]], 1))
    return np.concatenate(found)


def as_it_is(observed: np.ndarray) -> np.ndarray:
    """All light."""
    return np.nan_to_num(observed)


def by_profile(observed: np.ndarray) -> np.ndarray:
    """All light but that of a profile and the level of the sky, which `zoo deblend sersic` leaves where it is."""
    images = torch.from_numpy(np.nan_to_num(observed))
    level, sigma = (part.double().numpy()[:, 0] for part in level_and_noise(images))
    z = (images[:, 0].double().numpy() - level) / sigma
    light = np.stack([fit_sersic(image).light for image in z])
    return (np.nan_to_num(observed)[:, 0] - level - sigma * light)[:, None]


def by_network(model: zoo.Model, observed: np.ndarray) -> np.ndarray:
    """What a network finds."""
    return cast(Restoration, model(observed, SCALE)).image.numpy()


def by_colour(scenes: RestorationSpace, rows: np.ndarray) -> np.ndarray:
    """As `in_one_band` by independent components, and 1 where they have failed, (N, 3)."""
    return np.array([_by_colour(scenes, int(row)) for row in rows])


def _by_colour(scenes: RestorationSpace, row: int) -> tuple[float, float, float]:
    truth, observed = in_bands(scenes, row)
    level, sigma = level_and_noise(torch.from_numpy(np.nan_to_num(observed)).float())
    level, sigma = level.double().numpy(), sigma.double().numpy()
    found = arcs_by_colour(((np.nan_to_num(observed) - level) / sigma)[0])
    band = slice(found.band, found.band + 1)
    of_band = NoiseFree(
        truth.light[:, band], truth.arcs[:, band], truth.arcs[:, band], truth.sigma[:, band], NOBODY, NOBODY
    )
    numbers = compared((sigma[:, band] * found.image).astype(np.float32), observed[:, band], of_band)
    return numbers["arc_flux"][0], numbers["psnr"][0], float(bool(found.reason))


def in_bands(scenes: RestorationSpace, row: int) -> tuple[NoiseFree, np.ndarray]:
    """The scene in both bands, without its noise and observed, (1, 2, 101, 101); in the first as it is in the set.

    What the set has and renderings in bands have not, such as textures, is as bright in both.
    """
    (drawn,) = scenes.cutouts(row, row + 1)
    made, truth, first = _rendered(drawn, scenes.stream(row, OF_COLOUR)), scenes.noise_free([row]), scenes.images([row])
    grey = truth.light[:, 0] - truth.arcs[:, 0] - made.foreground[:, 0].numpy()
    brighter = truth.arcs.sum() / float(made.arcs[:, 0].sum())
    arcs = np.concatenate([truth.arcs, brighter * made.arcs[:, 1:].numpy()], 1)
    light = np.concatenate([truth.light, arcs[:, 1:] + made.foreground[:, 1:].numpy() + grey[:, None]], 1)
    randoms = Randoms.from_numpy([scenes.stream(row, OF_NOISE)], FRAME.side, scenes.distribution.survey.slots)
    noise = made.noises[:, 0].copy()
    noise["unit"] = 1.0
    parts = (torch.from_numpy(part[:, 1]).double() for part in (light - arcs, arcs))
    second = observe(*parts, noise, randoms).numpy()[:, None]
    observed = np.concatenate([first, np.where(np.isnan(first), np.nan, second)], 1).astype(np.float32)
    sigma = np.sqrt(1 + drawn.noise.shot * light.clip(min=0)).astype(np.float32)
    return NoiseFree(light, arcs, arcs, sigma, NOBODY, NOBODY), observed


def _rendered(drawn: Cutout, rng: np.random.Generator) -> BandComponents:
    return expose_in_bands([coloured(drawn, rng)], FRAME)


def coloured(drawn: Cutout, rng: np.random.Generator) -> Cutout:
    """The same scene with a second band: its galaxies have the colours of their types and redshifts."""
    galaxies: dict[Galaxy, list[Profile]] = {}
    for profile in drawn.profiles:
        galaxies.setdefault(_galaxy_of(profile), []).append(profile)
    profiles = []
    for galaxy, parts in galaxies.items():
        profiles += painted(parts, draw_spectrum(*_kind(galaxy, drawn.host), rng), BANDS)
    return drawn._replace(profiles=profiles, other_bands=(BandExposure(drawn.psf, drawn.noise),))


def _kind(galaxy: Galaxy, host: Host) -> tuple[Frequencies, float | None]:
    """Which spectra it may have, and its redshift."""
    if galaxy == SOURCE:
        return COLOURS.sources, host.z_s
    return (COLOURS.hosts, host.z_l) if galaxy == HOST else (COLOURS.field, None)


def _galaxy_of(profile: Profile) -> Galaxy:
    """What tells a galaxy from another: parts share their place."""
    if profile.lensed:
        return SOURCE
    return HOST if np.hypot(profile.x, profile.y) < NEAR else (profile.x, profile.y)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
