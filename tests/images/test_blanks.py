import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from zoo_core.errors import ImageError
from zoo_core.images import blanks


def noisy(seed: int = 0, bands: int = 1, side: int = 101) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(bands, side, side)).astype(np.float32)


def galaxy(peak: float, side: int = 101) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - side // 2
    return (peak * np.exp(-np.hypot(y, x) / 6)).astype(np.float32)


def test_nan_and_infinities_were_not_measured():
    image = noisy()
    image[0, 1, 2], image[0, 3, 4], image[0, 5, 6] = np.nan, np.inf, -np.inf

    valid = blanks.find(image)

    assert set(map(tuple, np.argwhere(~valid[0]))) == {(1, 2), (3, 4), (5, 6)}


@pytest.mark.parametrize("value", [100.0, -999.9, 1e30, 0.0])
def test_a_mask_value_is_found_in_float32(value):
    image = noisy()
    image[0, 10, 10:13] = value

    assert np.count_nonzero(~blanks.find(image, (value, 55.5))) == 3
    assert blanks.find(image).all()


@pytest.mark.parametrize("value", [0.0, -1e-3, 2.5e7])
def test_a_value_that_many_pixels_share_marks_what_was_not_measured(value):
    image = noisy(bands=2)
    image[1, :, :3] = value  # 3 % of the band
    image[0, :2, 0] = value

    valid = blanks.find(image)

    np.testing.assert_array_equal(valid[1], image[1] != value)
    assert valid[0].all()
    assert blanks.find(image, repeated=False).all()


def test_a_value_that_few_pixels_share_is_a_measurement():
    image = noisy()
    image[0, 0] = image[0, 1, :90] = 3.0  # 1.9 %

    assert blanks.find(image).all()


@pytest.mark.parametrize("side", [101, 400])
def test_counts_and_pictures_repeat_values_everywhere(side):
    rng = np.random.default_rng(0)
    counts = rng.poisson(10 + 1e5 * galaxy(1.0, side)).astype(np.float32)[None]
    picture = rng.integers(0, 30, (1, side, side)).astype(np.float32)

    assert blanks.find(counts).all()
    assert blanks.find(picture).all()


@pytest.mark.parametrize("side", [20, 30, 41, 101, 400])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.8, 0.95, 0.99])
def test_zeros_are_blank_in_images_of_any_size_and_any_share_of_them(side, share):
    image = noisy(side=side)
    zeros = np.random.default_rng(1).random(image.shape) < share
    image[zeros] = 0

    np.testing.assert_array_equal(blanks.find(image), ~zeros)


@pytest.mark.parametrize("side", [20, 41, 101])
def test_no_share_of_blanks_is_refused_below_one_that_is_accepted(side):
    image, accepted = noisy(side=side), []
    for rows in range(side):
        padded = image.copy()
        padded[:, : side - side // 2 - rows // 2], padded[:, side // 2 + rows // 2 + 1 :] = 0, 0
        try:
            blanks.fill(padded, blanks.find(padded))
            accepted.append(True)
        except ImageError:
            accepted.append(False)

    assert accepted == sorted(accepted) and {True, False} <= set(accepted)


@pytest.mark.parametrize("side", [9, 41, 101])
@pytest.mark.parametrize("value", [0.0, 7.5, -1e-12])
def test_an_image_of_one_value_is_refused(side, value):
    image = np.full((1, side, side), value, np.float32)

    with pytest.raises(ImageError, match="band 0"):
        blanks.fill(image, blanks.find(image))


@pytest.mark.parametrize("side", [20, 41, 101])
def test_pictures_of_8_bits_with_a_black_sky_are_left_alone(side):
    picture = np.rint(255 * galaxy(1.0, side))[None]

    assert blanks.find(picture).all()
    assert blanks.find(picture.astype(np.float32) / 255).all()


def test_measured_pixels_are_never_touched():
    image = noisy(bands=3) + galaxy(300)
    image[0, 20:60, 10:13] = np.nan
    image[2, 80:, :] = np.inf
    valid = blanks.find(image)
    before = image.copy()

    filled = blanks.fill(image, valid)

    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[valid], image[valid])
    np.testing.assert_array_equal(image, before)


def test_an_image_without_blanks_is_returned_as_it_is():
    image = noisy()

    assert blanks.fill(image, blanks.find(image)) is image


def test_a_bad_pixel_in_a_galaxy_is_filled_with_its_light():
    true = galaxy(1000)
    image = (noisy() + true).copy()
    bad = [(50, 58), (45, 45), (60, 50), (50, 70)]
    for y, x in bad:
        image[0, y, x] = np.nan

    filled = blanks.fill(image, blanks.find(image))

    for y, x in bad:  # of the light 10 %, of the noise 4 sigma
        assert filled[0, y, x] == pytest.approx(true[y, x], rel=0.1, abs=4)


@pytest.mark.parametrize("blur", [0.0, 0.8])
def test_a_large_hole_in_the_sky_is_filled_with_the_same_noise(blur):
    image = np.concatenate([noisy(seed) for seed in range(20)])
    if blur:
        image = gaussian_filter(image, (0, blur, blur))
    image = 5 + image / image.std()
    valid = np.ones(image.shape, bool)
    valid[:, 10:40, 15:45] = False

    filled = blanks.fill(np.where(valid, image, 1e9), valid)

    hole, sky = filled[:, 10:40, 15:45], image[:, 60:90, 15:45]
    assert hole.mean() == pytest.approx(sky.mean(), abs=0.1)  # three times the chance of 1,800 patches
    assert hole.std() == pytest.approx(sky.std(), rel=0.05)
    steps, sky_steps = (np.diff(part, axis=2).std() for part in (hole, sky))
    assert steps == pytest.approx(sky_steps, rel=0.06)


@pytest.mark.parametrize("unit", [1e-12, 1e-3, 1e6])
def test_the_filling_does_not_depend_on_the_flux_unit(unit):
    image = noisy(bands=2) + galaxy(50) + 20
    image[:, 30:70, 5:8] = np.nan
    valid = blanks.find(image)

    filled = blanks.fill(np.float32(unit) * image, valid) / np.float32(unit)

    np.testing.assert_allclose(filled, blanks.fill(image, valid), rtol=1e-5)  # float32


def test_the_filling_is_the_same_each_time():
    image = noisy()
    image[0, 30:50] = np.nan
    valid = blanks.find(image)

    np.testing.assert_array_equal(blanks.fill(image, valid), blanks.fill(image, valid))


def test_an_image_that_was_hardly_measured_is_an_error_with_the_numbers():
    image = noisy(bands=2)
    image[1, :, 24:] = np.nan

    with pytest.raises(ImageError, match=r"23\.8% of the pixels of band 1 .* at least 25% are needed"):
        blanks.fill(image, blanks.find(image))


def test_an_object_that_is_masked_is_an_error():
    image = noisy()
    image[0, 35:66, 35:66] = np.nan

    with pytest.raises(ImageError, match="none of the 441 central pixels of band 0 is valid"):
        blanks.fill(image, blanks.find(image))
