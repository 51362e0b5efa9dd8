"""Parameters that are drawn in processes of their own."""

from pathlib import Path

import pytest

from zoo_core.datasets.simulated.ahead import drawn_ahead
from zoo_core.datasets.simulated.finding import Finding, finding_space, finding_space_shifted

SPANS = [(0, 3), (3, 5)]


@pytest.mark.parametrize("opened", [finding_space, finding_space_shifted])
def test_cutouts_drawn_in_other_processes_are_those_drawn_here(opened, tmp_path: Path):
    dataset: Finding = opened(n=5, seed=9, cache=tmp_path)

    elsewhere, here = (list(drawn_ahead(dataset.cutouts, SPANS, processes)) for processes in (2, 0))

    assert elsewhere == here
