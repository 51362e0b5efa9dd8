"""Measures parameters of lenses whose light was taken away: docs/tutorials/modelling.md.

Run: python docs/deblended_lenses.py FOLDER [--lenses 200] [--networks resnet_regression.hst ...]

Lenses as of `modelling_hst`, each in F814W, F606W and F475W, whose galaxies have the colours of their types and whose
three bands have one PSF, as independent components ask for. A network measures them in F814W with all light left in;
behind a Sersic profile; behind independent components of two bands and of three, in the band that these choose; and as
a perfect deblender would leave them, the arcs alone with the photon noise of all light. What was deblended is kept in
FOLDER, so that the script goes on where it was stopped.
"""

import argparse
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import torch

import zoo_core as zoo
from zoo_core.bench.metrics.intervals import percentile
from zoo_core.datasets.simulated.modelling import HEADS, Modelling, lens_facts, parameters_of
from zoo_core.fit.ica import arcs_by_colour
from zoo_core.fit.sersic_light import fit_sersic
from zoo_core.images.sky import level_and_noise
from zoo_core.sim.cutouts import Cutout, draw, expose_in_bands
from zoo_core.sim.ground import COLOURS
from zoo_core.sim.modelling import TELESCOPES
from zoo_core.sim.telescope.survey import Randoms, observe
from zoo_core.tasks import Regression

TELESCOPE = TELESCOPES["hst"]
WAVELENGTHS = ((6900.0, 9600.0), (4700.0, 7200.0), (3900.0, 5500.0))  # Angstrom, of ACS's F814W, F606W, F475W
COARSER = 2.0  # light is drawn in sky sigma of a pixel of 0.1", and a pixel here has half of that
SEED, STREAM, CHUNK, RESAMPLES = 505, 7, 10, 2000
MIDDLE = 6.0  # pixels, within which the galaxy is most of the light
LEFT_IN, PROFILE, TWO, THREE, TRUTH = WAYS = (
    "light left in",
    "Sersic profile",
    "independent components, two bands",
    "independent components, three bands",
    "the arcs alone",
)

log = logging.getLogger(__name__)


class InBands(Modelling):
    """Lenses of HST in three bands of one PSF."""

    def __init__(self, n: int):
        super().__init__("hst", n, SEED, True, None)
        coloured = replace(
            TELESCOPE.distribution,
            colours=replace(COLOURS, bands=WAVELENGTHS),
            other_surveys=(TELESCOPE.distribution.survey,) * (len(WAVELENGTHS) - 1),
        )
        self.telescope = replace(TELESCOPE, distribution=coloured)

    def cutouts(self, start: int, stop: int) -> list[Cutout]:
        """All bands through the PSF of the first."""
        drawn = [draw(self.stream(i, 0), self.telescope.distribution, is_lens=True) for i in range(start, stop)]
        return [
            brighter(one)._replace(other_bands=tuple(band._replace(psf=one.psf) for band in one.other_bands))
            for one in drawn
        ]


def brighter(cutout: Cutout) -> Cutout:
    """The cutout in sky sigma of the smaller pixels."""
    assert cutout.source is not None
    light = cutout.host.light
    return cutout._replace(
        profiles=[one._replace(flux=COARSER * one.flux) for one in cutout.profiles],
        host=cutout.host._replace(light=light._replace(flux=COARSER * light.flux)),
        source=cutout.source._replace(
            profiles=[one._replace(flux=COARSER * one.flux) for one in cutout.source.profiles]
        ),
    )


def main() -> None:
    """Tables of what is left of the light, and of the errors of each network."""
    parser = argparse.ArgumentParser(description="Parameters behind deblenders.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lenses", type=int, default=200)
    parser.add_argument("--networks", nargs="+", default=["resnet_regression.hst"])
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.folder.mkdir(parents=True, exist_ok=True)
    lenses = InBands(asked.lenses)
    parts = [kept(asked.folder, lenses, start) for start in range(0, asked.lenses, CHUNK)]
    made = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    show_light(made)
    for network in asked.networks:
        show_parameters(network, made)


def kept(folder: Path, lenses: InBands, start: int) -> dict[str, np.ndarray]:
    """Images of some lenses by all WAYS, truth, and what is left; made unless they are there."""
    file = folder / f"{start:05d}.npz"
    if not file.exists():
        made = deblended(lenses, start, min(start + CHUNK, len(lenses)))
        part = file.with_suffix(".part.npz")
        np.savez(part, **made)  # pyright: ignore[reportArgumentType]
        part.rename(file)
        log.info("%d lenses are there", start + CHUNK)
    with np.load(file) as found:
        return dict(found)


def deblended(lenses: InBands, start: int, stop: int) -> dict[str, np.ndarray]:
    """One row a lens."""
    made = expose_in_bands(lenses.cutouts(start, stop), TELESCOPE.frame)
    streams = lenses.streams(start, stop - start, STREAM)
    images = torch.stack([exposed(made, band, streams) for band in range(len(WAVELENGTHS))], 1)
    rows: dict[str, list] = {"images": [], "left": [], "failed": []}
    for seen, galaxy, ring in zip(images, made.foreground.double().numpy(), made.arcs.double().numpy(), strict=True):
        found, failed = by_all_ways(seen, galaxy[0])
        rows["images"].append(np.stack([image for image, _ in found.values()]).astype(np.float32))
        rows["left"].append([numbers(image, galaxy[band], ring[band]) for image, band in found.values()])
        rows["failed"].append(failed)
    truth = parameters_of(lens_facts(made.truth), HEADS.parameters)
    return {"truth": truth, **{name: np.array(values) for name, values in rows.items()}}


def exposed(made, band: int, streams: Sequence[np.random.Generator]) -> torch.Tensor:
    """One band of these lenses, in sky sigma of that band; all are equally deep."""
    noise = made.noises[:, band].copy()
    noise["unit"] = 1.0
    noise["blanks"] = 0.0  # components are of pixels that all bands have
    randoms = Randoms.from_numpy(streams, TELESCOPE.frame.side, TELESCOPE.distribution.survey.slots)
    return observe(made.foreground[:, band].double(), made.arcs[:, band].double(), noise, randoms)


def by_all_ways(seen: torch.Tensor, galaxy: np.ndarray) -> tuple[dict[str, tuple[np.ndarray, int]], list[bool]]:
    """Image and number of its band by way, and of both uses of independent components whether they failed."""
    level, sigma = level_and_noise(seen[None].float())
    z = ((seen[None] - level) / sigma)[0].numpy()
    unit = sigma[0, :, 0, 0].double().numpy()
    first = seen[0].numpy()
    found = {LEFT_IN: (first, 0), PROFILE: (first - unit[0] * fit_sersic(z[0]).light, 0)}
    failed = []
    for way, bands in ((TWO, 2), (THREE, 3)):
        by_colour = arcs_by_colour(z[:bands])
        failed.append(bool(by_colour.reason))
        found[way] = (unit[by_colour.band] * by_colour.image, by_colour.band)
    return found | {TRUTH: (first - galaxy, 0)}, failed


def numbers(image: np.ndarray, galaxy: np.ndarray, ring: np.ndarray) -> list[float]:
    """Flux of the arcs over the true one, and what is left of the light in the galaxy's middle."""
    flux = float((image * ring).sum() / (ring**2).sum())
    y, x = np.indices(image.shape) - (image.shape[-1] - 1) / 2
    middle = np.hypot(x, y) < MIDDLE
    return [flux, abs(float((image - ring)[middle].sum())) / float(galaxy[middle].sum())]


def show_light(made: Mapping[str, np.ndarray]) -> None:
    """A row for each way."""
    log.info("of %d lenses, components failed: %s", len(made["failed"]), made["failed"].sum(0))
    for k, way in enumerate(WAYS):
        flux, left = made["left"][:, k].T
        log.info("| %s | %s | %s | %s |", way, *map(median, (flux, abs(1 - flux), left)))


def show_parameters(network: str, made: Mapping[str, np.ndarray]) -> None:
    """Median errors, and by how much they are more than with the light left in, paired."""
    model = zoo.load(network, device="cpu")
    errors, pulls = [], []
    for k in range(len(WAYS)):
        posterior = cast(Regression, model(made["images"][:, k][:, None], pixel_scale=TELESCOPE.frame.pixel_scale))
        off = posterior.mean.numpy() - made["truth"]
        errors.append(abs(off))
        pulls.append(abs(off) / posterior.covariance.diagonal(dim1=1, dim2=2).sqrt().numpy())
    log.info("%s; relative error of theta_E, then of each parameter: %s", network, ", ".join(HEADS.parameters))
    for k, way in enumerate(WAYS):
        relative = 100 * errors[k][:, 0] / made["truth"][:, 0]
        cells = [median(relative), *map(median, errors[k].T), f"{(pulls[k] < 1).mean(0)[0]:.2f}"]
        log.info("| %s | %s |", way, " | ".join(cells))
        log.info(
            "    more than with the light left in: %s", " | ".join(map(median_difference, errors[k].T, errors[0].T))
        )


def median(values: np.ndarray) -> str:
    """With its interval."""
    return with_interval(np.median(values), np.median(values[_draws(len(values))], axis=1))


def median_difference(values: np.ndarray, others: np.ndarray) -> str:
    """Of two medians of the same lenses."""
    draws = _draws(len(values))
    found = np.median(values[draws], axis=1) - np.median(others[draws], axis=1)
    return with_interval(np.median(values) - np.median(others), found)


def _draws(count: int) -> np.ndarray:
    return np.random.default_rng(SEED).integers(count, size=(RESAMPLES, count))


def with_interval(value: float, resampled: np.ndarray) -> str:
    """With that of its resamples."""
    low, high = percentile(resampled) or (np.nan, np.nan)
    return f"{value:.3g} [{low:.3g}, {high:.3g}]"


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
