"""What a task does that says no more than it must."""

from dataclasses import dataclass

import pytest
import torch

from zoo_core.errors import SpecError
from zoo_core.predictions import UNCALIBRATED, Prediction
from zoo_core.symmetries import Position, turned
from zoo_core.tasks import Heads, Task

PLACES = Heads(parameters=("x", "y"), units=("arcsec", "arcsec"))


@dataclass(frozen=True)
class Place(Prediction):
    """Where something is."""

    x: torch.Tensor

    def to_table(self):
        return {"x": self.x.tolist()}


class Localisation(Task):
    """Two numbers an image."""

    name = "localisation"
    trains_on = ("localisation",)

    def outputs(self, heads):
        return 2

    def prediction(self, output, heads, calibration=UNCALIBRATED):
        return Place(output[:, 0])

    def loss(self, output, target, heads):
        return (output - target).square().mean()

    def empty_columns(self, heads):
        return {"x": []}


def views_of(values):
    """What a network without error says of each view of images of which this is true."""
    symmetries = Localisation().symmetries(PLACES)
    return [turned(values, PLACES.parameters, symmetries, torch.full((len(values),), k)) for k in range(8)]


def test_places_are_turned_back_before_views_are_averaged():
    places = torch.tensor([[1.0, 2.0], [-3.0, 0.5]])
    task = Localisation()

    assert task.symmetries(PLACES) == (Position("x", "y"),)
    torch.testing.assert_close(task.average(views_of(places), PLACES, task.symmetries(PLACES)), places)


def test_outputs_without_parameters_have_the_mean_of_the_views():
    outputs = [torch.full((3, 1), float(k)) for k in range(8)]
    assert torch.equal(Localisation().average(outputs, Heads(), ()), torch.full((3, 1), 3.5))


def test_outputs_that_are_not_one_of_each_parameter_are_no_silent_mean():
    task, outputs = Localisation(), [torch.zeros(2, 4)] * 8
    with pytest.raises(SpecError, match=r"outputs of shape \(2, 4\) .* 2 parameters; `Localisation.average` must turn"):
        task.average(outputs, PLACES, task.symmetries(PLACES))


def test_a_parameter_that_nobody_knows_to_turn_is_named():
    with pytest.raises(SpecError, match="wobble"):
        Localisation().symmetries(Heads(parameters=("wobble",), units=("rad",)))
