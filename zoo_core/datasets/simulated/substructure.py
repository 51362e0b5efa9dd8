"""Dark-matter substructure: `substructure`, three classes of lens, and `substructure_mass`, how much there is.

Every macro-lens, source and exposure is another one; the classes are alike in all of them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...errors import DatasetError
from ...interfaces import Description, TrainingView
from ...sim.substructure import CLASSES, DIFFICULTIES, PIXEL_SCALE, THETA_E, Scene, draw_scene
from ...sim.tables import table
from ...sim.telescope.survey import Randoms, noise_sigma, observe
from ...tasks import Heads
from ..shards import ImageShards
from .frozen import flat, generator, table_digest
from .simulation import Simulated, kept_under
from .substructure_exposures import BLOCK, SubstructureExposures, fresh_exposures, noise_rows, rendered

__all__ = ["MEASURED", "TRUTH", "Substructure", "substructure"]

VERSION = "1"
LEAST_SIZE = round(2 * THETA_E[1] / PIXEL_SCALE)  # pixels a side that hold the largest ring
ENDLESS = 2**40  # images
SCENE, CLASS, GRAIN = 0, 1, 2  # streams of random numbers

TRUTH = np.dtype(
    [
        ("label", "i8"),  # index of the class
        ("class", "U6"),
        ("theta_E", "f8"),  # arcsec, of lens and substructure together
        ("q", "f8"),
        ("phi", "f8"),
        ("gamma", "f8"),  # strength of the shear
        ("gamma_1", "f8"),
        ("gamma_2", "f8"),
        ("lens_x", "f8"),
        ("lens_y", "f8"),
        ("source_x", "f8"),
        ("source_y", "f8"),
        ("source_R", "f8"),
        ("source_n", "f8"),
        ("source_q", "f8"),
        ("source_phi", "f8"),
        ("source_flux", "f8"),  # before lensing, in sky sigma of a pixel
        ("arc_flux", "f8"),  # in the frame
        ("arc_snr", "f8"),  # matched-filter signal to noise, as if the noise of the pixels were independent
        ("psf_fwhm", "f8"),
        ("shot", "f8"),  # of dtype NOISE
        ("lag_1", "f8"),
        ("n_halo", "i8"),
        ("sub_mass", "f8"),  # log10 of the solar masses in subhalos or in the vortex; NaN: none
        ("axion_mass", "f8"),  # log10 of eV; NaN: no vortex
        ("vortex_length", "f8"),  # arcsec; NaN: no vortex
    ]
)
MEASURED = ("arc_flux", "arc_snr")  # on the rendered image; the rest is drawn


class Substructure(Simulated):
    """Simulated lenses with and without substructure.

    Arguments:
        name: what users type.
        n, start: images `start` to `start + n` of an endless sequence.
        seed: of the sequence; the same (version, difficulty, classes, seed, index) is the same image for ever.
        difficulty: "easy", "real" or "cold", see `sim.substructure`.
        size: pixels a side, at least LEAST_SIZE.
        classes: which of "no", "sphere" and "vort", equally often.
        cache: folder where noise-free images are kept between uses; None: the user's cache.
    """

    columns = TRUTH

    def __init__(
        self,
        name: str,
        n: int,
        seed: int,
        difficulty: str,
        size: int,
        classes: Sequence[str],
        start: int,
        cache: Path | str | None,
    ):
        if n < 1 or start < 0 or size < LEAST_SIZE:
            raise DatasetError(
                f"{name}: n = {n}, start = {start}, size = {size}; give n > 0, start >= 0 and size >= {LEAST_SIZE}, "
                "which holds the largest ring"
            )
        if difficulty not in DIFFICULTIES:
            raise DatasetError(f"{name}: difficulty {difficulty!r} is not known; choose one of {list(DIFFICULTIES)}")
        if not classes or set(classes) - set(CLASSES) or len(set(classes)) < len(classes):
            raise DatasetError(f"{name}: classes {list(classes)}; choose some of {list(CLASSES)}, each once")
        self.description = described(name, "classification", Heads(classes=tuple(classes)))
        self.n, self.seed, self.difficulty, self.size = n, seed, difficulty, size
        self.classes, self.start = tuple(classes), start
        self.cache = kept_under(cache)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Images (B, 1, size, size), float32, in sky sigma."""
        light = torch.from_numpy(self._shards.images(rows)[:, 0])
        return self._exposed(light, self._shards.truth(rows), rows)

    def targets(self) -> np.ndarray:
        """Index of the class of each image."""
        return np.array([self.label(i) for i in range(self.n)], dtype=np.float32)

    def ids(self, rows: Iterable[int]) -> list[str]:
        """Name, difficulty, seed and number."""
        stem = f"{self.description.name}-{self.difficulty}-{self.seed}"
        return [f"{stem}-{self.start + row:06d}" for row in rows]

    def label(self, row: int) -> int:
        """Index of the class: every run of as many images as there are classes holds each once, in random order."""
        block, place = divmod(self.start + row, len(self.classes))
        return int(generator(self._key, self.seed, block, CLASS).permutation(len(self.classes))[place])

    def scenes(self, start: int, stop: int) -> list[Scene]:
        """What is drawn about these images but their noise: macro-lens, source, every subhalo; no pixels."""
        difficulty = DIFFICULTIES[self.difficulty]
        return [
            draw_scene(self._generator(row, SCENE), difficulty, self.classes[self.label(row)])
            for row in range(start, min(stop, self.n))
        ]

    def make(self, start: int, stop: int, device: torch.device | str = "cpu") -> tuple[np.ndarray, np.ndarray]:
        """Simulates these images, and their truth (dtype TRUTH), whether or not they are kept."""
        light, truth = self.noiseless(start, stop, device)
        return self._exposed(torch.from_numpy(light[:, 0]), truth, range(start, stop)), truth

    def noiseless(self, start: int, stop: int, device: torch.device | str = "cpu") -> tuple[np.ndarray, np.ndarray]:
        """These images before noise is added, and their truth."""
        scenes = self.scenes(start, stop)
        light = rendered(scenes, self.size, device).cpu()
        truth = self._facts(scenes, start)
        truth["arc_flux"] = light.sum((1, 2))
        truth["arc_snr"] = (light / noise_sigma(light, noise_rows(truth))).square().sum((1, 2)).sqrt()
        return light[:, None].numpy(), truth

    def _exposed(self, light: Tensor, truth: np.ndarray, rows: Iterable[int]) -> np.ndarray:
        """The images with the noise that is theirs for ever."""
        randoms = Randoms.from_numpy([self._generator(int(row), GRAIN) for row in rows], self.size)
        return observe(light, torch.zeros_like(light), noise_rows(truth), randoms)[:, None].numpy()

    def fingerprint(self) -> str:
        """sha256 of the arguments and of the parameters of the first images."""
        head = (
            self.description.name,
            VERSION,
            self.seed,
            self.n,
            self.start,
            self.difficulty,
            self.size,
            *self.classes,
        )
        return table_digest([head, (self.parameter_digest(0, 64),)])

    def parameter_digest(self, start: int, stop: int) -> str:
        """sha256 of every number that is drawn for these images but their noise."""
        return table_digest(map(row_of, self.scenes(start, stop)))

    def drawn(self) -> Iterator[tuple]:
        """Every number that is drawn for each image, but its noise; the truth that is kept must agree with it."""
        for start, stop, kept in self._shards.kept():
            scenes = self.scenes(start, stop)
            if kept is not None:
                self._shards.check(self.description.name, start, kept, self._facts(scenes, start), MEASURED)
            yield from map(row_of, scenes)

    def training_view(self, folder: Path, device: torch.device) -> TrainingView:
        """The noise-free images, from the cache, with other noise in every batch; `folder` stays empty."""
        return SubstructureExposures(self._shards, self.targets(), device)

    def fresh_view(self, balanced: bool, device: torch.device, block: int = BLOCK) -> TrainingView:
        """The sequence of scenes that this data set is a part of; its classes are equally frequent in any case.

        Arguments:
            balanced, device: as of `Dataset.fresh_view`.
            block: scenes that are drawn together.
        """
        endless = Substructure(
            name=self.description.name,
            n=ENDLESS,
            seed=self.seed,
            difficulty=self.difficulty,
            size=self.size,
            classes=self.classes,
            start=self.start,
            cache=self.cache,
        )
        return fresh_exposures(endless.scenes, self.target, self.size, device, block)

    def target(self, scene: Scene) -> float | list[float]:
        """What a network learns of it, as in a row of `targets`."""
        return self.classes.index(scene.kind)

    def _facts(self, scenes: Sequence[Scene], start: int) -> np.ndarray:
        """The truth (dtype TRUTH) of these scenes, the first of which is image `start`, but for what is measured."""
        return table((facts(scene, self.label(row)) for row, scene in enumerate(scenes, start)), TRUTH)

    def _generator(self, row: int, stream: int) -> np.random.Generator:
        return generator(self._key, self.seed, self.start + row, stream)

    @functools.cached_property
    def _shards(self) -> ImageShards:
        return ImageShards(self.cache / f"{self.description.name}-{self.fingerprint()[:16]}", self.n, self.noiseless)

    @property
    def _key(self) -> str:
        return "/".join(("substructure", VERSION, self.difficulty, *self.classes))


def described(name: str, task: str, heads: Heads) -> Description:
    """What all of these data sets are."""
    return Description(
        name=name, version=VERSION, task=task, domain="simulated", bands=("VIS",), pixel_scale=PIXEL_SCALE, heads=heads
    )


def facts(scene: Scene, label: int) -> dict[str, float | str]:
    """The truth of a scene, by the columns of TRUTH, with zeros for what is measured on its image."""
    lens, source, mass = scene.lens, scene.source, scene.halos["mass"].sum() + scene.vortices["mass"].sum()
    drawn = {
        "label": label,
        "class": scene.kind,
        "theta_E": lens.theta_E,
        "q": lens.q,
        "phi": lens.phi,
        "gamma": np.hypot(lens.gamma_1, lens.gamma_2),
        "gamma_1": lens.gamma_1,
        "gamma_2": lens.gamma_2,
        "lens_x": lens.x,
        "lens_y": lens.y,
        "source_x": source.x,
        "source_y": source.y,
        "source_R": source.R,
        "source_n": source.n,
        "source_q": source.q,
        "source_phi": source.phi,
        "source_flux": source.flux,
        "psf_fwhm": scene.psf.fwhm,
        "shot": scene.noise.shot,
        "lag_1": scene.noise.lag_1,
        "n_halo": len(scene.halos),
        "sub_mass": np.log10(mass) if mass else np.nan,
    }
    return drawn | _vortex(scene) | dict.fromkeys(MEASURED, 0.0)


def _vortex(scene: Scene) -> dict[str, float]:
    """Columns of TRUTH that only a vortex has; NaN for all other scenes."""
    names = {"axion_mass": "axion_mass", "vortex_length": "length"}
    (vortex,) = scene.vortices if len(scene.vortices) else (dict.fromkeys(names.values(), np.nan),)
    return {column: float(vortex[name]) for column, name in names.items()}


def row_of(scene: Scene) -> tuple:
    """All numbers and words of a scene, in order."""
    return flat(scene._replace(halos=scene.halos.tolist(), vortices=scene.vortices.tolist()))


def substructure(
    n: int = 6_000,
    seed: int = 1,
    difficulty: str = "easy",
    size: int = 64,
    classes: Sequence[str] = CLASSES,
    start: int = 0,
    cache: Path | str | None = None,
) -> Substructure:
    """Lenses without substructure, with subhalos and with an axion vortex; by default the benchmark's 6,000 images."""
    return Substructure(
        name="substructure", n=n, seed=seed, difficulty=difficulty, size=size, classes=classes, start=start, cache=cache
    )
