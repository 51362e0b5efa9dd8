"""Training batches are a function of seed and step alone, balanced, and prepared as for prediction."""

import numpy as np
import torch

from zoo_core.images.preprocess import Preprocess
from zoo_core.interfaces import TrainingView
from zoo_core.train.batches import TrainingBatches, class_groups
from zoo_core.train.recipe import Augmentation

SIZE = 15
PREPROCESS = Preprocess.from_operations([{"op": "frame", "size": SIZE}, {"op": "noise_units"}], ["VIS"])


class Noise(TrainingView):
    """Noise with a border that was not measured in every other image."""

    targets = np.repeat(np.float32([0, 1]), [90, 10])

    def draw(self, rows, generator):
        images = torch.randn(len(rows), 1, SIZE, SIZE, generator=generator)
        images[::2, :, :2] = torch.nan
        return images, torch.from_numpy(self.targets[rows])


def batches(**changes):
    arguments = {
        "view": Noise(),
        "preprocess": PREPROCESS,
        "pixel_scale": None,
        "groups": class_groups(Noise.targets, balanced=True),
        "batch_size": 8,
        "steps": 5,
        "seed": 3,
        "augmentation": Augmentation(gain=0.2, offset=0.1),
    }
    return TrainingBatches(**{**arguments, **changes})


def test_a_batch_depends_on_seed_and_step_alone():
    torch.testing.assert_close(batches()[4], batches()[4], rtol=0, atol=0)
    assert not torch.equal(batches()[4][0], batches()[3][0])
    assert not torch.equal(batches()[4][0], batches(seed=4)[4][0])


def test_rare_positives_fill_half_of_a_balanced_batch():
    assert all(batches()[step][1].sum() == 4 for step in range(5))


def test_without_balance_they_are_as_rare_as_they_are():
    unbalanced = batches(groups=class_groups(Noise.targets, balanced=False), batch_size=500)

    assert 20 < unbalanced[0][1].sum() < 80  # 50 expected, sigma 6.7


def test_what_was_not_measured_is_filled():
    assert batches()[0][0].isfinite().all()


def test_drawing_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()

    batches()[0]

    assert torch.equal(before, torch.get_rng_state())
