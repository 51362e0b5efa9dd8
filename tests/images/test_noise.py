import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from zoo_core.images import noise

SIDE = 101


def correlated(sigma: float, seed: int, side: int = SIDE) -> np.ndarray:
    """Unit-variance noise, white noise blurred with that sigma."""
    white = np.random.default_rng(seed).normal(size=(side + 20, side + 20))
    if sigma == 0:
        return white[10:-10, 10:-10]
    response = gaussian_filter(np.pad([[1.0]], 15), sigma)
    return gaussian_filter(white, sigma)[10:-10, 10:-10] / np.sqrt((response**2).sum())


def correlation(sigma: float, lag: int) -> float:
    """Of `correlated` noise."""
    if sigma == 0:
        return 0.0
    response = gaussian_filter(np.pad([[1.0]], 15), sigma)
    return (response[:, lag:] * response[:, :-lag]).sum() / (response**2).sum()


def galaxy(peak: float, scale: float, side: int = SIDE) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return peak * np.exp(-np.hypot(y, x) / scale)


def measured(images: list[np.ndarray]) -> np.ndarray:
    """Mean autocovariance of several images."""
    return np.mean([noise.autocovariance(image, np.ones(image.shape, bool)) for image in images], axis=0)


@pytest.mark.parametrize("light", [0.0, 100.0, 1e4])
@pytest.mark.parametrize("sigma", [0.0, 0.6, 1.0])
def test_noise_is_measured_under_the_light_of_a_galaxy(sigma, light):
    images = [correlated(sigma, seed) + galaxy(light, 8.0) for seed in range(10)]
    covariance = measured(images)
    n_lags = len(covariance) // 2

    # ten images of 3,400 faint pixels each: 1 % of chance for white noise, 3 % for the most correlated
    assert covariance[n_lags, n_lags] == pytest.approx(1, abs=0.08)
    for lag in (1, 2):
        expected = correlation(sigma, lag)
        assert covariance[n_lags, n_lags + lag] == pytest.approx(expected, abs=0.05)
        assert covariance[n_lags + lag, n_lags] == pytest.approx(expected, abs=0.05)


def test_a_gradient_of_the_sky_is_not_noise():
    gradient = 0.05 * np.arange(SIDE)  # five sigma across the image

    covariance = measured([correlated(0.0, seed) + gradient for seed in range(5)])

    assert covariance.max() == pytest.approx(1, abs=0.1)


def test_other_objects_are_not_noise():
    image = correlated(0.0, 3)
    image[10:20, 70:80] += 300

    covariance = noise.autocovariance(image, np.ones(image.shape, bool))

    assert covariance.max() == pytest.approx(1, abs=0.1)


def test_a_few_wild_pixels_hardly_count():
    """One in a hundred of ten sigma doubles the variance if it is not clipped at four."""
    image = correlated(0.0, 4)
    image[np.random.default_rng(4).random(image.shape) < 0.01] += 10

    assert noise.autocovariance(image, np.ones(image.shape, bool)).max() == pytest.approx(1.16, abs=0.1)


def test_drawn_noise_has_the_covariance_asked_for():
    covariance = measured([correlated(1.0, seed) for seed in range(10)])
    n_lags = len(covariance) // 2

    drawn = noise.draw(covariance, (400, 500), band=0)

    assert drawn.shape == (400, 500)
    assert (drawn**2).mean() == pytest.approx(covariance.max(), rel=0.03)
    for lag in (1, 2, 3):
        products = (drawn[:, lag:] * drawn[:, :-lag]).mean()
        assert products == pytest.approx(covariance[n_lags, n_lags + lag], abs=0.03)


def test_drawn_noise_is_the_same_each_time_and_another_in_each_band():
    covariance = measured([correlated(0.6, 0)])

    first, again, other = (noise.draw(covariance, (60, 60), band) for band in (0, 0, 1))

    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.1


def test_an_image_without_noise_has_none():
    image = np.full((30, 30), 7.0)
    image[15, 15] = 9.0

    covariance = noise.autocovariance(image, np.ones(image.shape, bool))

    assert np.abs(covariance).max() < 1e-20
    assert np.abs(noise.draw(covariance, (30, 30), band=0)).max() < 1e-10


def test_pixels_without_a_counterpart_on_the_other_side_are_used_if_there_are_no_others():
    image = correlated(0.0, 5)
    valid = np.zeros(image.shape, bool)
    valid[:, :45] = True

    assert noise.autocovariance(np.where(valid, image, 0), valid).max() == pytest.approx(1, abs=0.15)
