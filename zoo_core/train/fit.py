"""From a recipe to a folder that `zoo.load` reads."""

import logging
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from ..errors import RecipeError
from ..images.preprocess import Preprocess
from ..interfaces import Architecture, Dataset
from ..models.build import build
from ..models.load import load
from ..plugins import architecture as architecture_named
from ..tasks import Heads, task_named
from .batches import BalancedBatches, Looks, class_groups
from .data import open_data, with_path
from .descent import Session, descend
from .driven import DrivenTraining
from .export import export
from .figures import MONITORS, check_monitor
from .module import TrainedNetwork
from .prepared import PreparedImages, view_of
from .recipe import Recipe, read_recipe

__all__ = ["train"]

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
        progress: show a progress bar.

    Raises:
        RecipeError: the recipe cannot be run.
        TrainingError: nothing usable came of it.
    """
    recipe = with_path(read_recipe(Path(recipe_path)), data)
    if steps is not None:
        recipe = recipe.with_steps(steps)
    folder = Path(out) if out is not None else Path("runs") / recipe.id
    folder.mkdir(parents=True, exist_ok=True)
    session = Session.starting(device, resume, progress, max_time)
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        return _Run(recipe, folder, session).result()


class _Run:
    """One run of a recipe in its folder."""

    def __init__(self, recipe: Recipe, folder: Path, session: Session):
        self.recipe, self.folder, self.session = recipe, folder, session
        self.architecture = architecture_named(recipe.architecture, recipe.plugin)
        self.task = task_named(self.architecture.task)
        self.heads = _heads(recipe, self.architecture)
        self.preprocess = Preprocess.from_operations(
            recipe.preprocess or self.architecture.preprocess, recipe.bands or self.architecture.bands
        )
        self.network = build(
            self.architecture,
            self.preprocess.n_channels,
            self.task.outputs(self.heads),
            {**self.architecture.arguments, **recipe.arguments},
        )
        if recipe.warm_start:
            self.network.load_state_dict(load(recipe.warm_start, pretrained=True).network.state_dict(), strict=True)

    def result(self) -> Path:
        """Train, calibrate, write."""
        training, validation = (
            open_data(wanted, self.task, self.preprocess.bands, self.architecture.name)
            for wanted in (self.recipe.train, self.recipe.validation)
        )
        held_out = PreparedImages(validation, self.preprocess, self.folder / "data")
        if self.architecture.train is not None:
            self._driven(training, held_out)
        elif self.task.name == "clustering":
            raise RecipeError(
                f"{self.architecture.name} finds classes without labels, so it needs a training of its own, see "
                "`Architecture.train`"
            )
        else:
            self._descend(training, held_out)
        return export(
            self.network,
            self.architecture,
            self.recipe,
            self.heads,
            self.preprocess,
            held_out,
            self.folder,
        )

    def _driven(self, data: Dataset, held_out: PreparedImages) -> None:
        training = DrivenTraining(
            self.network,
            self.recipe,
            self.task,
            self.heads,
            self.preprocess,
            data,
            held_out,
            self.folder,
            self.session,
        )
        assert self.architecture.train is not None
        self.architecture.train(self.network, training)
        if unused := training.unused_stages():
            log.warning("the recipe describes stages that there are not: %s", ", ".join(sorted(unused)))

    def _descend(self, data: Dataset, held_out: PreparedImages) -> None:
        check_monitor(self.recipe.monitor, self.task, held_out.targets, self.heads)
        network = self.network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        view = view_of(data, self.preprocess, self.folder / "data")
        batches = BalancedBatches(
            Looks(view, self.preprocess, data.pixel_scale, self.recipe.augmentation),
            class_groups(view.targets, self.recipe.balanced and self.task.name == "classification"),
            self.recipe.batch_size,
            self.recipe.steps,
            self.recipe.seed,
        )
        module = TrainedNetwork(network, self.task, self.heads, self.recipe)
        monitor = f"val_{self.recipe.monitor}", MONITORS[self.recipe.monitor]
        descend(module, batches, DataLoader(held_out, batch_size=128), monitor, self.folder, self.session)


def _heads(recipe: Recipe, architecture: Architecture) -> Heads:
    return Heads(
        classes=recipe.classes or architecture.heads.classes,
        parameters=recipe.parameters or architecture.heads.parameters,
        units=recipe.units or architecture.heads.units,
    )
