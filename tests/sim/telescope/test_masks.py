"""Masks leave the middle of the frame and its first band."""

import numpy as np
import torch

from zoo_core.sim.telescope.masks import HALO, MISSING, draw_mask, draw_masks, masked

BANDS, SIDE, SCALE = 4, 101, 0.2


def both(count):
    one_by_one = torch.tensor([draw_mask(np.random.default_rng([1, i]), BANDS) for i in range(count)])
    return one_by_one, draw_masks(torch.Generator().manual_seed(1), count, BANDS)


def test_halos_and_missing_bands_are_as_frequent_drawn_alone_and_in_batches():
    for masks in both(3000):
        assert abs(float((masks[:, 2] > 0).float().mean()) - HALO) < 0.025  # 4 sigma
        assert abs(float((masks[:, 3] > 0).float().mean()) - MISSING) < 0.018
        assert set(masks[:, 3].tolist()) == {0.0, 1.0, 2.0, 3.0}


def test_no_mask_touches_the_middle_of_the_first_band():
    for masks in both(300):
        hidden = masked(SIDE, SCALE, masks, BANDS)[:, 0]
        assert not hidden[:, 44:57, 44:57].any() and hidden.any()


def test_a_missing_band_is_missing_whole_and_a_halo_is_in_all_bands():
    halo, band = torch.tensor([[8.0, 0.0, 4.0, 0.0]]), torch.tensor([[0.0, 0.0, 0.0, 2.0]])
    in_halo, without = (masked(SIDE, SCALE, one, BANDS)[0] for one in (halo, band))
    assert all(torch.equal(in_halo[0], other) for other in in_halo) and in_halo[0, 50, 95] and not in_halo[0, 50, 5]
    assert without[2].all() and not without[[0, 1, 3]].any()
