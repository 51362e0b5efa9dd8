"""Recipes: how a published weight was trained, as a YAML file."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..catalog.schema import Fraction, Licence, ModelId, PixelScale
from ..catalog.yaml12 import read_mapping, text_of
from ..errors import RecipeError
from ..images.augmentation import Distortion
from .hub_start import HubStart, on_the_hub

__all__ = ["Adaptation", "DataRecipe", "Publication", "Recipe", "read_recipe", "recipe_of", "written"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataRecipe(_Strict):
    """A data set and the arguments that open it."""

    dataset: str
    plugin: str | None = None
    arguments: dict[str, Any] = {}


class Optimiser(_Strict):
    """AdamW under one cycle, unless it says otherwise: linear warm-up, cosine decay to zero.

    Arguments:
        algorithm: "adamw", whose weight decay spares biases and scales; "adam", whose weight decay is the gradient of
            an L2 penalty on all parameters.
        schedule: "cosine", "constant", or "thirds": divided by ten after each third of the steps.
        lr, weight_decay: per step.
        layer_decay: rate of the first layer, in that of the last; in between it falls geometrically with the depth.

    Source: Loshchilov & Hutter (2019); Kingma & Ba (2015) for "adam"; for layer_decay Howard & Ruder (2018),
    "discriminative fine-tuning".
    """

    algorithm: Literal["adamw", "adam"] = "adamw"
    schedule: Literal["cosine", "constant", "thirds"] = "cosine"
    lr: float = Field(gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    warmup_steps: int = Field(default=0, ge=0)
    clip: float = Field(default=0.0, ge=0)
    layer_decay: float = Field(default=1.0, gt=0, le=1)


class Augmentation(_Strict):
    """What is varied beyond the data set's own training view; see `images.augmentation`.

    Arguments:
        dihedral: flips and the three rotations by right angles.
        rotate: degrees, to either side.
        translate: share of a side, to either side.
        scale: least and largest factor of the size in which the object is shown.
        shear: to either side.
        fill: what stands where the image ends.
        gain, offset: of the channels.
    """

    dihedral: bool = True
    rotate: float = Field(default=0.0, ge=0, le=180)
    translate: float = Field(default=0.0, ge=0, lt=0.5)
    scale: tuple[float, float] = (1.0, 1.0)
    shear: float = Field(default=0.0, ge=0, lt=1)
    fill: Literal["reflect", "wrap"] = "reflect"
    gain: float = Field(default=0.0, ge=0, lt=1)
    offset: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _scales(self) -> Self:
        if not 0 < self.scale[0] <= self.scale[1]:
            raise ValueError(f"scale: {list(self.scale)}; write the least factor, above 0, and then the largest")
        return self

    @property
    def distortion(self) -> Distortion:
        """The part of it that moves pixels to between others."""
        return Distortion(self.rotate, self.translate, self.scale, self.shear, self.fill)


class Amortised(_Strict):
    """Normalisation by running moments that freeze: rate decay^(step / every) (Schaefer et al. 2018)."""

    decay: float = Field(default=0.6, gt=0, lt=1)
    every: int = Field(default=1000, gt=0)


class DropoutSchedule(_Strict):
    """Dropout rate final (1 - half^(step / every)): none at first (Schaefer et al. 2018)."""

    final: float = Field(default=0.5, ge=0, lt=1)
    every: int = Field(default=2000, gt=0)


class Stage(_Strict):
    """What differs from the recipe in one stage of a training that the plugin drives; None: as in the recipe."""

    batch_size: int | None = Field(default=None, gt=0)
    steps: int | None = Field(default=None, gt=0)
    validate_every: int | None = Field(default=None, gt=0)
    patience: int | None = Field(default=None, gt=0)
    precision: Literal["float32", "bf16"] | None = None
    optimiser: Optimiser | None = None
    augmentation: Augmentation | None = None
    ema: float | None = Field(default=None, ge=0, lt=1)


class Adaptation(_Strict):
    """Unlabelled images, the target, that a network which learns from labelled ones shall work on.

    Arguments:
        method: "adamatch", "adda", "dann", "mmd" or "self_ensembling", see the files of `train.adaptation`.
        target: data set; its labels are not read.
        settings: of the method.
    """

    method: Literal["adamatch", "adda", "dann", "mmd", "self_ensembling"]
    target: DataRecipe
    settings: dict[str, Any] = {}


class Publication(_Strict):
    """What becomes of the weights.

    Arguments:
        views: 8 to average over D4 when the result predicts.
        prior: fraction of each class that the probabilities assume, or of two classes that of the positive one alone;
            None: all are equally frequent.
        storage: precision of the published file; the network computes in float32 whatever it is.
        licence: of the weights, an SPDX identifier.
        paper: BibTeX of what is to be cited; empty: that of the architecture.
        training_data: what it was trained on, in a sentence; empty: the names of the data sets.
        known_failures: what it gets wrong, a sentence each.
    """

    views: Literal[1, 8] = 1
    prior: tuple[Fraction, ...] | None = None
    storage: Literal["float16", "float32"] = "float16"
    licence: Licence = "MIT"
    paper: str = ""
    training_data: str = ""
    known_failures: tuple[str, ...] = ()


class Recipe(_Strict):
    """Everything that decides the weights.

    Arguments:
        architecture, plugin, arguments: what to build.
        id: the model id that it is for.
        bands, classes, parameters, units, preprocess: as in the catalogue; None: the architecture's default.
        pixel_scale: arcsec that all images are resampled to where their data set gives another scale, as they will be
            when the result predicts; "any": pixels are taken as they are. None: that of the training data set, or any
            if it has none.
        symmetries: how the parameters turn with the image, see `zoo_core.symmetries`; None: as the data set says, or
            else as their names mean.
        train, validation: data sets; the checkpoint with the best `monitor` on `validation` is kept. None: a fifth of
            the training images is held out for it, by their ids.
        labels_per_class, fraction: use no more than so many images a class, or that fraction of all; images held out
            for validation are among them.
        fresh: every image is made while it trains and comes but once; for simulated data sets.
        balanced: as many positives as negatives in each batch.
        adaptation: unlabelled images that the network shall work on too, and how.
        settings: for architectures that train in their own way; its keys are theirs.
        stages: of such a training, by name: what differs from the recipe.
        ema: decay of the exponential moving average of the weights; 0: none.
        warm_start: a model id or a folder whose weights are the first ones; for other classes or parameters with a new
            head, for other bands with an adapted first layer. Or weights of timm on the Hub, see `hub_start`.
        freeze: of a warm start, nothing is trained but the head.
        precision: in which the network computes, as of `zoo predict`.
        publish: what becomes of the weights.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    architecture: str
    plugin: str
    id: ModelId
    train: DataRecipe
    validation: DataRecipe | None = None
    arguments: dict[str, Any] = {}
    bands: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    parameters: tuple[str, ...] | None = None
    units: tuple[str, ...] | None = None
    likelihood: Literal["diagonal", "full", "flow"] | None = None
    symmetries: list[dict[str, Any]] | None = None
    preprocess: list[dict[str, Any]] | None = None
    pixel_scale: PixelScale | None = None
    labels_per_class: int | None = Field(default=None, gt=0)
    fraction: float | None = Field(default=None, gt=0, le=1)
    seed: int = Field(default=0, ge=0, lt=2**63)
    batch_size: int = Field(default=32, gt=0)
    steps: int = Field(default=1000, ge=0)
    settings: dict[str, Any] = {}
    stages: dict[str, Stage] = {}
    validate_every: int = Field(default=1000, gt=0)
    patience: int = Field(default=20, gt=0)
    monitor: str = "loss"
    precision: Literal["float32", "bf16"] = "float32"
    fresh: bool = False
    balanced: bool = True
    optimiser: Optimiser = Optimiser(lr=1e-4)
    augmentation: Augmentation = Augmentation()
    amortised_norm: Amortised | None = None
    dropout_schedule: DropoutSchedule | None = None
    ema: float = Field(default=0.0, ge=0, lt=1)
    adaptation: Adaptation | None = None
    warm_start: str | None = None
    freeze: bool = False
    publish: Publication = Publication()

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.freeze and self.warm_start is None:
            raise ValueError("freeze: only weights that were trained can be frozen; say warm_start")
        if self.warm_start is not None and on_the_hub(self.warm_start):
            HubStart.of(self.warm_start)
        if self.labels_per_class is not None and self.fraction is not None:
            raise ValueError("labels_per_class and fraction both say how many images are used; give one of them")
        return self

    def with_steps(self, steps: int) -> Self:
        """The recipe with so many steps, in every stage, and a validation within them."""

        def shortened(every: int | None) -> dict[str, int | None]:
            return {"steps": steps, "validate_every": every and min(every, steps)}

        stages = {name: stage.model_copy(update=shortened(stage.validate_every)) for name, stage in self.stages.items()}
        return self.model_copy(update={**shortened(self.validate_every), "stages": stages})

    def in_stage(self, name: str) -> Self:
        """The recipe as it holds in that stage."""
        stage = self.stages.get(name, Stage())
        return self.model_copy(update={key: value for key, value in stage if value is not None})


def read_recipe(path: Path) -> Recipe:
    """The recipe in a YAML file.

    Raises:
        RecipeError: it is not there or malformed; names the key and what is wrong with it.
    """
    return recipe_of(read_mapping(Path(path), RecipeError), str(path))


def recipe_of(content: Mapping[str, Any], where: str) -> Recipe:
    """The recipe with these keys; errors as of `read_recipe`, beginning with `where`."""
    try:
        return Recipe.model_validate(dict(content))
    except ValidationError as error:
        raise RecipeError(f"{where}: {'; '.join(map(_fault, error.errors()))}") from error


def written(recipe: Recipe) -> str:
    """The recipe as YAML that `read_recipe` reads back."""
    return text_of({"schema": 1} | recipe.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def _fault(fault: Any) -> str:
    key = ".".join(map(str, fault["loc"]))
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        message = f"there is no such key. {_did_you_mean(fault['loc'])}"
    return f"{key}: {message}" if key else message


def _did_you_mean(place: tuple[int | str, ...]) -> str:
    """The keys that there are, the one that is closest to what stands there first."""
    keys = _keys_at(place[:-1])
    close = get_close_matches(str(place[-1]).lower(), keys, n=1)
    return (f"Did you mean {close[0]!r}? " if close else "") + f"The keys are {', '.join(keys)}"


def _keys_at(place: Sequence[int | str]) -> list[str]:
    model: type[BaseModel] = Recipe
    for part in place:
        if str(part) in model.model_fields:
            model = _model_in(model.model_fields[str(part)].annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation names, such as Optimiser in `Optimiser | None` or Stage in `dict[str, Stage]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
