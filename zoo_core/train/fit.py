"""From a recipe to a folder that `zoo.load` reads."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ..catalog.specs import TrainedOn
from ..errors import RecipeError
from ..files import make_folder, sole, sweep, whole
from ..images.preprocess import Preprocess
from ..interfaces import Architecture, Dataset, Training, TrainingView
from ..models.model import Model
from ..models.network import Dimensions, arguments_of, initialised
from ..plugins import architecture as architecture_named
from ..symmetries import Symmetry
from ..tasks import Calibration, Heads
from ..typed import as_values, read_typed
from .adaptation.target import Target
from .batches import Augmented, BalancedBatches, Batches, FreshBatches, class_groups
from .data import learning_from, open_both, with_path
from .descent import Descent, Plan, Session
from .driven import DrivenTraining
from .export import export
from .layers import freeze, rates
from .metrics import Monitor, monitor_of
from .module import TrainedNetwork
from .prepared import PreparedImages, view_of
from .recipe import DataRecipe, Recipe, read_recipe, written
from .subset import whole_of
from .turning import declared_of, turn_of, warn_off_centre
from .warm import begin_as, centre, head_of

__all__ = ["check_unclaimed", "run", "train"]

RECIPE = "recipe.yaml"
STATEMENTS = {"licence", "paper", "training_data", "known_failures"}  # of `publish`; no number depends on them

log = logging.getLogger("zoo")


def train(
    recipe_path: str | Path,
    out: str | Path | None = None,
    *,
    data: str | Path | None = None,
    resume: bool = True,
    device: str = "auto",
    max_time: str | None = None,
    steps: int | None = None,
    on: str | None = None,
    progress: bool = True,
) -> Path:
    """Train as the recipe says; the folder of the result holds config.json and model.safetensors.

    Arguments:
        recipe_path: YAML file, see `zoo_core.train.recipe`.
        out: folder of the run; by default runs/<model id>. It keeps the checkpoints, the prepared images and the log.
        data: where the images are that a data set of the recipe reads from files.
        resume: go on from the last checkpoint in `out`, if there is one.
        device: auto, cpu, cuda or mps.
        max_time: stop after "DD:HH:MM:SS", with the best checkpoint so far.
        steps: instead of the recipe's.
        on: a data set to learn from instead of the recipe's, its bands and classes those of the network; a fifth of
            its images is held out.
        progress: show a progress bar.

    Raises:
        RecipeError: the recipe cannot be run.
        FileError: another run trains in the folder, or it cannot be written.
        TrainingError: nothing usable came of it.
    """
    recipe = read_recipe(Path(recipe_path))
    if steps is not None:
        recipe = recipe.with_steps(steps)
    recipe = with_path(recipe, data) if on is None else learning_from(recipe, on, data)
    folder = Path(out) if out is not None else Path("runs") / recipe.id
    return run(recipe, folder, Session.starting(device, resume, progress, max_time))


def run(recipe: Recipe, folder: Path, session: Session) -> Path:
    """Train as the recipe says, in that folder; see `train`."""
    make_folder(folder)
    with sole(folder), torch.random.fork_rng():
        sweep(folder)
        torch.manual_seed(recipe.seed)
        return _Run(Plan(recipe, folder, session)).result()


def check_unclaimed(folder: Path, recipe: Recipe, resume: bool) -> None:
    """Raise RecipeError if the folder is to be resumed, and holds the run of another recipe.

    What is stated of the weights when they are published may have changed: it is written anew.
    """
    path = folder / RECIPE
    content = _content(recipe)
    before = _content(read_recipe(path)) if resume and path.exists() else content
    if changed := sorted(key for key in before | content if before.get(key) != content.get(key)):
        raise RecipeError(
            f"{folder} holds another run: {', '.join(changed)} differ, see {path.name} in it; choose another "
            "folder (-o, out=), or begin anew (--restart, resume=False)"
        )


def _content(recipe: Recipe) -> dict[str, Any]:
    content = recipe.model_dump(mode="json", exclude_defaults=True, exclude={"publish": STATEMENTS})
    return {key: value for key, value in content.items() if value != {}}  # of `publish` statements alone


class _Run:
    """One run of a recipe in its folder."""

    def __init__(self, plan: Plan):
        self.plan, self.recipe, self.folder = plan, plan.recipe, plan.folder
        recipe, architecture = plan.recipe, architecture_named(plan.recipe.architecture, plan.recipe.plugin)
        heads = _heads(recipe, architecture)
        if fault := heads.fault():
            raise RecipeError(fault)
        if fault := Calibration(prior=recipe.publish.prior).fault(heads):
            raise RecipeError(f"publish: {fault}")
        preprocess = Preprocess.from_operations(
            recipe.preprocess or architecture.preprocess, recipe.bands or architecture.bands
        )
        self.arguments = as_values(arguments_of(architecture, recipe.arguments))
        network = initialised(architecture, Dimensions.of(architecture, preprocess, heads), self.arguments)
        self.model = Model(recipe.id, architecture, network, preprocess, heads)
        self.settings = read_typed(
            architecture.settings, recipe.settings, f"settings of {recipe.architecture}", RecipeError
        )

    def result(self) -> Path:
        """Train, calibrate, write."""
        task, trains = self.model.task, self.model.architecture.train
        training, validation = open_both(self.recipe, task, self.model.bands)
        self.model = model = self._scaled(training)
        _require_same_parameters(training, model.heads)
        symmetries = self._symmetries(training)
        if trains is None:  # else the stages know what of them is still valid
            check_unclaimed(self.folder, self.recipe, self.plan.session.resume)
        descends = trains is None and not task.trains_itself
        monitor = monitor_of(self.recipe, task, model.heads, validation) if descends else None
        held_out = PreparedImages(validation, model.preprocess, self.folder / "data", self.plan.device)
        self.target = self._target()
        trained_on = self._begin(training)
        if trains is not None:
            self._driven(trains, DrivenTraining(model, self.plan, self.settings, training, held_out))
        elif monitor is None:
            raise RecipeError(
                f"{model.architecture.name} finds classes without labels, so it needs a training of its own, see "
                "`Architecture.train`"
            )
        else:
            self._descend(training, held_out, monitor)
        return export(model, self.plan, held_out, trained_on, symmetries, training.targets)

    def _scaled(self, training: Dataset) -> Model:
        """The model, whose preprocessing knows the scale of the pixels that it learns from."""
        preprocess = self.model.preprocess
        known = replace(preprocess, trained_at=_scale(self.recipe, preprocess, training))
        return replace(self.model, preprocess=known)

    def _symmetries(self, data: Dataset) -> tuple[Symmetry, ...]:
        """How the parameters turn with the image, where that is declared; what turns must be known."""
        recipe = self.recipe
        declared = declared_of(data, recipe)
        if recipe.publish.views > 1:
            self.model.task.symmetries(self.model.heads, declared)
        turn_of(data, recipe)
        warn_off_centre(data, recipe, self.model.preprocess)
        return declared

    def _target(self) -> Target | None:
        wanted = self.recipe.adaptation
        return None if wanted is None else Target.of(self.model, self.plan, wanted, self._head)

    def _begin(self, training: Dataset) -> tuple[TrainedOn, ...]:
        """Set the first weights; returns the data sets that the result will be trained on, those of the start first."""
        recipe = self.recipe
        own = [self._used(recipe.train, training)]
        if self.target is not None:
            own.append(self._used(self.target.wanted.target, self.target.dataset))
        first = self.model.task.first_output(training.targets, self.model.heads)
        if first is not None:
            centre(self.model.network, self._head, first)
        start = recipe.warm_start
        before = () if start is None else begin_as(self.model, self.arguments, start)
        if recipe.freeze:
            freeze(self.model.network, but=self._head)
        return (*before, *own)

    def _used(self, wanted: DataRecipe, found: Dataset) -> TrainedOn:
        return TrainedOn(
            dataset=wanted.dataset,
            domain=found.description.domain,
            arguments=_elsewhere(wanted.arguments),
            seed=self.recipe.seed,
            sha256=whole_of(found).fingerprint(),
        )

    def _claim(self) -> None:
        """Keep the recipe in the folder, now that everything it names has been found to work."""
        with whole(self.folder / RECIPE) as path:
            path.write_text(written(self.recipe), encoding="utf-8")

    @property
    def _head(self) -> list[str]:
        return head_of(self.model, self.arguments)

    def _driven(self, trains: Callable[[Any, Training], None], training: DrivenTraining) -> None:
        self._claim()
        trains(self.model.network, training)
        if unused := training.unused_stages():
            log.warning("the recipe describes stages that there are not: %s", ", ".join(sorted(unused)))

    def _descend(self, data: Dataset, held_out: PreparedImages, monitor: Monitor) -> None:
        recipe, model = self.recipe, self.model
        network = model.network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        network.to(self.plan.device)
        factors = rates(network, held_out.channels(slice(1)), recipe.optimiser.layer_decay)
        truth = held_out.dataset.truth() if monitor.metric else {}
        module = TrainedNetwork(model, recipe, factors, monitor, truth)
        module = module if self.target is None else self.target.network(held_out, module)
        with self._batches(data) as batches, self._beside(batches) as batches:
            self._claim()
            Descent(module, batches, held_out.batches(128), monitor, self.plan).run()

    def _beside(self, source: Batches) -> AbstractContextManager[Batches]:
        return nullcontext(source) if self.target is None else self.target.beside(source)

    @contextmanager
    def _batches(self, data: Dataset) -> Iterator[Batches]:
        recipe, device, preprocess = self.recipe, self.plan.device, self.model.preprocess
        balanced = recipe.balanced and self.model.task.balances_classes
        view = self._fresh(data, balanced) or view_of(data, preprocess, self.folder / "data", device)
        turn = turn_of(data, recipe)
        images = Augmented(view, preprocess, data.description.pixel_scale, recipe.augmentation, device, turn)
        arguments = (recipe.batch_size, recipe.steps, recipe.seed)
        with closing(view):
            if recipe.fresh:
                yield FreshBatches(images, *arguments)
            else:
                yield BalancedBatches(images, class_groups(view.targets, balanced), *arguments)

    def _fresh(self, data: Dataset, balanced: bool) -> TrainingView | None:
        view = data.fresh_view(balanced, self.plan.device) if self.recipe.fresh else None
        if self.recipe.fresh and view is None:
            name = data.description.name
            if self.recipe.validation is None:
                raise RecipeError(f"fresh: of {name} no images are held out; name a data set as `validation`")
            raise RecipeError(f"fresh: {name} has the images that it has, and makes no others; leave it out")
        return view


def _scale(recipe: Recipe, preprocess: Preprocess, training: Dataset) -> float | None:
    """Arcsec of the pixels that the network learns from; None: whatever they are."""
    resampled, stated = preprocess.pixel_scale, recipe.pixel_scale
    if resampled is not None and stated not in (None, resampled):
        raise RecipeError(f"pixel_scale is {stated}, but preprocess resamples to {resampled}; leave it out")
    if isinstance(stated, str):
        return None
    return resampled or stated or training.description.pixel_scale


def _elsewhere(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a data set that mean the same on another machine: of folders and files only the names."""
    return {
        key: Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value
        for key, value in arguments.items()
        if key not in ("path", "cache")
    }


def _require_same_parameters(data: Dataset, heads: Heads) -> None:
    """Columns of the truth and outputs of the network follow the same order."""
    about = data.description
    if about.heads.parameters and heads.parameters and about.heads.parameters != heads.parameters:
        raise RecipeError(
            f"{about.name} has the parameters {', '.join(about.heads.parameters)}, the network "
            f"{', '.join(heads.parameters)}; "
            "write those of the data set, in its order, as `parameters`, with `units`"
        )


def _heads(recipe: Recipe, architecture: Architecture) -> Heads:
    return Heads(
        classes=recipe.classes or architecture.heads.classes,
        parameters=recipe.parameters or architecture.heads.parameters,
        units=recipe.units or architecture.heads.units,
        likelihood=recipe.likelihood or architecture.heads.likelihood,
    )
