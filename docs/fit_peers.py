"""Measures lens models beside one another: a network, the network refined, and lenstronomy from a blind start.

Run: python docs/fit_peers.py 50 -o fit-peers.csv
All three see the same simulated images (`modelling_euclid`, drawn anew) on one core; fits get the PSF and the noise
that the zoo expects. lenstronomy is used as its users do: a particle swarm, then a Markov chain, both from wide bounds
that know nothing of the lens; source and lens galaxy are Sersic profiles there. An hour and more for 50 lenses.
"""

import argparse
import csv
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from lenstronomy.Workflow.fitting_sequence import FittingSequence
from torch import Tensor

import zoo_core as zoo
from zoo_core.fit.lens_priors import Guess
from zoo_core.fit.observed import Observed
from zoo_core.fit.refinement import Refinement, refine
from zoo_core.fit.verdict import verdicts
from zoo_core.images.expected_noise import ExpectedNoise
from zoo_core.interfaces import Dataset
from zoo_core.predict.refined import guess_of
from zoo_core.tasks import Regression

NETWORK, SEED = "resnet_regression.euclid", 909
FIELD = 61  # pixels a side that lenstronomy fits: rings of 2 arcsec with what is about them
COLUMNS = ("id", "theta_E", "method", "fitted", "error", "chi_square", "accepted", "seconds")
SETTINGS = {"particles": 60, "iterations": 60, "burnt": 30, "run": 30, "walkers": 4}

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

Row = dict[str, Any]


def main() -> None:
    """Fit, and write a row for each lens and method."""
    parser = argparse.ArgumentParser(description="Lens models beside one another.")
    parser.add_argument("images", type=int)
    parser.add_argument("-o", "--out", type=Path, required=True)
    for name, value in SETTINGS.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    settings = {name: getattr(asked, name) for name in SETTINGS}
    with asked.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in measured(zoo.open_dataset("modelling_euclid", n=asked.images, seed=SEED), settings):
            writer.writerow([row.get(name, "") for name in COLUMNS])
            file.flush()


def measured(dataset: Dataset, settings: Mapping[str, int]) -> Iterator[Row]:
    """The rows of all lenses; the network sees them in one batch, as it is meant to."""
    images, truth, scale = dataset.images(slice(0, len(dataset))), dataset.truth(), dataset.description.pixel_scale
    assert scale is not None
    model = zoo.load(NETWORK, device="cpu")
    start = time.process_time()
    guess = guess_of(cast(Regression, model(images, pixel_scale=scale)))
    each = (time.process_time() - start) / len(dataset)
    for k in range(len(dataset)):
        named = {"id": truth["id"][k], "theta_E": truth["theta_E"][k]}
        one = Guess(*({name: of[k : k + 1] for name, of in part.items()} for part in (guess.mean, guess.deviation)))
        stated = {"fitted": one.theta_E.item(), "error": one.deviation["theta_E"].item(), "seconds": each}
        yield named | {"method": NETWORK, "accepted": 1, **stated}
        observed = exposed(images[k, 0], scale, truth["psf_fwhm"][k])
        start = time.process_time()
        with torch.no_grad():
            found = refine(observed, one)
            reason = verdicts(found, one)[0]
        yield (
            named
            | {"method": f"{NETWORK} --refine", "accepted": int(not reason)}
            | {
                "fitted": found.value("theta_E").item() if not reason else one.theta_E.item(),
                "error": found.with_model_error()[0, 0, 0].sqrt().item() if not reason else stated["error"],
                "chi_square": reduced(found),
                "seconds": time.process_time() - start + each,
            }
        )
        yield named | {"method": "lenstronomy", "accepted": 1} | classical(observed, settings)


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


def reduced(found: Refinement) -> float:
    """chi^2 per degree of freedom."""
    return (found.chi_square / found.degrees).item()


def classical(observed: Observed, settings: Mapping[str, int]) -> Row:
    """What lenstronomy finds, and how long it takes."""
    start = time.process_time()
    sequence = FittingSequence(
        {"multi_band_list": [[data_of(observed), psf_of(observed), {"supersampling_factor": 2}]]}
        | {"multi_band_type": "multi-linear"},
        {
            "lens_model_list": ["SIE", "SHEAR"],
            "source_light_model_list": ["SERSIC_ELLIPSE"],
            "lens_light_model_list": ["SERSIC_ELLIPSE"],
        },
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
    likelihood = sequence.best_fit_likelihood()
    pixels = np.count_nonzero(cropped(observed.counted)) - len(names)
    return {
        "fitted": float(np.median(theta_E)),
        "error": float(np.std(theta_E)),
        "chi_square": -2 * likelihood / pixels,
        "seconds": time.process_time() - start,
    }


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


if __name__ == "__main__":
    main()
