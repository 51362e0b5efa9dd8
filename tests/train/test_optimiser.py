"""The optimiser of a recipe: its algorithm, what is decayed, and its schedule."""

import pytest
import torch
from torch import nn

from zoo_core.train.module import SCHEDULES, TrainingModule
from zoo_core.train.recipe import Optimiser, Recipe


def optimiser_of(**chosen):
    content = {"id": "x.y", "architecture": "x", "plugin": "zoo-x", "train": {"dataset": "folder"}, "steps": 30}
    recipe = Recipe.model_validate({**content, "optimiser": Optimiser(lr=1e-3, weight_decay=0.1, **chosen)})
    network = nn.Linear(2, 1)
    rates = {name: 1.0 for name, _ in network.named_parameters()}
    made = TrainingModule(network, recipe, rates).configure_optimizers()
    return made["optimizer"], made["lr_scheduler"]["scheduler"]


def test_adam_decays_every_parameter_and_adamw_spares_biases():
    adam, _ = optimiser_of(algorithm="adam")
    adamw, _ = optimiser_of()

    assert isinstance(adam, torch.optim.Adam) and isinstance(adamw, torch.optim.AdamW)
    assert [group["weight_decay"] for group in adam.param_groups] == [0.1]
    assert sorted(group["weight_decay"] for group in adamw.param_groups) == [0.0, 0.1]


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [("constant", [1, 1, 1, 1]), ("thirds", [1, 0.1, 0.01, 0.01]), ("cosine", [1, 0.75, 0.25, 0])],
)
def test_the_rate_follows_the_schedule(schedule, rates):
    assert [SCHEDULES[schedule](k / 3) for k in range(4)] == pytest.approx(rates)


def test_the_schedule_of_the_recipe_is_the_one_that_runs():
    optimiser, scheduler = optimiser_of(schedule="thirds")
    rates = []
    for _ in range(30):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()

    assert rates[::10] == pytest.approx([1e-3, 1e-4, 1e-5]) and rates[9] == pytest.approx(1e-3)
