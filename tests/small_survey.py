"""Two small tiles, a catalogue of objects on them, and a finder whose stored results tell a threshold."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

import zoo_core as zoo
from zoo_core.bench.results import read_result, write_result
from zoo_core.bench.summary import Summary
from zoo_core.models.model import Model

from .stored_results import MadeUp, store_result
from .tiny_models import tiny_model

__all__ = ["COUNT", "Survey", "small_survey", "store_thresholds"]

SIDE, SCALE, COUNT = 120, 0.1 / 3600, 16  # pixels, degrees a pixel, objects on a tile
HEADS = zoo.Heads(classes=("nonlens", "lens"))


@dataclass(frozen=True)
class Survey:
    """Where the tiles, the catalogue and the results are, and the finder."""

    folder: Path
    finder: Model

    @property
    def tiles(self) -> list[str]:
        """Of FITS."""
        return [str(self.folder / f"{number}.fits") for number in range(2)]

    @property
    def catalog(self) -> Path:
        """Names, positions, magnitudes."""
        return self.folder / "positions.csv"

    @property
    def results(self) -> Path:
        """Of the finder."""
        return self.folder / "results"


def small_survey(folder: Path) -> Survey:
    """Noise with a source at each position, brighter from object to object."""
    rng, rows = np.random.default_rng(3), []
    for tile in range(2):
        header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150 + 0.1 * tile, "CRVAL2": 2.0})
        header.update({"CRPIX1": SIDE / 2, "CRPIX2": SIDE / 2, "CDELT1": -SCALE, "CDELT2": SCALE})
        pixels = rng.normal(size=(SIDE, SIDE)).astype(np.float32)
        for number in range(COUNT):
            row, column = (28 * part + 14 for part in divmod(number, 4))
            pixels[row - 1 : row + 2, column - 1 : column + 2] += 3 * number + tile
            ra, dec = WCS(header).pixel_to_world_values(column, row)
            rows.append(f"o{tile}-{number:02d},{float(ra)!r},{float(dec)!r},{20 + number}")
        fits.PrimaryHDU(pixels, header).writeto(folder / f"{tile}.fits")
    (folder / "positions.csv").write_text("\n".join(["id,ra,dec,mag", *rows]) + "\n")
    model = tiny_model()
    return Survey(folder, replace(model, calibration=replace(model.calibration, prior=(0.5,))))


def store_thresholds(survey: Survey, p_lens: np.ndarray, label: np.ndarray, benchmark: str = "sky", **hashes) -> Path:
    """The result of the finder on a benchmark of these probabilities and labels."""
    truth = {"id": np.arange(len(label)).astype(str), "label": label}
    images = {"nonlens": int((label == 0).sum()), "lens": int((label == 1).sum())}
    numbers = Summary(images=images, metrics={}, confusion=[], operating_points=[], strata=[])
    made = MadeUp("classification", {"p_lens": p_lens}, truth, numbers, HEADS, (0.5,))
    path = store_result(survey.results, survey.finder.id, benchmark, made)
    result = read_result(path)
    own = {"weights": str(survey.finder.weights_sha256), "preprocess": survey.finder.preprocess.digest}
    settings = {"views": survey.finder.views, "temperature": survey.finder.calibration.temperature}
    identified = replace(result, hashes=result.hashes | own | hashes, settings=result.settings | settings)
    write_result(identified, path)
    return path
