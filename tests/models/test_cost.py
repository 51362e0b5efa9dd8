"""The cost of a network is that of its layers, counted by hand."""

from dataclasses import replace

import pytest
from torch import Tensor, nn

import zoo_core as zoo
from zoo_core.catalog.registry import catalog
from zoo_core.catalog.specs import Cost
from zoo_core.models.cost import cost_of

from ..tiny_models import SIZE, tiny_model


def test_convolutions_and_layers_cost_what_they_do_by_hand():
    model = tiny_model()

    made = SIZE - 4  # pixels a side after 5 x 5
    assert cost_of(model) == Cost(
        parameters=4 * 25 + 4 + 2 * 4 + 4 + 1,
        flops=2 * 25 * 4 * made**2 + 2 * 4,
    )


def test_attention_is_counted():
    class Attends(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            rows = x[:, 0]
            return nn.functional.scaled_dot_product_attention(rows, rows, rows)

    model = replace(tiny_model(), network=Attends())

    assert cost_of(model) == Cost(parameters=0, flops=2 * 2 * SIZE**3)


def test_members_count_with_their_own_views():
    members = [zoo.load(name, device="cpu") for name in ("trivial.space", "lastro.space")]
    single, many = map(cost_of, members)

    together = cost_of(zoo.committee(members, "committee.pair"))

    assert together.parameters == single.parameters + many.parameters
    # what makes their channels is inside the committee; the high-pass is a convolution
    assert together.flops == pytest.approx(single.flops + 8 * many.flops, rel=0.01)


def test_operations_that_the_image_decides_are_none():
    class Iterates(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            for _ in range(int(x.abs().amax())):
                x = x @ x.sigmoid()
            return x

    assert cost_of(replace(tiny_model(), network=Iterates())) == Cost(parameters=0, flops=None)


@pytest.mark.parametrize("id", sorted(id for id, spec in catalog().models.items() if not spec.members))
def test_an_entry_has_the_parameters_of_its_network(id):
    spec = catalog().models[id]
    assert spec.cost is not None and spec.cost.parameters == zoo.load(id, device="cpu").n_parameters
