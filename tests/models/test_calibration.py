"""The temperature undoes over-confidence, whatever the mix of classes."""

import pytest
import torch

from zoo_core.models.calibration import temperature
from zoo_core.tasks import Heads, task_named

HEADS = Heads(classes=("nonlens", "lens"))


def overconfident(n, fraction, factor):
    """Logits that are `factor` times what they should be, of n images with that fraction of positives."""
    generator = torch.Generator().manual_seed(0)
    targets = (torch.rand(n, generator=generator) < fraction).float()
    honest = 2 * (2 * targets - 1) + 2 * torch.randn(n, generator=generator)  # d' = 2: the log likelihood ratio itself
    return factor * honest[:, None], targets


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("fraction", [0.5, 0.1])
def test_it_finds_the_factor_by_which_logits_are_too_large(factor, fraction):
    logits, targets = overconfident(40_000, fraction, factor)

    found = temperature(logits, targets, task_named("classification"), HEADS)

    assert found == pytest.approx(factor, rel=0.05)  # three standard errors of the rarer class
