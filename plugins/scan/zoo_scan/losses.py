"""What the three stages minimise."""

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["entropy", "nt_xent", "scan_loss"]

LEAST = 1e-8  # of a probability under a logarithm


def nt_xent(one: Tensor, other: Tensor, temperature: float) -> Tensor:
    """Cross entropy of finding an image's other view among the views of the whole batch, by cosine similarity.

    Mean over the 2 B views i, whose other view is j, of -log(exp(z_i z_j / T) / sum_{k != i} exp(z_i z_k / T)).

    Arguments:
        one, other: embeddings (B, D) of two views of the same images, of unit length.
        temperature: that the similarities are divided by.

    Source: Chen et al. (2020), arXiv 2002.05709, where it is named NT-Xent.
    """
    views = torch.cat([one, other]).float()
    similarity = (views @ views.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(similarity, torch.arange(len(views), device=views.device).roll(len(one)))


def scan_loss(anchors: Tensor, neighbours: Tensor, entropy_weight: float) -> Tensor:
    """Neighbours agree on a cluster, and all clusters are used: -log <p_a, p_n> - entropy_weight H(mean p_a).

    Arguments:
        anchors, neighbours: logits (..., B, K); leading dimensions are heads of their own.
        entropy_weight: lower it where the classes are not equally frequent.

    Returns:
        (...), one a head.

    Source: Van Gansbeke et al. (2020), arXiv 2005.12320, section 2.2.
    """
    p_anchor, p_neighbour = anchors.float().softmax(-1), neighbours.float().softmax(-1)
    consistency = -(p_anchor * p_neighbour).sum(-1).clamp(min=LEAST).log().mean(-1)
    return consistency - entropy_weight * entropy(p_anchor.mean(-2))


def entropy(p: Tensor) -> Tensor:
    """-sum p log p over the last dimension, nats."""
    p = p.clamp(min=LEAST)
    return -(p * p.log()).sum(-1)
