"""A search: all objects through the finder, the candidates through further models, and what is written of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..errors import ArgumentError
from ..files import make_folder
from ..predict.features import FeatureScorer
from ..predict.finished import facts_of
from ..predict.inputs import Mosaic
from ..predict.options import Options
from ..predict.predict import scored
from ..predict.scoring import Scorer
from ..predict.tables import common_schema
from .candidates import Alike, above, alike, at_prevalence, beside
from .columns import about
from .latent import AXES, latent_positions
from .mass import mass_of
from .report import Report, write_report
from .tables import write_candidates
from .threshold import Threshold, require_finder

if TYPE_CHECKING:
    from ..fit.mass_model import MassModel
    from ..models.model import Model

__all__ = ["Found", "Search"]

ALIKE = 3  # candidates that are shown beside one because they are most like it

logger = logging.getLogger("zoo")


@dataclass(frozen=True)
class Found:
    """What a search has found.

    Arguments:
        objects: that were searched.
        failed: of these, how many could not be scored.
        candidates: the table, a row a candidate, the most probable first.
        written: files.
    """

    objects: int
    failed: int
    candidates: pa.Table
    written: tuple[Path, ...]


@dataclass(frozen=True)
class Search:
    """The objects of a catalogue on the tiles of a survey, and the models that look at them.

    Arguments:
        mosaic: tiles and catalogue.
        finder: of two classes.
        threshold: of the finder.
        modeller: gives parameters of each candidate; or None.
        anomaly: gives an anomaly score of each candidate; or None.

    Raises:
        ArgumentError: a model is for another task.
    """

    mosaic: Mosaic
    finder: Model
    threshold: Threshold
    modeller: Model | None = None
    anomaly: Model | None = None

    def __post_init__(self) -> None:
        require_finder(self.finder)
        wanted = {"modeller": "regression", "anomaly": "anomaly"}
        for role, task in wanted.items():
            model: Model | None = getattr(self, role)
            if model is not None and model.task.name != task:
                raise ArgumentError(f"{role}= (--{role}) is {model.id}, for {model.task.name}; it takes one for {task}")

    def run(self, out: Path, options: Options, shown: int, residuals: int = 0) -> Found:
        """Search, and write all that was found into a folder.

        `scores/`, `parameters/`, `anomaly/` and `features/` hold the rows of each model, in shards, with which the
        same call goes on; `candidates.*` the table; `report.html` the page on which candidates are graded.

        Arguments:
            out: folder, made if it is not there.
            options: of each run; `out` is set here.
            shown: candidates on the page, at most.
            residuals: of so many of these the light is fitted for the mass that the modeller has measured, and what is
                left over is shown; a few seconds each.
        """
        images = self.mosaic.images(self.finder, options.pixel_scale)
        make_folder(out)
        with scored(self.finder, images, replace(options, out=out / "scores")) as finished:
            rows, places = above(finished.pieces(), self._column, self.threshold.value)
            objects, failed = finished.rows, finished.failed
        described = self._described(rows, places, out, options)
        table = described.table
        columns = {name: about(name, self._column, self._units) for name in table.column_names}
        facts = {**facts_of(self.finder, options.pixel_scale, options.command), **self._facts}
        table = table.cast(common_schema([table.schema])).replace_schema_metadata(facts)
        pictured = images.chosen(places[:shown])
        scale = options.pixel_scale
        report = Report(table, columns, described.near, described.masses, pictured, self.finder, scale, residuals)
        page = write_report(out / "report.html", report, self.threshold, objects)
        return Found(objects, failed, table, (*write_candidates(out, table, columns), page))

    @property
    def _column(self) -> str:
        return f"p_{self.finder.heads.classes[-1]}"

    @property
    def _units(self) -> Mapping[str, str]:
        return {} if self.modeller is None else self.modeller.task.units(self.modeller.heads)

    @property
    def _facts(self) -> Mapping[str, str]:
        others = {"modeller": self.modeller, "anomaly": self.anomaly}
        used = {role: model.id for role, model in others.items() if model is not None}
        return {"threshold": str(self.threshold), "prevalence": f"{self.threshold.prevalence:g}", **used}

    def _described(self, rows: pa.Table, places: np.ndarray, out: Path, options: Options) -> _Described:
        """The candidates with what all models say of them."""
        table, masses = self._ranked(rows.drop_columns(["status"])), [None] * len(places)
        if self.modeller is not None:
            predicted = self._predicted(self.modeller, places, out / "parameters", options)
            table = beside(table, predicted, self.modeller.id)
            masses = [mass_of(row) for row in predicted.to_pylist()]
        if self.anomaly is not None:
            table = beside(table, self._predicted(self.anomaly, places, out / "anomaly", options), self.anomaly.id)
        features = self._features(places, out / "features", options)
        near, latent = alike(features, ALIKE), latent_positions(features)
        return _Described(_with_latent(_with_alike(table, near), latent), near, masses)

    def _ranked(self, rows: pa.Table) -> pa.Table:
        """With the place of each, and the probability at the prevalence after that of the finder."""
        prior = self.finder.calibration.prior
        if prior is not None:
            share = prior[-1]
            probable = at_prevalence(rows[self._column].to_numpy(), share, self.threshold.prevalence)
            place = rows.column_names.index(self._column) + 1
            rows = rows.add_column(place, "p_at_prevalence", pa.array(probable, pa.float64()))
        return rows.add_column(0, "rank", pa.array(range(1, len(rows) + 1), pa.int64()))

    def _predicted(
        self, model: Model, places: np.ndarray, out: Path, options: Options, scorer: Scorer | None = None
    ) -> pa.Table:
        """Rows of a model for the candidates alone, cut out as it takes them."""
        if not len(places):
            own = (*model.task.empty_columns(model.heads), *model.familiarity.columns)
            empty = own if scorer is None else ("features",)
            texts = {name: pa.array([], pa.string()) for name in ("status", "message")}
            return pa.table(texts | {name: pa.array([], pa.float64()) for name in empty})
        images = replace(self.mosaic, columns=()).images(model, options.pixel_scale).chosen(places)
        with scored(model, images, replace(options, out=out), scorer) as finished:
            return pa.concat_tables(finished.pieces(), promote_options="permissive")

    def _features(self, places: np.ndarray, out: Path, options: Options) -> pa.Table:
        """What the finder makes of the candidates before its last layer; null where it has no features."""
        if not len(places) or not hasattr(self.finder.network, "features"):
            return pa.table({"features": pa.nulls(len(places), pa.list_(pa.float32()))})
        return self._predicted(self.finder, places, out, options, FeatureScorer(self.finder))


@dataclass(frozen=True)
class _Described:
    """Candidates: their table, which of them are alike, and the lens of each, where there is one."""

    table: pa.Table
    near: Alike
    masses: Sequence[MassModel | None]


def _with_alike(table: pa.Table, near: Alike) -> pa.Table:
    ids = table["id"].to_pylist()
    names = pa.array([ids[row] if row >= 0 else None for row in near.rows[:, 0].tolist()], pa.string())
    cosine = pa.array(near.cosine[:, 0], from_pandas=True)
    return table.append_column("alike", names).append_column("alike_cosine", cosine)


def _with_latent(table: pa.Table, positions: np.ndarray) -> pa.Table:
    for name, values in zip(AXES, positions.T, strict=True):
        table = table.append_column(name, pa.array(values, pa.float64(), from_pandas=True))
    return table
