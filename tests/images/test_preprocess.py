import numpy as np
import pytest
import torch

from zoo_core.errors import ImageError, ImageShapeError, PixelScaleError, SpecError, UnknownNameError
from zoo_core.images import RawImage
from zoo_core.images.preprocess import Preprocess

CHANNELS = (
    {"op": "noise_units"},
    {
        "op": "stack",
        "of": [
            {"op": "asinh", "softening": 1.0},
            {"op": "asinh_peak", "contrast": 50.0},
            {"op": "high_pass", "sigma": 3.0, "relative": 0.05},
        ],
    },
    {"op": "clip", "low": -10.0, "high": 100.0},
)
PREPARING = ({"op": "blank", "values": [100.0]}, {"op": "resample", "pixel_scale": 0.1}, {"op": "frame", "size": 101})
FULL = Preprocess.from_operations([*PREPARING, *CHANNELS], ["VIS"])


def telescope_image(seed: int = 0, side: int = 101, bands: int = 1) -> np.ndarray:
    """A galaxy with an arc and a neighbour on noise of unit variance."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    r = np.hypot(y, 0.8 * x)
    light = 500 * np.exp(-r / 4) + 20 * np.exp(-((r - 12) ** 2) / 4) * (x > 3) + 30 * np.exp(-np.hypot(y - 25, x) / 2)
    return (light + np.random.default_rng(seed).normal(size=(bands, side, side))).astype(np.float32)


def channels_of(preprocess: Preprocess, image: np.ndarray, scale: float | None = 0.1) -> torch.Tensor:
    return preprocess.images(image[None], scale)[0]


@pytest.mark.parametrize("unit", [1e-12, 4.7e-5, 1e6])
@pytest.mark.parametrize(
    ("side", "scale", "hole"), [(101, 0.1, 0), (101, 0.1, 8), (150, 0.065, 0), (40, 0.2, 0), (61, 0.1, 4)]
)
def test_the_network_sees_the_same_in_any_flux_unit(side, scale, hole, unit):
    image = telescope_image(side=side)
    image[:, 5 : 5 + hole, 7 : 7 + hole] = np.nan

    channels, in_unit = channels_of(FULL, image, scale), channels_of(FULL, np.float32(unit) * image, scale)

    torch.testing.assert_close(in_unit, channels, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("level", [-300.0, 50.0, 1000.0])
def test_the_network_does_not_see_the_level_of_the_sky(level):
    image = telescope_image()

    channels = channels_of(FULL, image + np.float32(level))

    torch.testing.assert_close(
        channels, channels_of(FULL, image), rtol=1e-3, atol=1e-3
    )  # 1000 + noise in float32: 6e-5


@pytest.mark.parametrize("turn", [lambda x: x.rot90(1, (-2, -1)), lambda x: x.flip(-1), lambda x: x.mT])
def test_what_the_network_sees_turns_with_the_image(turn):
    image = torch.from_numpy(telescope_image())

    channels = channels_of(FULL, turn(image).numpy().copy())

    torch.testing.assert_close(channels, turn(channels_of(FULL, image.numpy())), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("scale", [0.05, 0.1, 0.25])
@pytest.mark.parametrize("side", [30, 101, 180])
def test_no_blank_survives(side, scale):
    rng = np.random.default_rng(side)
    image = telescope_image(side=side)
    image[0][rng.random((side, side)) < 0.05] = np.nan
    image[0][rng.random((side, side)) < 0.02] = np.inf
    image[0, : side // 5], image[0, :, side - 3 :] = -np.inf, 100.0

    prepared = FULL.prepare_array(image, scale)
    channels = FULL.channels(torch.from_numpy(prepared.pixels)[None])

    assert np.isfinite(prepared.pixels).all()
    assert np.abs(prepared.pixels).max() < 600 * (0.1 / scale) ** 2
    assert channels.isfinite().all()


def test_an_image_without_noise_has_finite_channels():
    y, x = np.mgrid[:101, :101] - 50
    light = np.exp(-np.hypot(y, x) / 8).astype(np.float32)[None]

    channels = channels_of(FULL, light)

    assert channels.isfinite().all()
    assert channels[0].max() > 5


def test_blank_and_padded_pixels_are_counted():
    image = telescope_image(side=91)
    image[0, 40, 3:9] = np.nan
    image[0, 41, 3] = 100.0
    mask = np.zeros((91, 91), bool)
    mask[60, 60] = mask[40, 3] = True

    prepared = FULL.prepare(RawImage("a", "a.fits", image, mask=mask, pixel_scale=0.1))

    assert prepared.blank == 8
    assert prepared.padded == 101**2 - 91**2
    assert prepared.pixels.shape == (1, 101, 101)
    assert prepared.pixels.dtype == np.float32


def test_a_pixel_that_is_blank_in_several_bands_counts_once():
    images = np.concatenate([telescope_image(side=101) for _ in range(3)])
    images[:, 40, 3:9] = np.nan
    images[1, 41, 3] = np.nan

    prepared = Preprocess.from_operations([{"op": "frame", "size": 101}], ("g", "r", "i")).prepare_array(images)

    assert (prepared.blank, prepared.padded) == (7, 0)


def test_a_blank_border_counts_as_padding_alone():
    image = telescope_image(side=101)
    image[0, :5], image[0, -5:] = np.nan, np.nan
    image[0, 40, 3:9] = np.nan

    prepared = FULL.prepare_array(image, 0.1)

    assert (prepared.blank, prepared.padded) == (6, 10 * 101)


def test_a_clean_image_of_the_right_size_is_not_changed():
    image = telescope_image()

    prepared = FULL.prepare_array(image, 0.1)

    np.testing.assert_array_equal(prepared.pixels, image)
    assert (prepared.blank, prepared.padded) == (0, 0)


def test_the_input_is_never_written_to():
    image = telescope_image(side=80)
    image[0, 10:14, 10:14] = np.nan
    mask = np.zeros((80, 80), bool)
    mask[50, 50] = True
    before, mask_before = image.copy(), mask.copy()

    FULL.prepare_array(image, 0.08, mask)

    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(mask, mask_before)


def test_a_zero_padded_stamp_has_the_channels_of_the_stamp_alone():
    stamp = telescope_image(side=61)
    padded = np.zeros((1, 101, 101), np.float32)
    padded[:, 20:81, 20:81] = stamp

    torch.testing.assert_close(channels_of(FULL, padded), channels_of(FULL, stamp))


def test_the_header_is_overridden_by_the_pixel_scale_given():
    raw = RawImage("a", "a.fits", telescope_image(side=202), pixel_scale=0.1)

    from_header, overridden = FULL.prepare(raw), FULL.prepare(raw, pixel_scale=0.05)

    np.testing.assert_array_equal(from_header.pixels, raw.pixels[:, 51:152, 51:152])
    sums = raw.pixels.reshape(1, 101, 2, 101, 2).sum((2, 4))
    np.testing.assert_allclose(overridden.pixels, sums, rtol=1e-5, atol=1e-4)


def test_bands_keep_their_colours_apart():
    two = Preprocess.from_operations([{"op": "frame", "size": 101}, *CHANNELS], ["g", "i"])
    image = telescope_image(bands=2)

    channels = channels_of(two, image, None)

    assert two.n_channels == 6
    one = Preprocess.from_operations([{"op": "frame", "size": 101}, *CHANNELS], ["g"])
    for band in range(2):
        torch.testing.assert_close(channels[band::2], channels_of(one, image[band : band + 1], None))


def test_images_of_one_band_need_no_axis_for_it():
    images = np.concatenate([telescope_image(seed) for seed in range(3)])

    torch.testing.assert_close(FULL.images(images, 0.1), FULL.images(images[:, None], 0.1))


def test_the_batch_does_not_change_the_channels_of_an_image():
    images = np.stack([telescope_image(seed) for seed in range(5)])

    together = FULL.images(images, 0.1)

    for alone, image in zip(together, images, strict=True):
        torch.testing.assert_close(alone, channels_of(FULL, image), rtol=1e-5, atol=1e-5)


def test_what_is_declared_is_read_back():
    again = Preprocess.from_operations(FULL.declared(), FULL.bands)

    assert again == FULL
    assert again.digest == FULL.digest


def test_the_digest_is_that_of_the_operations_and_not_of_their_spelling():
    """A stored number: results on disk are found by it, so it must not change by accident."""
    spelled = [{"size": 101, "op": "frame"}, {"softening": 1, "op": "asinh"}]

    digest = Preprocess.from_operations(spelled, ["VIS"]).digest

    assert digest == "501d981fb08be55f6c39e4651575b2b6ae459514134a283bc872ed96fa26c2f2"
    spelled[1]["softening"] = 1.0000001
    assert Preprocess.from_operations(spelled, ["VIS"]).digest != digest


FRAME = {"op": "frame", "size": 101}


@pytest.mark.parametrize(
    ("declared", "error", "message"),
    [
        ([FRAME, {"op": "asin"}], UnknownNameError, "'asin'; did you mean asinh"),
        ([FRAME, {"softening": 1.0}], UnknownNameError, "no preprocessing operation is called 'None'"),
        ([FRAME, {"op": "asinh"}], SpecError, "'asinh' needs softening"),
        ([FRAME, {"op": "asinh", "softness": 1}], SpecError, "'asinh' has no key softness; it takes softening"),
        ([FRAME, {"op": "asinh", "softening": "wide"}], SpecError, "softening is 'wide'; it must be a number above 0"),
        ([{"op": "asinh", "softening": 1.0}], SpecError, "needs exactly one .*frame.*, found 0"),
        ([FRAME, FRAME], SpecError, "found 2"),
        ([{"op": "noise_units"}, FRAME], SpecError, "come before all other operations"),
        ([FRAME, {"op": "stack", "of": [{"op": "blur"}]}], UnknownNameError, "'blur'"),
    ],
)
def test_operations_that_cannot_be_done_are_an_error_that_says_why(declared, error, message):
    with pytest.raises(error, match=message):
        Preprocess.from_operations(declared, ["VIS"])


def test_a_missing_pixel_scale_is_an_error_that_says_what_to_pass():
    with pytest.raises(PixelScaleError, match=r"resamples to 0\.1 arcsec; pass --pixel-scale"):
        FULL.prepare(RawImage("a", "a.fits", telescope_image()))


def test_a_pixel_scale_is_not_needed_where_nothing_is_resampled():
    preprocess = Preprocess.from_operations([FRAME, *CHANNELS], ["VIS"])

    assert preprocess.prepare(RawImage("a", "a.fits", telescope_image())).padded == 0


def test_the_wrong_number_of_bands_is_an_error_that_names_those_of_the_model():
    with pytest.raises(ImageShapeError, match=r"shape \(2, 101, 101\) .* the 1 band\(s\) VIS"):
        FULL.prepare_array(telescope_image(bands=2), 0.1)


@pytest.mark.parametrize("scale", [0.05, 0.1, 0.2])
def test_an_image_without_measured_pixels_is_an_error(scale):
    with pytest.raises(ImageError, match=r"only 0\.0% of the pixels of band 0 are valid"):
        FULL.prepare_array(np.full((1, 101, 101), np.nan, np.float32), scale)


def test_what_lies_outside_the_frame_need_not_be_measured():
    image = np.full((1, 301, 301), np.nan, np.float32)
    image[:, 100:201, 100:201] = telescope_image()
    image[0, 0] = image[0, -1] = 5.0

    prepared = FULL.prepare_array(image, 0.1)

    np.testing.assert_array_equal(prepared.pixels, telescope_image())


def test_no_value_of_a_float32_image_overflows():
    raw = Preprocess.from_operations([FRAME, {"op": "asinh", "softening": 1e-3}], ["VIS"])

    channels = channels_of(raw, np.float32(1e35) * telescope_image(), None)

    assert channels.isfinite().all()


def test_bins_are_means_and_their_square_root_keeps_the_sign():
    preprocess = Preprocess.from_operations(
        [{"op": "bin", "factor": 3}, {"op": "frame", "size": 11}, {"op": "sqrt"}], ["VIS"]
    )
    image = np.kron(np.arange(-60, 61).reshape(11, 11), np.ones((3, 3)))[None].astype(np.float32)

    channels = channels_of(preprocess, image, None)

    values = torch.arange(-60.0, 61.0).view(1, 11, 11)
    torch.testing.assert_close(channels.square() * channels.sign(), values)
    assert (preprocess.size, preprocess.field) == (11, 33)
