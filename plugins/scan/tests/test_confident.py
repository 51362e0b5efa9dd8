"""Self-labelling finds something to learn in any batch, and no cluster swallows the others."""

import pytest
import torch
from zoo_scan.confident import self_label_loss, surest


def test_those_above_the_threshold_are_taken():
    p = torch.tensor([[0.999, 0.001], [0.7, 0.3], [0.001, 0.999], [0.4, 0.6]])

    confident = surest(p, threshold=0.99, least=0.01)

    assert confident.rows.tolist() == [0, 2]
    assert confident.labels.tolist() == [0, 1]


def test_with_none_above_the_threshold_each_cluster_gives_its_surest():
    p = torch.tensor([[0.60, 0.40], [0.55, 0.45], [0.70, 0.30], [0.49, 0.51]])

    confident = surest(p, threshold=0.99, least=0.1)

    assert confident.rows.tolist() == [2, 3]


@pytest.mark.parametrize("clusters", [2, 3, 10])
def test_a_batch_without_any_confidence_has_a_finite_loss(clusters):
    p = torch.full((8, clusters), 1 / clusters)
    logits = torch.zeros(8, clusters, requires_grad=True)

    self_label_loss(logits, surest(p, 0.99, 0.1)).backward()

    assert logits.grad.isfinite().all()


def test_a_batch_of_one_image_is_enough():
    confident = surest(torch.tensor([[0.3, 0.7]]), 0.99, 0.1)

    assert confident.rows.tolist() == [0]
    assert self_label_loss(torch.zeros(1, 2), confident).isfinite()


def test_a_share_of_each_cluster_is_taken_even_if_another_one_is_surer():
    p = torch.cat([torch.tensor([[0.999, 0.001]]).repeat(90, 1), torch.tensor([[0.4, 0.6]]).repeat(10, 1)])

    confident = surest(p, 0.99, least=0.5)

    assert torch.bincount(confident.labels).tolist() == [90, 5]


def test_clusters_count_alike_however_many_images_they_hold():
    labels = torch.tensor([0] * 90 + [1] * 10)
    confident = surest(torch.eye(2)[labels] * 0.998 + 0.001, 0.99, 0.1)

    pull = []
    for cluster in range(2):
        logits = torch.zeros(100, 2, requires_grad=True)
        self_label_loss(logits, confident).backward()
        pull.append(logits.grad[labels == cluster].abs().sum())

    torch.testing.assert_close(pull[0], pull[1])


def test_weights_leave_out_clusters_that_nobody_is_sure_of():
    confident = surest(torch.tensor([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.2, 0.8, 0.0]]), 0.5, 0.1)

    assert confident.weights.tolist() == pytest.approx([0.75, 1.5, 0.0])
