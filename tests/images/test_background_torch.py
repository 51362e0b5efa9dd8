"""Training fills gaps as prediction does: the batched torch form of `background.continued`."""

import numpy as np
import pytest
import torch

from zoo_core.images import background, noise, noise_torch
from zoo_core.images.background_torch import _nearest, _nearest_of, continued, filled

SIDE = 101
Y, X = np.mgrid[:SIDE, :SIDE] - 50.0
GAPS = {
    "a stamp": (np.abs(Y) <= 15) & (np.abs(X) <= 17),
    "a wide stamp": (np.abs(Y) <= 40) & (np.abs(X) <= 44),
    "a missing edge": Y > -30,
    "two missing edges": (Y > -30) & (X > -43),
    "a box": ~((Y > 10) & (Y < 21) & (X > -30) & (X < -19)),
    "most but a corner": (Y > 0) & (X > 0),
}


def image(seed: int, correlated: bool) -> np.ndarray:
    """A galaxy on a sky of level 3 and standard deviation 1."""
    grain = np.random.default_rng(seed).standard_normal((SIDE, SIDE))
    if correlated:
        grain = (grain + 0.5 * np.roll(grain, 1, 0) + 0.5 * np.roll(grain, 1, 1)) / np.sqrt(1.5)
    return (200 * np.exp(-np.hypot(Y, 1.3 * X) / 5) + grain + 3).astype(np.float32)


def white(count: int) -> torch.Tensor:
    """The white noise that `noise.draw` takes for the first band."""
    shape = noise_torch.white_shape(SIDE, SIDE)
    drawn = np.random.Generator(np.random.Philox(key=[noise.KEY, 0])).standard_normal(shape)
    return torch.from_numpy(drawn).float().expand(count, *shape)


@pytest.mark.parametrize("correlated", [False, True])
def test_every_pixel_is_that_of_prediction_where_the_white_noise_is_the_same(correlated):
    images = np.stack([image(seed, correlated) for seed in range(len(GAPS))])
    valid = np.stack(list(GAPS.values()))

    ours = continued(torch.from_numpy(images), torch.from_numpy(valid), white(len(images))).numpy()

    for number, name in enumerate(GAPS):
        theirs = background.continued(images[number : number + 1], valid[number : number + 1])[0]
        few = valid[number].sum() < 60**2  # so few that prediction draws white noise of another size
        # single precision of a range of 200 sigma; the noise of one draw differs in its own level by some of it
        tolerance = {"rtol": 0.05, "atol": 0.15} if few else {"rtol": 0, "atol": 2e-3}
        gap = ~valid[number]
        assert ours[number][gap].mean() == pytest.approx(theirs[gap].mean(), rel=0, abs=tolerance["atol"]), name
        assert ours[number][gap].std() == pytest.approx(theirs[gap].std(), rel=0.05), name
        if not few:
            np.testing.assert_allclose(ours[number], theirs, **tolerance, err_msg=name)


@pytest.mark.parametrize("name", GAPS)
def test_the_correlation_of_the_noise_is_that_of_prediction(name):
    valid, found = GAPS[name], image(4, correlated=True)
    signal = np.where(valid, found, 0)

    ours = noise_torch.autocovariance(torch.from_numpy(signal[None]), torch.from_numpy(valid[None]))[0].numpy()

    box = background._bounding_box(valid)
    theirs = noise.autocovariance(signal[box].astype(np.float64), valid[box])
    beyond = noise_torch.MOST - len(theirs) // 2
    np.testing.assert_allclose(ours, np.pad(theirs, beyond), atol=1e-4)


def test_measured_pixels_are_the_same_to_the_last_bit_and_all_are_finite():
    images = torch.from_numpy(np.stack([image(seed, False) for seed in range(len(GAPS))]))[:, None]
    gaps = ~torch.from_numpy(np.stack(list(GAPS.values())))[:, None]

    whole = filled(images.masked_fill(gaps, torch.nan), torch.Generator().manual_seed(1))

    assert whole.isfinite().all()
    assert torch.equal(whole[~gaps], images[~gaps])


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_an_image_of_one_value_goes_on_with_it(value):
    images = torch.full((1, 1, SIDE, SIDE), value)
    images[..., :10] = torch.nan

    assert (filled(images, torch.Generator().manual_seed(1)) == value).all()


def test_a_band_of_which_nothing_was_measured_becomes_zero():
    images = torch.full((1, 2, SIDE, SIDE), torch.nan)
    images[:, 1] = torch.from_numpy(image(1, False))

    whole = filled(images, torch.Generator().manual_seed(1))

    assert (whole[:, 0] == 0).all() and torch.equal(whole[:, 1], images[:, 1])


def test_the_noise_in_the_gaps_is_drawn_by_the_generator_and_leaves_the_global_state_alone():
    images = torch.from_numpy(image(1, False))[None, None].clone()
    images[..., :20] = torch.nan
    before = torch.get_rng_state()

    first, again, other = (filled(images, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))

    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(before, torch.get_rng_state())


def test_the_nearest_measured_pixel_is_the_same_by_two_passes_as_by_scipy():
    valid = torch.rand(5, 40, 31, generator=torch.Generator().manual_seed(1)) > 0.97
    y, x = torch.arange(40)[:, None], torch.arange(31)

    one, other = (
        torch.hypot((rows - y).float(), (columns - x).float())
        for rows, columns in (_nearest(valid), _nearest_of(valid))
    )

    torch.testing.assert_close(one, other)
