"""Measures lens models beside one another: a network, the network refined, and lenstronomy from a blind start.

Run: python docs/fit_peers.py 50 -o fit-peers.csv --blind 12, and with --table to see what was measured.

All three see the same simulated images (`modelling_euclid`, drawn anew) on one core; fits get the PSF and the noise
that the zoo expects. lenstronomy is used as its users do: a particle swarm, then a Markov chain, both from wide bounds
that know nothing of the lens; source and lens galaxy are Sersic profiles there. It takes minutes a lens, so it fits the
first `--blind` of them. A row is written when it is there: stopped, the script goes on where it was.
"""

import argparse
import csv
import logging
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

import zoo_core as zoo
from zoo_core.bench.metrics.intervals import binomial, percentile
from zoo_core.fit.lens_priors import Guess
from zoo_core.fit.observed import Observed
from zoo_core.fit.refinement import Refinement, refine
from zoo_core.fit.verdict import verdicts
from zoo_core.images.expected_noise import ExpectedNoise
from zoo_core.interfaces import Dataset
from zoo_core.predict.refined import guess_of
from zoo_core.tasks import Regression

NETWORK, SEED, RESAMPLES = "resnet_regression.euclid", 909, 2000
REFINED, BLIND = f"{NETWORK} --refine", "lenstronomy"
FIELD = 61  # pixels a side that lenstronomy fits: rings of 2 arcsec with what is about them
COLUMNS: tuple[str, ...] = ("id", "theta_E", "method", "fitted", "error", "chi_square", "accepted", "seconds")
SETTINGS = {"particles": 200, "iterations": 200, "burnt": 60, "run": 60, "walkers": 4}
OUTLYING = 0.25  # of the Einstein radius

PLACE, SHAPE = 0.5, 0.5  # bounds of centres, arcsec, and of ellipticities
LENS = {
    "theta_E": (1.0, 0.5, 0.2, 3.0),
    "e1": (0.0, 0.2, -SHAPE, SHAPE),
    "e2": (0.0, 0.2, -SHAPE, SHAPE),
    "center_x": (0.0, 0.1, -PLACE, PLACE),
    "center_y": (0.0, 0.1, -PLACE, PLACE),
}
SHEAR = {"gamma1": (0.0, 0.05, -0.3, 0.3), "gamma2": (0.0, 0.05, -0.3, 0.3)}
SERSIC = {"n_sersic": (2.0, 1.0, 0.5, 6.0), "e1": LENS["e1"], "e2": LENS["e2"]}
SOURCE = {"R_sersic": (0.2, 0.2, 0.02, 1.0), **SERSIC} | dict.fromkeys(("center_x", "center_y"), (0.0, 0.3, -1.5, 1.5))
GALAXY = {"R_sersic": (1.0, 0.5, 0.05, 5.0), **SERSIC} | {axis: LENS[axis] for axis in ("center_x", "center_y")}
"""Start, spread, and bounds of each parameter of lenstronomy's models, of all lenses alike."""

MODELS = {
    "lens_model_list": ["SIE", "SHEAR"],
    "source_light_model_list": ["SERSIC_ELLIPSE"],
    "lens_light_model_list": ["SERSIC_ELLIPSE"],
}

Row = dict[str, Any]
log = logging.getLogger(__name__)


def main() -> None:
    """Fit what is not in the table yet, or show the table."""
    parser = argparse.ArgumentParser(description="Lens models beside one another.")
    parser.add_argument("images", type=int)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--blind", type=int, default=0, help="so many of them through lenstronomy")
    parser.add_argument("--table", action="store_true", help="show what was measured")
    for name, value in SETTINGS.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    asked = parser.parse_args()
    if asked.table:
        show(rows_of(asked.out))
        return
    torch.set_num_threads(1)
    lenses = Lenses(zoo.open_dataset("modelling_euclid", n=asked.images, seed=SEED))
    done = {(row["id"], row["method"]) for row in rows_of(asked.out)}
    settings = {name: getattr(asked, name) for name in SETTINGS}
    for k in range(asked.images):
        if (lenses.id(k), REFINED) not in done:
            add(asked.out, lenses.measured(k))
    for k in range(min(asked.blind, asked.images)):
        if (lenses.id(k), BLIND) not in done:
            add(asked.out, [lenses.blind(k, settings)])


def rows_of(path: Path) -> list[Row]:
    """What was measured so far."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def add(path: Path, rows: Sequence[Row]) -> None:
    """Write these rows behind the others."""
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows(rows)


class Lenses:
    """Simulated lenses, with what a network says of all of them, as it sees them in one batch.

    Arguments:
        dataset: whose truth holds theta_E and psf_fwhm.
    """

    def __init__(self, dataset: Dataset):
        scale = dataset.description.pixel_scale
        assert scale is not None
        self.images, self.truth, self.scale = dataset.images(slice(0, len(dataset))), dataset.truth(), scale
        model = zoo.load(NETWORK, device="cpu")
        model(self.images[:1], pixel_scale=scale)  # the first one pays for what comes once
        start = time.process_time()
        self.guess = guess_of(cast(Regression, model(self.images, pixel_scale=scale)))
        self.seconds = (time.process_time() - start) / len(dataset)

    def id(self, k: int) -> str:
        """Of one lens."""
        return str(self.truth["id"][k])

    def measured(self, k: int) -> list[Row]:
        """The rows of the network and of the refinement, which keeps the network's numbers where it is not believed."""
        one, seen = self._guess(k), self._observed(k)
        start = time.process_time()
        with torch.no_grad():
            found = refine(seen, one)
            reason = verdicts(found, one)[0]
        seconds = time.process_time() - start + self.seconds
        stated = {"fitted": one.theta_E.item(), "error": one.deviation["theta_E"].item()}
        fitted = {"fitted": found.value("theta_E").item(), "error": found.with_model_error()[0, 0, 0].sqrt().item()}
        of_fit = {"accepted": int(not reason), "chi_square": residual(seen, found, whole_frame(found, seen))}
        return [
            self._named(k, NETWORK) | stated | {"accepted": 1, "seconds": self.seconds},
            self._named(k, REFINED) | (stated if reason else fitted) | of_fit | {"seconds": seconds},
        ]

    def blind(self, k: int, settings: Mapping[str, int]) -> Row:
        """The row of lenstronomy; its chi^2 is of the pixels that the refinement fits."""
        seen = self._observed(k)
        with torch.no_grad():
            found = refine(seen, self._guess(k))
        row, model = classical(seen, settings)
        return self._named(k, BLIND) | row | {"accepted": 1, "chi_square": residual(seen, found, model)}

    def _named(self, k: int, method: str) -> Row:
        return {"id": self.id(k), "theta_E": self.truth["theta_E"][k], "method": method}

    def _guess(self, k: int) -> Guess:
        parts = (self.guess.mean, self.guess.deviation)
        return Guess(*({name: of[k : k + 1] for name, of in part.items()} for part in parts))

    def _observed(self, k: int) -> Observed:
        return exposed(self.images[k, 0], self.scale, self.truth["psf_fwhm"][k])


def whole_frame(found: Refinement, observed: Observed, of: Tensor | None = None) -> np.ndarray:
    """The image of the refinement, or another plane `of` its pixels, as lenstronomy's: the middle of the frame."""
    plane = (found.image if of is None else of)[0]
    frame = torch.zeros(observed.pixels.shape[1:], dtype=plane.dtype)
    left, top = (observed.origin - found.fitted.origin)[0].round().long().tolist()
    rows, columns = (
        slice(max(0, first), min(length, first + side))
        for first, length, side in zip((top, left), frame.shape, plane.shape, strict=True)
    )
    frame[rows, columns] = plane[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return cropped(frame[None])


def residual(observed: Observed, found: Refinement, model: np.ndarray) -> float:
    """Mean of the squared residuals over the noise, of the pixels that both fits see: the same for each of them."""
    both = whole_frame(found, observed, found.fitted.counted).astype(bool) & cropped(observed.counted)
    square = ((cropped(observed.pixels) - model) / cropped(observed.sigma)) ** 2
    return float(square[both].mean())


def exposed(image: np.ndarray, scale: float, fwhm: float) -> Observed:
    """One image as fits take it, with a Gaussian PSF."""
    pixels = torch.from_numpy(image).double()[None]
    measured = pixels.isfinite()
    noise = ExpectedNoise.of(torch.where(measured, pixels, pixels[measured].median())[:, None])
    sigma = (noise.scale * noise.sigma)[:, 0]
    return Observed.of(pixels, sigma, torch.tensor([scale]), gaussian(scale, fwhm), measured)


def gaussian(scale: float, fwhm: float) -> Tensor:
    """The image of a PSF, (1, 15, 15)."""
    offset = torch.arange(-7, 8, dtype=torch.float64) * scale
    line = torch.exp(-0.5 * (offset * math.sqrt(8 * math.log(2)) / fwhm) ** 2)
    return (line[:, None] * line)[None]


def classical(observed: Observed, settings: Mapping[str, int]) -> tuple[Row, np.ndarray]:
    """What lenstronomy finds, how long it takes, and the image of its best model."""
    from lenstronomy.Util.class_creator import create_im_sim
    from lenstronomy.Workflow.fitting_sequence import FittingSequence

    start = time.process_time()
    bands = [[data_of(observed), psf_of(observed), {"supersampling_factor": 2}]]
    sequence = FittingSequence(
        {"multi_band_list": bands, "multi_band_type": "multi-linear"},
        MODELS,
        {},
        {"image_likelihood_mask_list": [cropped(observed.counted).astype(bool)], "check_bounds": True},
        {
            "lens_model": bounded(LENS, SHEAR, fixed=[{}, {"ra_0": 0, "dec_0": 0}]),
            "source_model": bounded(SOURCE),
            "lens_light_model": bounded(GALAXY),
        },
        verbose=False,
    )
    swarm = {"sigma_scale": 1.0, "n_particles": settings["particles"], "n_iterations": settings["iterations"]}
    chain = {"n_burn": settings["burnt"], "n_run": settings["run"], "sigma_scale": 0.05}
    done = sequence.fit_sequence([["PSO", swarm], ["emcee", chain | {"walkerRatio": settings["walkers"]}]])
    _, samples, names, _ = done[-1]
    theta_E = samples[:, names.index("theta_E_lens0")]
    seconds = time.process_time() - start
    best = {name: of for name, of in sequence.best_fit().items() if name != "kwargs_tracer_source"}
    model = create_im_sim(bands, "multi-linear", MODELS).image_linear_solve(inv_bool=True, **best)[0][0]
    return {"fitted": float(np.median(theta_E)), "error": float(np.std(theta_E)), "seconds": seconds}, model


def bounded(*models: Mapping[str, tuple[float, ...]], fixed: list[dict[str, float]] | None = None) -> list[Any]:
    """Start, spread, what is fixed, and bounds, as lenstronomy takes them."""
    start, spread, low, high = ([{name: limits[k] for name, limits in one.items()} for one in models] for k in range(4))
    return [start, spread, fixed or [{} for _ in models], low, high]


def data_of(observed: Observed) -> dict[str, Any]:
    """The image for lenstronomy, its centre the origin."""
    scale = observed.pixel_scale.item()
    corner = -(FIELD - 1) / 2 * scale
    return {
        "image_data": cropped(observed.pixels),
        "noise_map": cropped(observed.sigma),
        "ra_at_xy_0": corner,
        "dec_at_xy_0": corner,
        "transform_pix2angle": np.eye(2) * scale,
    }


def psf_of(observed: Observed) -> dict[str, Any]:
    """The PSF for lenstronomy."""
    assert observed.psf is not None
    return {"psf_type": "PIXEL", "kernel_point_source": observed.psf[0].numpy()}


def cropped(planes: Tensor) -> np.ndarray:
    """The middle of the one image."""
    side = planes.shape[-1]
    first = (side - FIELD) // 2
    return planes[0, first : first + FIELD, first : first + FIELD].numpy()


def show(rows: Sequence[Row]) -> None:
    """A line for each method: of all lenses that it has measured, and of those that all three have."""
    blind = {row["id"] for row in rows if row["method"] == BLIND}
    for method in (NETWORK, REFINED, BLIND):
        of = [row for row in rows if row["method"] == method]
        log.info("%s", line(of))
        if method != BLIND:
            log.info("%s", line([row for row in of if row["id"] in blind]))
    believed = [row for row in rows if row["method"] == REFINED and int(row["accepted"])]
    log.info("believed: %s", line(believed))


def line(rows: Sequence[Row]) -> str:
    """Median error, outliers, errors held within one sigma and two, chi^2 and seconds."""
    truth, found, error, chi, seconds = (
        np.array([float(row[name] or np.nan) for row in rows])
        for name in ("theta_E", "fitted", "error", "chi_square", "seconds")
    )
    off, pull = abs(found / truth - 1), abs(found - truth) / error
    rates = " | ".join(_rate(hit) for hit in (off > OUTLYING, pull < 1, pull < 2))
    typical = f"{_median(100 * off)} % | {rates} | {_median(chi)} | {np.median(seconds):.3g}"
    return f"| {rows[0]['method']} | {len(rows)} | {typical} |"


def _median(values: np.ndarray) -> str:
    draws = np.random.default_rng(SEED).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = percentile(np.median(values[draws], axis=1)) or (np.nan, np.nan)
    return f"{np.median(values):.3g} [{low:.3g}, {high:.3g}]"


def _rate(hits: np.ndarray) -> str:
    low, high = binomial(int(hits.sum()), len(hits)) or (np.nan, np.nan)
    return f"{hits.mean():.2f} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
