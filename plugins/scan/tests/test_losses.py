"""The losses are the published formulas."""

import math

import pytest
import torch
from torch.nn import functional as F
from zoo_scan.losses import LEAST, entropy, nt_xent, scan_loss


def unit_vectors(images, dimensions=5, seed=0):
    return F.normalize(torch.randn(images, dimensions, generator=torch.Generator().manual_seed(seed)), dim=1)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_contrast_is_the_formula_summed_by_hand(temperature):
    one, other = unit_vectors(4), unit_vectors(4, seed=1)
    views = [*one, *other]
    terms = []
    for i, view in enumerate(views):
        partner = views[(i + 4) % 8]
        others = sum(math.exp(float(view @ views[k]) / temperature) for k in range(8) if k != i)
        terms.append(-math.log(math.exp(float(view @ partner) / temperature) / others))

    assert nt_xent(one, other, temperature).item() == pytest.approx(sum(terms) / 8, rel=1e-5)  # float32 sums


def test_contrast_of_perfect_and_of_collapsed_embeddings():
    apart, same = torch.eye(4), torch.ones(4, 4) / 2

    assert nt_xent(apart, apart, 0.01).item() == pytest.approx(0, abs=1e-6)
    assert nt_xent(same, same, 0.01).item() == pytest.approx(math.log(7), rel=1e-5)  # 1 of 7 other views


def test_contrast_pushes_the_views_of_other_images_away():
    one = unit_vectors(4).requires_grad_()

    nt_xent(one, unit_vectors(4, seed=1), 0.5).backward()

    assert one.grad.norm(dim=1).min() > 0


@pytest.mark.parametrize(
    ("anchors", "neighbours", "expected"),
    [
        ([[9.0, -9.0], [-9.0, 9.0]], [[9.0, -9.0], [-9.0, 9.0]], -math.log(2)),  # agree, both clusters used
        ([[9.0, -9.0], [9.0, -9.0]], [[9.0, -9.0], [9.0, -9.0]], 0.0),  # agree on one cluster alone
        ([[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]], 0.0),  # <p, p> = 1/2, entropy log 2
        ([[90.0, -90.0], [-90.0, 90.0]], [[-90.0, 90.0], [90.0, -90.0]], -math.log(LEAST) - math.log(2)),
    ],
)
def test_scan_loss_of_two_clusters(anchors, neighbours, expected):
    loss = scan_loss(torch.tensor(anchors), torch.tensor(neighbours), entropy_weight=1.0)

    assert loss.item() == pytest.approx(expected, abs=1e-5)


def test_entropy_weight_scales_the_entropy_alone():
    logits = torch.randn(3, 8, 5, generator=torch.Generator().manual_seed(0))
    spread = entropy(logits.softmax(-1).mean(1))

    torch.testing.assert_close(scan_loss(logits, logits, 0.0) - scan_loss(logits, logits, 5.0), 5 * spread)


def test_each_head_has_a_loss_of_its_own():
    logits = torch.randn(3, 8, 5, generator=torch.Generator().manual_seed(0))

    together = scan_loss(logits, logits.roll(1, 1), 2.0)

    for head in range(3):
        torch.testing.assert_close(together[head], scan_loss(logits[head], logits[head].roll(1, 0), 2.0))


def test_certain_disagreement_has_a_finite_gradient():
    anchors = torch.tensor([[200.0, -200.0]], requires_grad=True)

    scan_loss(anchors, -anchors.detach(), 5.0).backward()

    assert anchors.grad.isfinite().all()
