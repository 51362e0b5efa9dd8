"""Images are the same wherever they are kept."""

import numpy as np
import pytest
import torch

from zoo_core.datasets.store import ImageStore

CPU = torch.device("cpu")
BLOCKS = [np.arange(12, dtype=np.float16).reshape(3, 2, 2), np.arange(12, 20, dtype=np.float16).reshape(2, 2, 2)]
ROWS = np.array([4, 0, 3, 3, 2])


@pytest.mark.parametrize("memory", [0, 40])
def test_rows_come_from_any_block_in_the_order_asked_for(memory):
    images = ImageStore(BLOCKS, CPU, memory)

    assert images.resident == (memory > 0)
    np.testing.assert_array_equal(images.images(ROWS).numpy(), np.concatenate(BLOCKS)[ROWS].astype(np.float32))


def test_what_does_not_fit_into_the_memory_stays_where_it_is():
    assert not ImageStore(BLOCKS, CPU, memory=39).resident  # 40 bytes are needed


def test_released_images_are_read_from_their_arrays():
    images = ImageStore(BLOCKS, CPU, memory=40)
    before = images.images(ROWS)

    assert images.release() and not images.release()

    torch.testing.assert_close(images.images(ROWS), before)
