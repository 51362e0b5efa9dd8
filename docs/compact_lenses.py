"""Measures published networks on lenses smaller than those that they learned from: docs/telescope-images.md.

Run: python docs/compact_lenses.py [-n 600] [modelling_hst] [modelling_euclid]

600 lenses of 0.1 to 0.5 arcsec, even in the square root, in the pixels and through the PSFs of `modelling_hst`, and as
many of `modelling_euclid` for the networks of its pixels. Errors are relative and absolute ones of the Einstein radius.
"""

import argparse
import logging
from itertools import pairwise

import numpy as np
import torch
from deblended_lenses import median
from parameterisations import with_share

import zoo_core as zoo

RADII, EDGES, SEED = (0.1, 0.5), (0.1, 0.2, 0.3, 0.5), 909  # arcsec
NETWORKS = {
    "modelling_hst": ("zoom.hst", "resnet_regression.hst", "resnet_regression.jwst", "trivial_regression.hst"),
    "modelling_euclid": ("zoom.euclid", "resnet_regression.euclid", "trivial_regression.euclid"),
}
DRAWN = ("psf_fwhm", "arc_snr", "arc_contrast", "flux_ratio")
OUTLYING = 0.25  # of the Einstein radius

log = logging.getLogger(__name__)


def main() -> None:
    """The tables."""
    parser = argparse.ArgumentParser(description="Networks on compact lenses.")
    parser.add_argument("-n", type=int, default=600)
    parser.add_argument("names", nargs="*", default=list(NETWORKS), choices=NETWORKS)
    asked = parser.parse_args()
    count: int = asked.n
    torch.set_num_threads(1)
    for name in asked.names:
        show_drawn(f"{name}, as its benchmark draws them", zoo.open_dataset(name, n=count // 3, seed=SEED))
        lenses = zoo.open_dataset(name, n=count, seed=SEED, theta_E=list(RADII))
        show_drawn(f"{name}, {RADII[0]} to {RADII[1]} arcsec", lenses)
        for network in NETWORKS[name]:
            show_measured(network, lenses)


def show_drawn(title: str, lenses: zoo.Dataset) -> None:
    """Medians of what the simulator makes of lenses of each size."""
    truth = lenses.truth()
    drawn = {**truth, "flux_ratio": truth["arc_flux"] / truth["host_flux"]}
    log.info(title)
    for part, chosen in parts(truth["theta_E"]):
        log.info("    %s: %s", part, ", ".join(f"{name} {np.median(drawn[name][chosen]):.3g}" for name in DRAWN))


def show_measured(network: str, lenses: zoo.Dataset) -> None:
    """Error and coverage of a network on lenses of each size."""
    table, true = zoo.load(network, device="cpu").predict(lenses), lenses.truth()["theta_E"]
    found, stated = (np.asarray(table[name], dtype=float) for name in ("theta_E", "theta_E_err"))
    apart = found - true
    log.info(network)
    for part, chosen in parts(true):
        off, sigma, radius = apart[chosen], stated[chosen], true[chosen]
        held = [with_share(abs(off) < k * sigma) for k in (1, 2)]
        log.info(
            "    %s: error %s, arcsec %s, too large by %s, off by more than a quarter %s, one sigma %s, two %s",
            part, median(abs(off) / radius), median(abs(off)), median(off / radius),
            with_share(abs(off) > OUTLYING * radius), *held,
        )  # fmt: skip


def parts(theta_E: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Which lenses are of each size, and how many; those of none of them are left out."""
    bins = [(low, high, (theta_E >= low) & (theta_E < high)) for low, high in pairwise(EDGES)]
    found = [(f"{low} to {high} arcsec ({chosen.sum()})", chosen) for low, high, chosen in bins if chosen.any()]
    return [*found, (f"all ({len(theta_E)})", np.ones(len(theta_E), dtype=bool))]


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
