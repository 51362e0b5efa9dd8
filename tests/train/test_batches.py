"""Training batches are a function of seed and step alone, balanced, and prepared as for prediction."""

import numpy as np
import pytest
import torch

from zoo_core.datasets.simulated.finding import finding_space
from zoo_core.images.preprocess import Preprocess
from zoo_core.interfaces import TrainingView
from zoo_core.train import batches as batches_module
from zoo_core.train.batches import Augmented, BalancedBatches, EpochBatches, FreshBatches, class_groups
from zoo_core.train.descent import relieve
from zoo_core.train.recipe import Augmentation

from ..operators import Operators

SIZE = 15
PREPROCESS = Preprocess.from_operations([{"op": "frame", "size": SIZE}, {"op": "noise_units"}], ["VIS"])


class Noise(TrainingView):
    """Noise with a border that was not measured in every other image."""

    targets = np.repeat(np.float32([0, 1]), [90, 10])

    def draw(self, rows, generator):
        images = torch.randn(len(rows), 1, SIZE, SIZE, generator=generator)
        images[::2, :, :2] = torch.nan
        return images, torch.from_numpy(self.targets[rows])


IMAGES = Augmented(Noise(), PREPROCESS, None, Augmentation(gain=0.2, offset=0.1), torch.device("cpu"))


def batches(**changes):
    arguments = {
        "images": IMAGES,
        "groups": class_groups(Noise.targets, balanced=True),
        "batch_size": 8,
        "steps": 5,
        "seed": 3,
    }
    return BalancedBatches(**{**arguments, **changes})


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


def test_an_epoch_holds_each_row_once_in_an_order_of_its_own():
    stage = EpochBatches(IMAGES, batch_size=20, steps=15, seed=3)
    epochs = [torch.cat([stage[step][1] for step in range(first, first + 5)]) for first in (0, 5, 10)]

    assert all(sorted(epoch.tolist()) == list(range(100)) for epoch in epochs)
    assert not torch.equal(epochs[0], epochs[1])


def test_a_batch_may_lie_in_two_epochs():
    rows = torch.cat([EpochBatches(IMAGES, batch_size=30, steps=10, seed=3)[step][1] for step in range(10)])

    assert torch.bincount(rows).tolist() == [3] * 100


def test_a_batch_of_an_epoch_depends_on_seed_and_step_alone():
    first, second, other = (EpochBatches(IMAGES, batch_size=8, steps=5, seed=seed)[4] for seed in (3, 3, 4))

    torch.testing.assert_close(first, second, rtol=0, atol=0)
    assert not torch.equal(first[0], other[0])


def test_fresh_rows_follow_one_another_and_never_come_again():
    class Rows(Noise):
        def draw(self, rows, generator):
            return torch.randn(len(rows), 1, SIZE, SIZE, generator=generator), torch.from_numpy(rows)

    images = Augmented(Rows(), PREPROCESS, None, Augmentation(), torch.device("cpu"))
    fresh = FreshBatches(images, batch_size=8, steps=5, seed=3)

    assert torch.cat([fresh[step][1] for step in range(5)]).tolist() == list(range(40))


@pytest.mark.parametrize("declared", [[], [{"op": "resample", "pixel_scale": 0.2}], [{"op": "bin", "factor": 2}]])
@pytest.mark.parametrize("side", [9, 15, 40])
def test_images_of_any_size_and_scale_are_prepared_as_the_network_takes_them(declared, side):
    class Wide(Noise):
        def draw(self, rows, generator):
            return torch.randn(len(rows), 1, side, side, generator=generator), torch.zeros(len(rows))

    preprocess = Preprocess.from_operations([*declared, {"op": "frame", "size": SIZE}], ["VIS"])
    channels, _ = Augmented(Wide(), preprocess, 0.1, Augmentation(), torch.device("cpu")).draw(np.arange(4), seed=1)

    assert channels.shape == (4, 1, SIZE, SIZE)
    assert channels.isfinite().all()


def test_where_memory_is_short_the_images_go_first_and_then_half_of_each_batch(caplog):
    class Large(Noise):
        held = True

        def release(self):
            held, self.held = self.held, False
            return held

    images = Augmented(Large(), PREPROCESS, None, Augmentation(), torch.device("cpu"))
    lean = BalancedBatches(images, class_groups(Noise.targets, balanced=True), 4, 5, 3)

    sizes = [(relieve(lean), lean.batch_size) for _ in range(4)]

    assert sizes == [(True, 4), (True, 2), (True, 1), (False, 1)]
    assert "host's memory" in caplog.messages[0] and "2 images" in caplog.messages[1]


def test_batches_that_are_drawn_together_are_functions_of_seed_and_step_too(monkeypatch):
    monkeypatch.setitem(batches_module.AT_ONCE, "cpu", 24)
    resumed, whole = batches(), batches()

    last = resumed[4]
    others = [whole[step] for step in range(5)]

    assert resumed.together == 3
    torch.testing.assert_close(others[4], last, rtol=0, atol=0)
    assert all(images.shape == (8, 1, SIZE, SIZE) and targets.sum() == 4 for images, targets in others)
    assert not torch.equal(others[0][0], others[1][0])


@pytest.fixture(scope="module")
def lenses(tmp_path_factory):
    """Scenes as the recipe of lastro.space exposes them."""
    folder = tmp_path_factory.mktemp("bank")
    view = finding_space(n=4, seed=3, lens_fraction=0.5, cache=folder).training_view(folder, torch.device("cpu"))
    preprocess = Preprocess.from_operations([{"op": "frame", "size": 101}, {"op": "noise_units"}], ["VIS"])
    return Augmented(view, preprocess, 0.1, Augmentation(gain=0.2, offset=0.1), torch.device("cpu"))


def test_feeding_takes_as_many_operators_however_many_images_a_batch_has(lenses):
    counts = []
    for size in (16, 32):
        with Operators() as operators:
            lenses.draw(np.arange(size) % 4, seed=5)
        counts.append(operators.count)

    assert max(counts) < 2000 and abs(counts[1] - counts[0]) < 100
