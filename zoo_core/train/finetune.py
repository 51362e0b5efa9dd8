"""From a trained model and a data set to a model of that data set's classes and bands."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..datasets.opening import open_dataset
from ..errors import ArgumentError
from ..images.given import in_arcsec
from ..interfaces import Architecture, Dataset
from ..models.load import load
from ..models.model import Model
from ..plugins import architecture as architecture_named
from ..typed import keys_of
from .data import placed
from .descent import Session
from .fit import check_unclaimed, run
from .recipe import DataRecipe, recipe_of
from .warm import preprocess_for

if TYPE_CHECKING:
    from astropy.units import Quantity

__all__ = ["finetune"]

VALIDATIONS = 10  # in the course of a run
OPTIMISER = {"weight_decay": 0.01, "clip": 1.0}


def finetune(
    model: str | Path,
    on: str,
    out: str | Path | None = None,
    *,
    data: str | Path | None = None,
    arguments: Mapping[str, Any] | None = None,
    pixel_scale: "float | Quantity | None" = None,
    architecture: str | None = None,
    validation: Mapping[str, Any] | None = None,
    labels_per_class: int | None = None,
    fraction: float | None = None,
    freeze: bool = False,
    steps: int = 1000,
    lr: float = 1e-3,
    batch_size: int = 32,
    layer_decay: float = 0.1,
    dihedral: bool = True,
    views: Literal[1, 8] | None = None,
    seed: int = 0,
    resume: bool = True,
    device: str = "auto",
    max_time: str | None = None,
    progress: bool = True,
) -> Path:
    """Train a model further, on other images; the folder of the result is what `zoo.load` reads.

    Classes and bands are those of the data set. Where they are not the model's, the result has a new head, or a first
    layer that is adapted. What was done is written to `out`/recipe.yaml, which `zoo train` repeats.

    Arguments:
        model: a published model, or a folder.
        on: a data set; "folder" for your own images, one folder a class.
        out: folder of the run; by default runs/<architecture>.<data set>.
        data: where the images are, for a data set that is read from files.
        arguments: of the data set, such as n and seed, or the bands of your images.
        pixel_scale: arcsec of your images, or an angle of astropy; overrides their headers.
        architecture: another one of the same plugin, such as a classifier with the layers of a model that clusters; it
            takes the tensors of the same name. None: that of the model.
        validation: what differs in the arguments of the validation images; None: a fifth of the images is held out.
        labels_per_class, fraction: learn from so few images, validation included if it is not given.
        freeze: train nothing but the head.
        steps, lr, batch_size: of the gradient descent; lr is that of the head.
        layer_decay: learning rate of the first layer, in that of the head.
        dihedral: turn and mirror the images at random.
        views: of the result; None: as the model's.
        seed: of the new head, the batches and the images chosen.
        resume, device, max_time, progress: as of `zoo train`.

    Raises:
        SpecError, RecipeError: what is asked for cannot be done.
        TrainingError: nothing usable came of it.

    Example:
        Ten images of noise, in a folder for each class.

        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> import zoo_core as zoo
        >>> with tempfile.TemporaryDirectory() as name:
        ...     folder, rng = Path(name), np.random.default_rng(0)
        ...     for kind in ("nonlens", "ring"):
        ...         (folder / "mine" / kind).mkdir(parents=True)
        ...         for k in range(5):
        ...             np.save(folder / "mine" / kind / f"{kind}{k}.npy", rng.normal(size=(64, 64)))
        ...     images = {"data": folder / "mine", "pixel_scale": 0.1}
        ...     trained = zoo.finetune("lastro.space", "folder", folder / "run", **images, steps=2, progress=False)
        ...     zoo.load(trained).heads.classes
        ('nonlens', 'ring')
    """
    start = load(model, device="cpu")
    assert start.spec is not None
    network = start.architecture if architecture is None else architecture_named(architecture, start.spec.plugin)
    (train,) = placed([DataRecipe(dataset=on, arguments=_arguments(arguments, pixel_scale))], data)
    dataset = open_dataset(on, **train.arguments)
    if _in_other_order(start.heads.classes, dataset, train):
        train = _other(train, {"classes": list(start.heads.classes)})
        dataset = open_dataset(on, **train.arguments)
    content = {
        **_model(start, model, network),
        **_images(start, dataset, network.task),
        "id": f"{network.name}.{on}",
        "train": train,
        "validation": None if validation is None else _other(train, validation),
        "labels_per_class": labels_per_class,
        "fraction": fraction,
        "freeze": freeze,
        "seed": seed,
        "batch_size": batch_size,
        "steps": steps,
        "validate_every": max(1, steps // VALIDATIONS),
        "optimiser": OPTIMISER | {"lr": lr, "warmup_steps": steps // 20, "layer_decay": layer_decay},
        "augmentation": {"dihedral": dihedral},
        "publish": {
            "views": views or start.views,
            "licence": start.spec.licence,
        },
    }
    recipe = recipe_of(content, f"zoo finetune {model} --on {on}")
    folder = Path(out) if out is not None else Path("runs") / recipe.id
    check_unclaimed(folder, recipe, resume)
    return run(recipe, folder, Session.starting(device, resume, progress, max_time))


def _arguments(given: Mapping[str, Any] | None, pixel_scale: "float | Quantity | None") -> dict[str, Any]:
    """Arguments of the data set, the pixel scale among them."""
    scale, arguments = in_arcsec("pixel_scale= (--pixel-scale)", pixel_scale), dict(given or {})
    if scale is None:
        return arguments
    if "pixel_scale" in arguments:
        raise ArgumentError("the pixel scale is given twice: by pixel_scale= (--pixel-scale), and among the arguments")
    return {**arguments, "pixel_scale": scale}


def _model(start: Model, name: str | Path, network: Architecture) -> dict[str, Any]:
    """What a recipe says of the network and of the model that it starts from."""
    assert start.spec is not None
    found = Path(name).expanduser()
    taken = {key.name for key in keys_of(network.arguments)}
    return {
        "architecture": network.name,
        "plugin": start.spec.plugin,
        "arguments": {key: value for key, value in start.spec.arguments.items() if key in taken},
        "warm_start": str(found.absolute()) if found.is_dir() else start.spec.id,
    }


def _images(start: Model, dataset: Dataset, task: str) -> dict[str, Any]:
    """What it says of bands, classes and parameters: those of the data set, but of an unsupervised task the model's."""
    heads = dataset.description.heads if dataset.description.task == task else start.heads
    declared = start.preprocess.declared()
    changed = len(dataset.description.bands) != len(start.bands)
    return {
        "bands": dataset.description.bands,
        "classes": heads.classes or None,
        "parameters": heads.parameters or None,
        "units": heads.units or None,
        "likelihood": start.heads.likelihood if heads.parameters else None,
        "preprocess": preprocess_for(declared) if changed else declared,
        "pixel_scale": start.preprocess.trained_at,
    }


def _in_other_order(classes: tuple[str, ...], dataset: Dataset, train: DataRecipe) -> bool:
    """The folders of a user are the model's own classes, and their order is declared nowhere."""
    found = dataset.description.heads.classes
    free = train.dataset == "folder" and "classes" not in train.arguments
    return free and found != classes and sorted(found) == sorted(classes)


def _other(train: DataRecipe, changes: Mapping[str, Any]) -> DataRecipe:
    return train.model_copy(update={"arguments": {**train.arguments, **changes}})
