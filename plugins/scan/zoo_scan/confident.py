"""Which predictions are sure enough to be taken for labels."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["Confident", "self_label_loss", "surest"]


@dataclass(frozen=True)
class Confident:
    """Predictions that are taken for labels.

    Arguments:
        rows: of the batch, (n,), never empty.
        labels: the cluster of each, (n,).
        weights: (K,), of each cluster in the loss, so that all that occur count alike; 0 where none is sure.
    """

    rows: Tensor
    labels: Tensor
    weights: Tensor


def surest(probabilities: Tensor, threshold: float, least: float) -> Confident:
    """Those above the threshold; of a cluster with few of them, its surest members.

    Arguments:
        probabilities: (B, K), B > 0.
        threshold: on the largest probability.
        least: share of a cluster's members that are taken whatever their probability, at least one.

    Source: Van Gansbeke et al. (2020), section 2.3, who have a threshold alone: no image may pass it, and one cluster
    may be all that does.
    """
    p, labels = probabilities.max(1)
    sure = p > threshold
    for cluster in labels.unique():
        members = (labels == cluster).nonzero()[:, 0]
        wanted = max(1, round(least * len(members)))
        sure[members[p[members].topk(wanted).indices]] = True
    rows = sure.nonzero()[:, 0]
    counts = torch.bincount(labels[rows], minlength=probabilities.shape[1]).to(p.dtype)
    weights = torch.where(counts > 0, len(rows) / counts.clamp(min=1) / (counts > 0).sum(), 0.0)
    return Confident(rows, labels[rows], weights)


def self_label_loss(logits: Tensor, confident: Confident) -> Tensor:
    """Cross entropy of other views (B, K) to the confident labels, each cluster with the same weight."""
    chosen = logits[confident.rows].float()
    return F.cross_entropy(chosen, confident.labels, weight=confident.weights)
