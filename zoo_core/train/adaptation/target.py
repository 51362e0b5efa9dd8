"""The target of a recipe, and the method by which a network adapts to it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

import numpy as np

from ...errors import RecipeError
from ...interfaces import Dataset
from ...models.model import Model
from ...typed import read_typed
from ..batches import BalancedBatches, Batches
from ..data import open_data
from ..descent import Plan
from ..module import TrainedNetwork
from ..prepared import PreparedImages, PreparedView
from ..recipe import Adaptation
from .adamatch import AdaMatch
from .adda import Adda
from .batches import DomainBatches
from .dann import Dann
from .method import Method, features_and_outputs
from .mmd import Mmd
from .network import AdaptedNetwork
from .self_ensembling import SelfEnsembling

__all__ = ["METHODS", "Target"]

METHODS: Mapping[str, type[Method]] = {
    "adamatch": AdaMatch,
    "adda": Adda,
    "dann": Dann,
    "mmd": Mmd,
    "self_ensembling": SelfEnsembling,
}


@dataclass(frozen=True)
class Target:
    """Unlabelled images that a network adapts to.

    Arguments:
        dataset: its labels are not read.
        model: that is trained.
        plan: of the run.
        wanted: what its recipe says.
        head: name of the last layer of the network.
    """

    dataset: Dataset
    model: Model
    plan: Plan
    wanted: Adaptation
    head: str

    @classmethod
    def of(cls, model: Model, plan: Plan, wanted: Adaptation, head: Sequence[str]) -> "Target":
        """The target of a recipe.

        Arguments:
            head: names of the tensors of the last layer.

        Raises:
            RecipeError: the task has no classes, the network has no last layer of its own, or trains in its own way.
        """
        task, architecture = model.task, model.architecture
        if not (task.balances_classes and task.gives_probabilities) or architecture.train is not None:
            own = " and trains in its own way" if architecture.train else ""
            raise RecipeError(
                f"adaptation: {architecture.name} is for {task.name}{own}; "
                "only what classifies by gradient descent adapts"
            )
        owners = {name.rpartition(".")[0] for name in head}
        if len(owners) != 1 or "" in owners:
            raise RecipeError(
                f"adaptation: {architecture.name} has no last layer of its own, outputs depend on {', '.join(head)}"
            )
        dataset = open_data(wanted.target, task, model.bands, architecture.name)
        return cls(dataset, model, plan, wanted, owners.pop())

    def network(self, source: PreparedImages, trained: TrainedNetwork) -> AdaptedNetwork:
        """The network under the method of the recipe.

        Arguments:
            source: validation images; one of them tells how many features there are.
            trained: the network as it would be trained on the source alone.
        """
        kind, network = METHODS[self.wanted.method], self.model.network
        where = f"adaptation: settings of {self.wanted.method}"
        settings = read_typed(kind.Settings, self.wanted.settings, where, RecipeError)
        seen = features_and_outputs(network.eval(), network.get_submodule(self.head), source.channels(slice(1)))
        network.train()
        return AdaptedNetwork(
            self.model,
            trained.recipe,
            trained.rates,
            trained.monitor,
            trained.truth,
            method=kind(settings, network, seen.features.shape[1]).to(self.plan.device),
            head=self.head,
            target=PreparedImages(self.dataset, self.model.preprocess, self.plan.folder / "data", self.plan.device),
        )

    @contextmanager
    def beside(self, source: Batches) -> Iterator[DomainBatches]:
        """Batches of the source with as many images of the target as they are; to draw these anew takes their truth."""
        preprocess, device, recipe = self.model.preprocess, self.plan.device, self.plan.recipe
        view = PreparedView(self.dataset, preprocess, self.plan.folder / "data", device)
        scale = self.dataset.description.pixel_scale
        images = replace(source.images, view=view, pixel_scale=scale, turn=None)
        rows = [np.arange(len(self.dataset))]
        with closing(view):
            target = BalancedBatches(images, rows, recipe.batch_size, recipe.steps, recipe.seed + 1)
            yield DomainBatches(source, target)
