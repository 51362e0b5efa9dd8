"""Simulated tiles with known lenses, to measure what `zoo search` finds: docs/tutorials/search.md.

python docs/search_simulation.py make sky           # tiles, positions.csv and truth.csv
zoo search sky/*.fits --catalog sky/positions.csv ... -o found
python docs/search_simulation.py judge sky found    # completeness and purity, with 95 % intervals
"""

import csv
import sys
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

import zoo_core as zoo
from zoo_core.bench.metrics.intervals import binomial

SIDE, SCALE, CENTRE = 101, 0.1 / 3600, (150.0, 2.2)  # pixels of a galaxy's field, degrees a pixel, degrees
TILES, COLUMNS = 2, 35  # tiles, galaxies in a row of one
PREVALENCE, SEED = 0.02, 77  # more lenses than the sky has, as among galaxies that were chosen for their mass
OBJECTS = TILES * COLUMNS**2


def make(folder: Path) -> None:
    """Tiles of simulated galaxies side by side, where they are, and which are lenses."""
    folder.mkdir(exist_ok=True)
    galaxies = zoo.open_dataset("finding_space", n=OBJECTS, seed=SEED, lens_fraction=PREVALENCE)
    labels, rows = galaxies.truth()["label"], []
    for tile in range(TILES):
        first = tile * COLUMNS**2
        header = _header(CENTRE[0] + tile * COLUMNS * SIDE * SCALE)
        pixels = np.zeros((COLUMNS * SIDE, COLUMNS * SIDE), np.float32)
        for place in range(COLUMNS**2):
            row, column = divmod(place, COLUMNS)
            field = np.nan_to_num(galaxies.images(slice(first + place, first + place + 1))[0, 0])
            pixels[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE] = field
            sky = WCS(header).pixel_to_world(column * SIDE + SIDE // 2, row * SIDE + SIDE // 2)
            rows.append((f"g{first + place:04d}", f"{sky.ra.deg:.7f}", f"{sky.dec.deg:.7f}"))
        fits.PrimaryHDU(pixels, header).writeto(folder / f"{tile}.fits", overwrite=True)
    _write(folder / "positions.csv", ("id", "ra", "dec"), rows)
    names = [name for name, *_ in rows]
    _write(folder / "truth.csv", ("id", "label"), list(zip(names, labels, strict=True)))


def judge(folder: Path, found: Path) -> None:
    """Print completeness and purity of the candidates."""
    truth = Table.read(folder / "truth.csv")
    lenses = set(truth["id"][truth["label"] == 1])
    candidates = list(Table.read(found / "candidates.ecsv")["id"])
    right = sum(name in lenses for name in candidates)
    for name, of in (("completeness", len(lenses)), ("purity", len(candidates))):
        low, high = binomial(right, of) or (np.nan, np.nan)
        sys.stdout.write(f"{name} {right}/{of} = {right / max(of, 1):.2f} ({low:.2f} to {high:.2f})\n")


def _header(ra: float) -> fits.Header:
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": ra, "CRVAL2": CENTRE[1]})
    header.update({"CRPIX1": COLUMNS * SIDE / 2, "CRPIX2": COLUMNS * SIDE / 2, "CDELT1": -SCALE, "CDELT2": SCALE})
    return header


def _write(path: Path, names: tuple[str, ...], rows: list) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows])


if __name__ == "__main__":
    command, *folders = sys.argv[1:]
    {"make": make, "judge": judge}[command](*map(Path, folders))
