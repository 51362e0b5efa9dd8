import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.special import erf

from zoo_core.errors import ImageShapeError, PixelScaleError
from zoo_core.images import geometry

RATIOS = [0.2, 0.38, 0.7, 1.5, 2.0, 3.3, 5.0]


def all_valid(pixels: np.ndarray) -> np.ndarray:
    return np.ones(pixels.shape, bool)


def blob(height: int, width: int, scale: float, sigma: float) -> np.ndarray:
    """A Gaussian of unit flux, 0.013 and -0.21 arcsec from the centre, integrated over pixels of that scale, arcsec."""

    def along(length: int, centre: float) -> np.ndarray:
        edges = (np.arange(length + 1) - length / 2) * scale
        return np.diff(erf((edges - centre) / (np.sqrt(2) * sigma))) / 2

    return (along(height, 0.013)[:, None] * along(width, -0.21))[None]


def centroid(pixels: np.ndarray, scale: float) -> tuple[float, float]:
    """Arcsec from the centre."""
    y, x = (scale * (np.arange(length) - (length - 1) / 2) for length in pixels.shape[-2:])
    return (pixels[0].sum(1) * y).sum() / pixels.sum(), (pixels[0].sum(0) * x).sum() / pixels.sum()


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("shape", [(60, 60), (61, 61), (60, 75)])
def test_flux_and_position_of_an_object_stay(shape, ratio):
    image = blob(*shape, scale=0.1, sigma=0.4)

    resampled, valid = geometry.resample(image, all_valid(image), 0.1, 0.1 * ratio)

    assert valid.all()
    assert resampled.sum() == pytest.approx(image.sum(), rel=1e-5)  # the weights are float32
    assert centroid(resampled, 0.1 * ratio) == pytest.approx(centroid(image, 0.1), abs=1e-3)  # arcsec


@pytest.mark.parametrize("ratio", RATIOS)
def test_an_object_looks_as_if_taken_with_the_other_pixels(ratio):
    """Larger pixels hold parts of old ones, whose light is taken to be even; smaller ones are as good as the spline."""
    image = blob(80, 81, scale=0.1, sigma=0.3)

    resampled, _ = geometry.resample(image, all_valid(image), 0.1, 0.1 * ratio)

    truth = blob(*resampled.shape[-2:], scale=0.1 * ratio, sigma=0.3)
    np.testing.assert_allclose(resampled, truth, atol=(0.03 if ratio > 1 else 0.001) * truth.max())


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_constant_sky_stays_constant(ratio):
    sky = np.full((1, 50, 43), 1000.0, np.float32)

    resampled, _ = geometry.resample(sky, all_valid(sky), 0.1, 0.1 * ratio)

    np.testing.assert_allclose(resampled, 1000 * ratio**2, rtol=1e-5)  # float32


def test_small_pixels_add_up_to_the_original_ones():
    image = np.random.default_rng(0).normal(size=(2, 41, 30))

    small, valid = geometry.resample(image, all_valid(image), 0.2, 0.1)
    again, _ = geometry.resample(small, valid, 0.1, 0.2)

    np.testing.assert_allclose(again, image, atol=1e-6)  # float32 weights


def test_pixels_twice_as_large_hold_the_sums_of_four():
    image = np.random.default_rng(0).normal(size=(3, 40, 60))

    resampled, _ = geometry.resample(image, all_valid(image), 0.05, 0.1)

    np.testing.assert_allclose(resampled, image.reshape(3, 20, 2, 30, 2).sum((2, 4)), atol=1e-6)


@pytest.mark.parametrize("ratio", [0.5, 0.8, 1.7, 2.0, 4.0])
def test_what_stands_in_bad_pixels_does_not_matter(ratio):
    image = 100 + blob(60, 60, scale=0.1, sigma=0.5)
    valid = all_valid(image)
    valid[0, 20:23, 30:34] = valid[0, :, :5] = False
    zero, nan = np.where(valid, image, 0), np.where(valid, image, np.nan)

    of_zero, valid_of_zero = geometry.resample(zero, valid, 0.1, 0.1 * ratio)
    of_nan, valid_of_nan = geometry.resample(nan, valid, 0.1, 0.1 * ratio)

    assert np.isfinite(of_nan).all()
    np.testing.assert_array_equal(of_zero, of_nan)
    np.testing.assert_array_equal(valid_of_zero, valid_of_nan)
    np.testing.assert_allclose(of_nan[valid_of_nan], 100 * ratio**2, rtol=1e-3)  # less than the blob's peak


def test_a_new_pixel_is_valid_if_at_least_half_of_it_is():
    image = np.ones((1, 8, 8))
    valid = all_valid(image)
    valid[0, 0, 0] = valid[0, 2, 2:4] = valid[0, 4:6, 4:6] = valid[0, 6:8, 0:2] = False
    valid[0, 7, 1] = True

    resampled, good = geometry.resample(image, valid, 0.1, 0.2)

    expected = np.ones((4, 4), bool)
    expected[2, 2] = expected[3, 0] = False
    np.testing.assert_array_equal(good[0], expected)
    np.testing.assert_allclose(resampled[good], 4)


def test_nothing_is_touched_if_the_scales_agree_to_one_percent():
    image = np.random.default_rng(0).normal(size=(1, 20, 20))
    valid = all_valid(image)

    resampled, good = geometry.resample(image, valid, 0.1009, 0.1)

    assert resampled is image
    assert good is valid


@pytest.mark.parametrize("scale", [0.0, -0.1, np.nan, np.inf, 1.5, 0.009])
def test_a_pixel_scale_that_cannot_be_right_is_an_error_that_names_it(scale):
    image = np.zeros((1, 20, 20))

    with pytest.raises(PixelScaleError, match=f"pixel scale {scale:g}"):
        geometry.resample(image, all_valid(image), scale, 0.1)


@pytest.mark.parametrize("length", [8, 9, 20, 21])
@pytest.mark.parametrize("size", [12, 13])
def test_the_middle_pixel_stays_in_the_middle(length, size):
    image = np.random.default_rng(0).normal(size=(1, length, length))

    framed, padded = geometry.frame(image, size)

    assert framed.shape == (1, size, size)
    assert framed[0, size // 2, size // 2] == image[0, length // 2, length // 2]
    assert padded == max(0, size**2 - length**2)


def test_what_was_measured_is_not_touched():
    image = np.random.default_rng(0).normal(size=(2, 30, 200)).astype(np.float32)
    before = image.copy()

    framed, padded = geometry.frame(image, 101)

    assert framed.dtype == np.float32
    assert padded == 71 * 101
    np.testing.assert_array_equal(framed[:, 35:65], image[:, :, 50:151])
    np.testing.assert_array_equal(image, before)


def test_an_image_of_the_right_size_is_returned_as_it_is():
    image = np.zeros((1, 33, 33))

    framed, padded = geometry.frame(image, 33)

    assert framed is image
    assert padded == 0


def test_crop_keeps_what_frame_keeps():
    image = np.random.default_rng(0).normal(size=(1, 30, 51))

    cropped, valid = geometry.crop(image, image > 0, 40)

    assert cropped.shape == (1, 30, 40)
    np.testing.assert_array_equal(cropped, geometry.frame(image, 40)[0][:, 5:35])
    np.testing.assert_array_equal(valid, cropped > 0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("side", [8, 9, 20])
def test_a_tiny_image_is_framed(side):
    image = np.random.default_rng(0).normal(size=(1, side, side)).astype(np.float32)

    framed, padded = geometry.frame(image, 101)

    assert np.isfinite(framed).all()
    assert padded == 101**2 - side**2
    assert np.abs(framed).max() < 10  # sigma


@pytest.mark.parametrize("shape", [(1, 1), (7, 50), (50, 7)])
def test_a_few_pixels_are_not_an_image(shape):
    with pytest.raises(ImageShapeError, match=f"{shape[1]} x {shape[0]} pixels .* at least 8 are needed"):
        geometry.frame(np.zeros((1, *shape)), 101)


def skies(side: int, blur: float) -> np.ndarray:
    """Forty bands of nothing but noise of unit variance."""
    white = np.random.default_rng(1).normal(size=(40, side + 20, side + 20))
    noise = gaussian_filter(white, (0, blur, blur)) if blur else white
    return noise[:, 10:-10, 10:-10] / noise.std()


@pytest.mark.parametrize("blur", [0.0, 0.6, 1.0])
def test_no_statistic_tells_padding_from_sky(blur):
    """Level, sigma, tails and correlations of 51 pixels framed in 101, and of 101: to 3 times their chance and 3 %."""
    true = skies(101, blur)
    framed, _ = geometry.frame(true[:, 25:76, 25:76], 101)

    differences = np.array([statistics(pad) - statistics(sky) for pad, sky in zip(framed, true, strict=True)])

    chance = differences.std(0) / np.sqrt(len(differences))
    assert (np.abs(differences.mean(0)) < 3 * chance + 0.03).all()


def statistics(image: np.ndarray) -> np.ndarray:
    """Of the part of a frame of 101 pixels that `frame` adds to 51 pixels."""
    padding = image.copy()
    padding[25:76, 25:76] = np.nan
    correlations = [
        np.nanmean(padding[dy:, dx:] * padding[: 101 - dy, : 101 - dx])
        for dy, dx in ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (0, 5), (5, 0))
    ]
    quantiles = np.nanquantile(padding, [0.01, 0.16, 0.5, 0.84, 0.99])
    return np.array([np.nanmean(padding), np.nanstd(padding), *quantiles, *correlations])


@pytest.mark.parametrize("blur", [0.0, 0.6, 1.0])
def test_the_edge_of_the_padding_does_not_show(blur):
    """Mean square steps across it are those of neighbours; zeros would give 0.5 and 0, unrelated noise 1 to 4.5."""
    framed, _ = geometry.frame(skies(51, blur), 101)

    steps = (np.diff(framed[:, 25:76], axis=2) ** 2).mean((0, 1))

    ratios = steps[[22, 23, 24, 75, 76, 77]] / steps[30:70].mean()
    assert (ratios > 0.55).all()
    assert (ratios < 1.45).all()


@pytest.mark.parametrize(("scale", "side"), [(3.0, 20), (6.0, 41), (12.0, 61), (20.0, 61)])
def test_light_at_the_border_fades_without_a_step_or_a_ring(scale, side):
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    image = 1000 * np.exp(-np.hypot(y, x) / scale)[None]

    along = geometry.frame(image, 101)[0][0, 50]

    edge = 50 - side // 2
    assert along[edge - 1] == pytest.approx(along[edge], rel=0.25)
    assert np.diff(along[:edge]).min() > -0.05 * along[edge]
    assert along[0] < 0.8 * along[edge]


def test_a_star_near_the_border_is_not_mirrored():
    image = skies(61, 0.0)[:1]
    image[0, 4, 30] = 1000

    framed, _ = geometry.frame(image, 101)

    assert framed[0, 24, 50] == 1000
    assert np.abs(framed[0, :20]).max() < 10


def test_padding_does_not_depend_on_the_flux_unit():
    image = 3 + skies(61, 0.6)[:2]
    image[:, 20:40, 20:40] += 100

    framed = geometry.frame(image, 101)[0]

    for unit in (1e-12, 1e6):
        np.testing.assert_allclose(geometry.frame(unit * image, 101)[0] / unit, framed, atol=1e-6)


def test_a_bin_is_the_mean_of_what_was_measured_in_it():
    pixels = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    valid = all_valid(pixels)
    valid[0, 0, 0] = valid[0, 2, 2] = valid[0, 2, 3] = valid[0, 3, 2] = False

    binned, measured = geometry.bin_mean(np.where(valid, pixels, np.nan), valid, 2)

    np.testing.assert_allclose(binned[0], [[(1 + 4 + 5) / 3, 4.5], [10.5, 15]], rtol=1e-6)  # float32
    np.testing.assert_array_equal(measured[0], [[True, True], [True, False]])


@pytest.mark.parametrize(("side", "binned_side"), [(151, 75), (150, 75), (149, 74)])
def test_bins_leave_an_object_at_the_centre(side, binned_side):
    image = blob(side, side, scale=0.1, sigma=0.6)

    binned, _ = geometry.bin_mean(image, all_valid(image), 2)

    assert binned.shape == (1, binned_side, binned_side)
    half_a_pixel = 0.05 * (side % 2)  # of an odd side the last row has no partner
    assert centroid(binned, 0.2) == pytest.approx((0.013, -0.21), abs=half_a_pixel + 1e-3)


@pytest.mark.parametrize(
    ("scale", "remedy"),
    [
        (0.1 / 3600, "if its unit is wrong and pixels are of 0.1 arcsec, pass --pixel-scale 0.1"),
        (0.2 * 3600, "if its unit is wrong and pixels are of 0.2 arcsec, pass --pixel-scale 0.2"),
        (3.0, "as in --pixel-scale 0.1 "),
    ],
)
def test_a_scale_that_no_model_takes_says_which_was_found_which_is_wanted_and_what_to_pass(scale, remedy):
    with pytest.raises(PixelScaleError) as caught:
        geometry.ratio_of(scale, 0.1)

    assert f"pixel scale {scale:g} arcsec differs from the model's 0.1" in str(caught.value)
    assert remedy in str(caught.value)
