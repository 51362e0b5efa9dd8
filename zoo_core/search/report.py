"""The page on which a person grades candidates: one file that needs no other, and no network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ..errors import NotInstalledError
from ..files import whole
from ..images.origin import Origin
from ..predict.images import SourceImages
from ..predict.reading import PreparedBatch, prepare
from .candidates import Alike
from .columns import About
from .compass import Compass
from .latent import AXES
from .mass import convergence, critical_curves
from .pictures import LARGEST, LOG_KAPPA, STRETCHES, picture_of_convergence, picture_of_residual, pictures_of
from .residual import residual_of
from .threshold import Threshold

if TYPE_CHECKING:
    from jinja2 import Template

    from ..fit.mass_model import MassModel
    from ..models.model import Model

__all__ = ["GRADES", "Report", "write_report"]

GRADES = {"A": "surely a lens", "B": "probably a lens", "C": "perhaps a lens", "X": "no lens"}
CONVERGENCE, RESIDUAL = "convergence", "residual"
MAPS = {
    CONVERGENCE: f"Density over the critical one, {10 ** LOG_KAPPA[0]:g} (dark) to {10 ** LOG_KAPPA[1]:g}.",
    RESIDUAL: f"Image less the measured lens: red is more, blue less, up to {LARGEST:g} sigma.",
}
"""What the colours of pictures mean that are none of the image itself."""

APART = ("rank", "id", "path", "message", "alike", "alike_cosine", *AXES)  # are shown in places of their own


@dataclass(frozen=True)
class Report:
    """What the page shows.

    Arguments:
        table: all candidates.
        columns: what its columns are.
        near: which candidates are alike.
        masses: the lens of each that a modeller has measured; None where there is none.
        images: of the first candidates, those that are shown.
        finder: that found them.
        pixel_scale: arcsec, overrides the headers; or None.
        residuals: of so many of the first candidates it is shown what their measured masses do not explain.
    """

    table: pa.Table
    columns: Mapping[str, About]
    near: Alike
    masses: Sequence[MassModel | None]
    images: SourceImages
    finder: Model
    pixel_scale: float | None
    residuals: int = 0

    def candidates(self) -> Iterator[dict[str, Any]]:
        """Of each that is shown: name, place, numbers in words, pictures, and those that are alike."""
        for number, row in enumerate(self.table.slice(0, len(self.images)).to_pylist()):
            nearest = [other for other in self.near.rows[number].tolist() if 0 <= other < len(self.images)]
            named = {name: row.get(name) for name in ("id", "path", "ra", "dec", "message")}
            places = [row[axis] for axis in AXES]
            job = self.images.job(number, number + 1)
            batch = prepare(job, self.finder.preprocess, self.pixel_scale, Origin.of)
            yield named | {
                "facts": list(self._facts(row)),
                "alike": nearest,
                "latent": None if None in places else places,
                "pictures": self._pictures(number, batch),
                "compass": _compass(batch),
                "curves": self._curves(number),
            }

    @property
    def survey(self) -> str:
        """Identifies the tiles and the catalogue, so that grades outlive another threshold."""
        return hashlib.sha256("\n".join(sorted(self._tiles)).encode("utf-8", "surrogateescape")).hexdigest()[:16]

    @property
    def _tiles(self) -> set[str]:
        return {str(path).rpartition("[")[0] for path in self.table["path"].to_pylist()}

    @property
    def views(self) -> list[str]:
        """Names of the pictures of a candidate."""
        fitted = any(self.masses[: self.residuals])
        return [*STRETCHES, *([CONVERGENCE] if any(self.masses) else []), *([RESIDUAL] if fitted else [])]

    def _pictures(self, number: int, batch: PreparedBatch) -> dict[str, str]:
        shown = pictures_of(batch.pixels[0], self.finder.bands) if len(batch.pixels) else {}
        lens, field = self.masses[number], self._field
        if lens is None or field is None or not shown:
            return shown
        size = self.finder.preprocess.size
        arcsec = field * ((np.arange(size) + 0.5) / size - 0.5)
        drawn = {**shown, CONVERGENCE: picture_of_convergence(convergence(lens, arcsec))}
        if number < self.residuals:
            drawn[RESIDUAL] = picture_of_residual(residual_of(batch.pixels[0].mean(0), lens, field / size))
        return drawn

    def _curves(self, number: int) -> list[list[tuple[float, float]]]:
        """Critical curves over the picture, where a lens was measured and the pixels have a known size."""
        lens, field = self.masses[number], self._field
        return [] if lens is None or field is None else critical_curves(lens, field)

    @property
    def _field(self) -> float | None:
        """Side of a picture, arcsec; None where nobody has said how large the pixels are."""
        prepared = self.finder.preprocess
        scale = prepared.pixel_scale or self.pixel_scale
        return None if scale is None else scale * prepared.field

    def _facts(self, row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
        """Name, value with its error, and what it is."""
        for name, value in row.items():
            is_error = name.endswith("_err") and name.removesuffix("_err") in row
            if name in APART or is_error or value is None:
                continue
            error = row.get(f"{name}_err")
            places = 6 if name in ("ra", "dec") else 3
            text = _shown(value, places) + (f" ± {_shown(error, 2)}" if error is not None else "")
            one = self.columns[name]
            yield name, f"{text} {one.unit}".strip(), one.summary


def _compass(batch: PreparedBatch) -> dict[str, Any] | None:
    """Where north and east are in the one image of the batch, and how long its scale bar is."""
    found = Compass.of(batch.origins[0].cards, batch.pixels.shape[-1]) if len(batch.pixels) else None
    return None if found is None else asdict(found)


def write_report(path: Path, report: Report, threshold: Threshold, objects: int) -> Path:
    """The page as one file.

    Raises:
        NotInstalledError: the extra `board` is missing.
    """
    page = _template().render(
        found={"survey": report.survey, "grades": GRADES, "maps": MAPS, "candidates": list(report.candidates())},
        finder=report.finder.id,
        threshold=threshold,
        objects=objects,
        count=len(report.table),
        shown=len(report.images),
        grades=GRADES,
        stretches=report.views,
        curved=any(report.masses),
        version=version("zoo-core"),
        style=_static("report.css"),
        script=_static("report.js"),
    )
    with whole(path) as partial:
        partial.write_text(page, encoding="utf-8")
    return path


def _template() -> Template:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise NotInstalledError(f"the report is filled with Jinja ({error}); pip install 'zoo-core[board]'") from error
    loader = PackageLoader("zoo_core.search", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html")


def _static(name: str) -> str:
    return files("zoo_core.search").joinpath("static", name).read_text(encoding="utf-8")


def _shown(value: Any, places: int) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.{places}f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.{places}g}"
