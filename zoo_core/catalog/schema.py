"""The schema of registry entries: which keys there are and what their values may be."""

import reprlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ..errors import SpecError, UnknownNameError, ZooError
from ..predictions import Familiarity
from ..symmetries import read_symmetries
from ..tasks import Calibration, Heads, task_named
from .entries import resampled_scale

__all__ = ["Licence", "ModelId", "PixelScale", "check_entry"]

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_\-]*$")]
ModelId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_\-]*\.[A-Za-z0-9][A-Za-z0-9_\-]*$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
Repository = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*/[A-Za-z0-9][A-Za-z0-9_.\-]*$")]
WeightsFile = Annotated[
    str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.\-]*/)*[A-Za-z0-9][A-Za-z0-9_.\-]*\.safetensors$")
]


def _licence(text: str) -> str:
    """A licence by its name in the list of SPDX, alone or in an expression."""
    try:
        canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        raise ValueError("not a licence of the SPDX list (https://spdx.org/licenses), as MIT or CC-BY-4.0") from None
    return text


Licence = Annotated[str, AfterValidator(_licence)]
PixelScale = Annotated[float, Field(gt=0)] | Literal["any"]
Fraction = Annotated[float, Field(gt=0, lt=1)]


class _Entry(BaseModel):
    """Nothing is coerced and nothing is ignored."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Weights(_Entry):
    """See `specs.WeightsSpec`."""

    sha256: Sha256
    size: int = Field(gt=0)
    file: WeightsFile = "model.safetensors"
    repo: Repository | None = None
    revision: Commit | None = None
    golden: WeightsFile | None = None
    golden_sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _is_pinned(self) -> "_Weights":
        if (self.repo is None) != (self.revision is None):
            raise ValueError("repo and revision go together: a repository is only read at a pinned commit")
        return self


class _Heads(_Entry):
    """See `predictions.Heads`."""

    classes: list[str] = []
    parameters: list[str] = []
    units: list[str] = []
    likelihood: Literal["diagonal", "full", "flow"] = "diagonal"


class _Calibration(_Entry):
    """See `predictions.Calibration`."""

    temperature: float = Field(default=1.0, ge=1e-3, le=1e3)
    prior: list[Fraction] | None = Field(default=None, min_length=1)
    error_scales: list[Annotated[float, Field(ge=1e-3, le=1e3)]] = []


class _Familiarity(_Entry):
    """See `predictions.Familiarity`."""

    distance: float | None = Field(default=None, gt=0)
    share: Fraction = 0.99
    ranges: list[Annotated[list[float], Field(min_length=2, max_length=2)]] = []


class _Cost(_Entry):
    """See `specs.Cost`."""

    parameters: int = Field(ge=0)
    flops: int | None = Field(default=None, ge=0)


class _TrainedOn(_Entry):
    """See `specs.TrainedOn`."""

    dataset: Name
    domain: Literal["simulated", "real"]
    arguments: dict[str, Any] = {}
    seed: int | None = None
    sha256: Sha256 | None = None


class _Model(_Entry):
    """See `specs.ModelSpec`."""

    id: ModelId
    task: str
    bands: list[Name] = Field(min_length=1)
    preprocess: list[dict[str, Any]] = Field(min_length=1)
    weights: _Weights
    licence: Licence
    known_failures: list[str]
    architecture: Name
    plugin: Name
    heads: _Heads = _Heads()
    calibration: _Calibration = _Calibration()
    familiarity: _Familiarity = _Familiarity()
    arguments: dict[str, Any] = {}
    views: Literal[1, 8] = 1
    cost: _Cost | None = None
    pixel_scale: PixelScale | None = None
    symmetries: list[dict[str, Any]] = []
    members: list[ModelId] = []
    told: dict[ModelId, dict[str, Any]] = {}
    default: bool = False
    summary: str = ""
    training_data: str = ""
    trained_on: list[_TrainedOn] = []
    paper: str = ""

    @field_validator("preprocess")
    @classmethod
    def _are_operations(cls, operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for operation in operations:
            if not isinstance(operation.get("op"), str):
                raise ValueError(f"{operation} has no `op`; write an operation as {{op: frame, size: 101}}")
        return operations

    @model_validator(mode="after")
    def _says_its_scale(self) -> "_Model":
        resampled = resampled_scale(self.preprocess)
        if self.pixel_scale is None and resampled is None:
            raise ValueError(
                "pixel_scale is missing: write the arcsec of the pixels that it was trained on, or `any` where pixels "
                "are taken as they are, whatever their scale"
            )
        if None not in (self.pixel_scale, resampled) and self.pixel_scale != resampled:
            raise ValueError(
                f"pixel_scale is {self.pixel_scale}, but preprocess resamples to {resampled}; leave it out"
            )
        return self

    @model_validator(mode="after")
    def _tells_members(self) -> "_Model":
        if others := [name for name in self.told if name not in self.members]:
            raise ValueError(
                f"told names {', '.join(others)}; it may name members: {', '.join(self.members) or 'none'}"
            )
        return self

    @model_validator(mode="after")
    def _names_its_outputs_apart(self) -> "_Model":
        if fault := self._of_outputs().fault():
            raise ValueError(f"heads: {fault}")
        return self

    @model_validator(mode="after")
    def _is_consistent(self) -> "_Model":
        if self.id.partition(".")[0] != self.architecture:
            raise ValueError(f"architecture is {self.architecture!r}, an id is `architecture.tag`")
        try:
            task, heads = task_named(self.task), self._of_outputs()
            task.outputs(heads)
            declared = read_symmetries(self.symmetries, heads.parameters) if self.symmetries else ()
            if self.views > 1:
                task.symmetries(heads, declared)
        except (SpecError, UnknownNameError) as error:
            raise ValueError(str(error)) from None
        prior, scales = self.calibration.prior, self.calibration.error_scales
        stated = Calibration(prior=tuple(prior) if prior else None, error_scales=tuple(scales))
        if fault := stated.fault(heads):
            raise ValueError(f"calibration: {fault}")
        ranges = tuple((low, high) for low, high in self.familiarity.ranges)
        if fault := Familiarity(ranges=ranges).fault(heads):
            raise ValueError(f"familiarity: {fault}")
        return self

    def _of_outputs(self) -> Heads:
        stated = self.heads
        return Heads(tuple(stated.classes), tuple(stated.parameters), tuple(stated.units), stated.likelihood)


class _Dataset(_Entry):
    """See `specs.DatasetSpec`."""

    name: Name
    plugin: Name
    task: str
    domain: Literal["simulated", "real"]
    summary: str = ""
    available_at: str = ""
    holds: str = ""
    licence: str = ""
    paper: str = ""


class _Benchmark(_Entry):
    """See `specs.BenchmarkSpec`."""

    id: Name
    dataset: Name
    task: str
    metrics: list[str] = Field(min_length=1)
    plugin: Name
    arguments: dict[str, Any] = {}
    strata: dict[str, list[float]] = {}
    sha256: Sha256 | None = None
    table_sha256: Sha256 | None = None
    truth_sha256: Sha256 | None = None
    needs_data: bool = False
    hidden: bool = False
    summary: str = ""

    @model_validator(mode="after")
    def _fixes_what_is_hidden(self) -> "_Benchmark":
        if self.hidden and self.truth_sha256 is None:
            raise ValueError("hidden: truth_sha256 is missing; without it the truth could be changed afterwards")
        return self

    @field_validator("strata")
    @classmethod
    def _are_edges(cls, strata: dict[str, list[float]]) -> dict[str, list[float]]:
        for column, edges in strata.items():
            if edges and (len(edges) < 2 or edges != sorted(set(edges))):
                raise ValueError(f"{column}: bin edges must be two or more rising numbers, or [] for categories")
        return strata


def check_entry(section: str, entry: Mapping[str, Any], where: str, error: type[ZooError]) -> None:
    """Raise `error` if an entry of that section, its own name among the keys, is wrong; it names each wrong key.

    Arguments:
        section: "models", "datasets" or "benchmarks".
        entry: keys and values as in the file.
        where: what the message begins with.
        error: what to raise.
    """
    try:
        _SECTIONS[section].model_validate(dict(entry))
    except ValidationError as problem:
        raise error(f"{where}: {'; '.join(_sentence(fault) for fault in problem.errors())}") from None


def _sentence(fault: Mapping[str, Any]) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "missing":
        return f"{key} is missing"
    if fault["type"] == "extra_forbidden":
        return f"{key} is not a key of this schema; remove it or mind its spelling"
    message = fault["msg"].removeprefix("Value error, ")
    return f"{key}: {message}, got {reprlib.repr(fault['input'])}" if key else message


_SECTIONS: dict[str, type[_Entry]] = {"models": _Model, "datasets": _Dataset, "benchmarks": _Benchmark}
