"""Lens modelling: `modelling_hst`, `modelling_jwst` and `modelling_euclid`.

Lenses and the parameters of their mass: an elliptical power law with external shear, with the light of the lens galaxy
or without; and, where they are asked for, slope, magnification and place of the source. Each set has the pixels and
PSFs of its telescope; galaxies, noise and faults are drawn alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...errors import DatasetError, SpecError
from ...interfaces import Description, TrainingView
from ...sim import cutouts
from ...sim.cutouts import MEASURED, Components, Cutout
from ...sim.modelling import TELESCOPES, Telescope, ellipticity, simplified, with_radii
from ...sim.tables import table
from ...sim.telescope.footprint import outside
from ...sim.telescope.survey import Randoms, observe
from ...symmetries import Position, Scalar, Spin2, recognised
from ...tasks import Heads
from ..shards import ImageShards
from .cutout_set import GRAIN, SCENE, CutoutSet
from .frozen import table_digest
from .modelling_bank import RESIDUAL, LensBank
from .simulation import kept_under

__all__ = [
    "HEADS",
    "SYMMETRIES",
    "TRUTH",
    "UNITS",
    "Modelling",
    "heads_of",
    "modelling_euclid",
    "modelling_hst",
    "modelling_jwst",
]

HEADS = Heads(
    parameters=("theta_E", "e1", "e2", "gamma_1", "gamma_2", "lens_x", "lens_y"),
    units=("arcsec", "", "", "", "", "arcsec", "arcsec"),
)
UNITS = {
    **dict(zip(HEADS.parameters, HEADS.units, strict=True)),
    "lens_slope": "",
    "magnification": "",
    "source_x": "arcsec",
    "source_y": "arcsec",
}
"""Of all parameters that can be learned, as `docs/conventions.md` has them."""

SYMMETRIES = (Scalar("theta_E"), Spin2("e1", "e2"), Spin2("gamma_1", "gamma_2"), Position("lens_x", "lens_y"))

TRUTH = np.dtype([*(field for field in cutouts.TRUTH.descr if field[0] != "label"), ("e1", "f8"), ("e2", "f8")])
"""Of a lens, as `sim.cutouts.TRUTH`, with the ellipticity of its mass."""

SUBTRACTION = 3  # a stream of random numbers, beside those of every cutout


class Modelling(CutoutSet):
    """Simulated lenses, with the parameters of their mass.

    Arguments:
        telescope: a name of `sim.modelling.TELESCOPES`.
        n: number of images.
        seed: of everything; the same (version, seed, index) is the same image for ever.
        lens_light: with the light of the lens galaxy and of its neighbours; else it is subtracted but for a residual of
            RESIDUAL, and its photon noise stays.
        cache: folder where finished images are kept between uses; None: the user's cache.
        parameters: what is to be learned, of UNITS; images and truth are the same whatever it is.
        power_law, shear: as of `sim.modelling.simplified`.
        theta_E: least and largest Einstein radius, arcsec, even in the square root between them; None: the law of the
            benchmark.
    """

    columns = TRUTH
    batch = 25
    measured = (*MEASURED, "host_flux")

    def __init__(
        self,
        telescope: str,
        n: int = 2_000,
        seed: int = 1,
        lens_light: bool = True,
        cache: Path | str | None = None,
        parameters: Sequence[str] = HEADS.parameters,
        power_law: bool = True,
        shear: bool = True,
        theta_E: Sequence[float] | None = None,
    ):
        name = f"modelling_{telescope}"
        if n < 1:
            raise DatasetError(f"{name}: n = {n}; give n > 0")
        self.telescope = simplified(pointed(TELESCOPES[telescope], theta_E, name), power_law, shear)
        heads = heads_of(parameters, name)
        frame, version = self.telescope.frame, self.telescope.distribution.version
        self.description = Description(
            name=name,
            version=version,
            task="regression",
            domain="simulated",
            bands=("VIS",),
            pixel_scale=frame.pixel_scale,
            heads=heads,
            symmetries=recognised(heads.parameters, heads.units),
        )
        self.n, self.seed, self.lens_light = n, seed, lens_light
        self.cache = kept_under(cache)

    def targets(self) -> np.ndarray:
        """The parameters (N, P), float32; no image is made for them, but for those that are measured on it."""
        names = self.description.heads.parameters
        return self.learned(
            self.facts(self.cutouts(0, self.n)) if set(names).isdisjoint(self.measured) else self.truth()
        )

    def learned(self, truth: np.ndarray | Mapping[str, np.ndarray]) -> np.ndarray:
        """The parameters (N, P), float32, of lenses with this truth (dtype TRUTH)."""
        return parameters_of(truth, self.description.heads.parameters)

    @cached_property
    def _shards(self) -> ImageShards:
        return ImageShards(self.cache / f"{self.description.name}-{self.fingerprint()[:16]}", self.n, self.make)

    def fingerprint(self) -> str:
        """sha256 of the arguments and of the parameters of the first images."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        frame = self.telescope.frame
        key = f"{self.description.name}/{self.description.version}"
        head = (key, self.seed, self.n, self.lens_light, frame.side, frame.pixel_scale)
        return table_digest([(*head, self.parameter_digest())])

    def cutouts(self, start: int, stop: int) -> list[Cutout]:
        """What is drawn about these images, but their noise; no pixels."""
        distribution = self.telescope.distribution
        return [
            cutouts.draw(self.stream(i, SCENE), distribution, is_lens=True) for i in range(start, min(stop, self.n))
        ]

    def facts(self, drawn: Sequence[Cutout]) -> np.ndarray:
        """The truth (dtype TRUTH) of these lenses, with zeros for what is measured."""
        return lens_facts(table(map(cutouts.facts, drawn), cutouts.TRUTH))

    def components(self, start: int, stop: int, device: torch.device | str = "cpu") -> Components:
        """Noise-free foreground and arcs (B, side, side) on the device, the noise recipes and the truth."""
        return cutouts.expose(self.cutouts(start, stop), device=device, frame=self.telescope.frame)

    def noiseless(self, start: int, stop: int, device: torch.device | str = "cpu") -> tuple[Components, np.ndarray]:
        """The components of these images, and their truth (dtype TRUTH)."""
        made = self.components(start, stop, device)
        return made, lens_facts(made.truth)

    def training_view(self, folder: Path, device: torch.device) -> TrainingView:
        """Noise-free components, kept in `folder`; brightness, noise, faults and footprint are drawn each time."""
        kept = Path(folder) / f"{self.description.name}-{self.fingerprint()[:16]}"
        return LensBank(kept, self, device)

    def exposures(self, start: int, stop: int, device: torch.device | str) -> tuple[np.ndarray, np.ndarray]:
        """These images and their truth (dtype TRUTH), all at once."""
        made, frame = self.components(start, stop, device), self.telescope.frame
        streams = self.streams(start, stop - start, GRAIN)
        randoms = Randoms.from_numpy(streams, frame.side, self.telescope.distribution.survey.slots)
        images = observe(made.foreground, made.arcs, made.noise, randoms.to(device))
        if not self.lens_light:
            images = images - self._subtracted(start, made.noise["unit"]).to(images) * made.foreground
        footprints = self.footprints(start, made.truth["theta_E"], frame.pixel_scale).to(device)
        images = images.masked_fill(outside(frame.side, footprints), torch.nan)
        return images[:, None].cpu().numpy(), lens_facts(made.truth)

    def _subtracted(self, start: int, units: np.ndarray) -> Tensor:
        """Factors (B, 1, 1) of the foregrounds, in sky sigma, that are subtracted from images in these units."""
        left = np.array([RESIDUAL * rng.standard_normal() for rng in self.streams(start, len(units), SUBTRACTION)])
        return torch.from_numpy(units * (1 - left))[:, None, None]


def lens_facts(truth: np.ndarray) -> np.ndarray:
    """The truth (dtype TRUTH) of lenses, from that of cutouts."""
    lenses = np.zeros(len(truth), TRUTH)
    for name in set(TRUTH.names or ()) & set(truth.dtype.names or ()):
        lenses[name] = truth[name]
    lenses["e1"], lenses["e2"] = ellipticity(truth["lens_q"], truth["lens_phi"])
    return lenses


def parameters_of(truth: np.ndarray | Mapping[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    """These parameters (N, P), float32, of this truth (dtype TRUTH)."""
    return np.stack([truth[name] for name in names], axis=1).astype(np.float32)


def heads_of(parameters: Sequence[str], name: str) -> Heads:
    """Heads of these parameters.

    Arguments:
        parameters: of UNITS, pairs whole.
        name: of the data set, which an error begins with.

    Raises:
        DatasetError: there is no such parameter, or one of a pair is missing.
    """
    if isinstance(parameters, str) or not parameters or (unknown := [one for one in parameters if one not in UNITS]):
        wrong = repr(parameters) if isinstance(parameters, str) or not parameters else unknown[0]
        raise DatasetError(f"{name}: parameters = {wrong}; give a list of {', '.join(UNITS)}")
    try:
        recognised(parameters)
    except SpecError as error:
        raise DatasetError(f"{name}: {error}") from None
    return Heads(parameters=tuple(parameters), units=tuple(UNITS[one] for one in parameters))


def pointed(telescope: Telescope, theta_E: Sequence[float] | None, name: str) -> Telescope:
    """The telescope, pointed at lenses of these Einstein radii.

    Arguments:
        telescope: its limits are `radii`.
        theta_E: least and largest, arcsec; None: those that it has.
        name: of the data set, which an error begins with.

    Raises:
        DatasetError: these are not two numbers within the limits, the smaller one first.
    """
    if theta_E is None:
        return telescope
    low, high = telescope.radii
    given = tuple(theta_E) if isinstance(theta_E, Sequence) else ()
    if len(given) != 2 or any(isinstance(one, bool) or not isinstance(one, int | float) for one in given):
        raise DatasetError(f"{name}: theta_E = {theta_E!r}; give the least and the largest, as in [{low}, {high}]")
    if not low <= given[0] < given[1] <= high:
        raise DatasetError(
            f"{name}: theta_E = {list(given)}; the least has to be below the largest, and both from {low} to {high} "
            f"arcsec: smaller lenses are not resolved, larger ones leave the frame of {telescope.frame.side} pixels"
        )
    return with_radii(telescope, (float(given[0]), float(given[1])))


modelling_hst = partial(Modelling, "hst")
"""Lenses in 160 x 160 pixels of 0.05" through PSFs of HST; by default the benchmark's 2,000."""

modelling_jwst = partial(Modelling, "jwst")
"""Compact lenses in 81 x 81 pixels of 0.06" through PSFs of JWST; by default the benchmark's 2,000."""

modelling_euclid = partial(Modelling, "euclid")
"""Lenses in 101 x 101 pixels of 0.1" through PSFs from those of HST to broader than Euclid's."""
