"""What one image is, and what lies beside it."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest

from zoo_core.errors import ImageReadError, ImageShapeError
from zoo_core.images import Beside, RawImage, find_sources, read
from zoo_core.images.select import several
from zoo_core.images.source import FileSource
from zoo_core.predict.images import SourceImages
from zoo_core.predict.reading import Unreadable


def first_pixel(source: FileSource) -> float:
    return float(read(source, n_bands=1).pixels[0, 0, 0])


def test_an_image_comes_with_its_id_key_scale_and_unit(write_fits, image):
    step = 0.1 / 3600
    path = write_fits(image, CTYPE1="RA---TAN", CTYPE2="DEC--TAN", CD1_1=-step, CD2_2=step, BUNIT="nJy")

    raw = read(FileSource(path), n_bands=1)

    assert isinstance(raw, RawImage) and (raw.id, raw.path, raw.unit) == ("image", path, "nJy")
    assert raw.pixel_scale == pytest.approx(0.1) and raw.mask is None and raw.weight is None


def test_several_images_say_what_is_there_and_how_to_choose(write_fits, image):
    path = write_fits(("SCI", image), ("ERR", image), ("DQ", image), name="cube.fits")

    message = r"cube.fits: 3 images \(SCI, ERR, DQ\); choose one with --ext SCI or take a row each with --ext all"
    with pytest.raises(ImageShapeError, match=message):
        read(FileSource(path), n_bands=1)


@pytest.mark.parametrize(
    ("names", "bands", "chosen"),
    [
        (["NIR_H_BGSUB", "VIS_PSF", "VIS_RMS", "VIS_BGSUB"], ["VIS"], "VIS_BGSUB"),
        (["ERR", "SCI", "WHT"], ["VIS"], "SCI"),
        (["psf", "g", "r"], ["R"], "r"),
        (["psf", "mask"], ["VIS"], "psf"),
        (["0", "1"], [], "0"),
    ],
)
def test_of_several_images_that_of_the_model_s_band_is_suggested(names, bands, chosen):
    assert f"choose one with --ext {chosen} or take" in several("a.fits", names, bands)


def test_layers_for_several_bands_are_not_said_to_be_one(write_fits, image):
    path = write_fits(*((band, image) for band in "griu"), name="bands.fits")

    (found,) = SourceImages([FileSource(path)], ("r", "i", "g", "u")).job(0, 1)()

    assert isinstance(found, Unreadable)
    assert "4 images (G, R, I, U), and the model takes 4 bands (r, i, g, u)" in found.reason
    assert "--bands" in found.reason


def test_a_row_suggests_the_layer_of_the_model_s_band(write_fits, image):
    path = write_fits(("NIR_H", image), ("VIS_PSF", image), ("VIS", image))

    (found,) = SourceImages([FileSource(path)], ("VIS",)).job(0, 1)()

    assert isinstance(found, Unreadable) and "--ext VIS or" in found.reason


def test_an_unknown_extension_says_what_is_there(write_fits, image):
    with pytest.raises(ImageShapeError, match=r"no image is called 'WHT'; it holds SCI, ERR"):
        read(FileSource(write_fits(("SCI", image), ("ERR", image)), "WHT"), n_bands=1)


@pytest.mark.parametrize(
    ("shape", "n_bands", "message"),
    [
        ((24, 20), 4, "one band, the model takes 4; name the files of each with --bands"),
        (
            (20, 24, 24),
            1,
            "20 planes, the model takes one band; --stack gives each plane a row of its own; for one band alone",
        ),
        ((24, 20, 3), 3, "the bands must be the first axis"),
        ((24, 20, 3), 1, "last axis looks like 3 bands, the model takes one; write image"),
        ((5, 3, 24, 20), 3, "4 axes .* --stack takes a row each"),
        ((0, 24, 20), 1, "holds no pixels"),
    ],
)
def test_an_image_of_another_shape_is_refused_with_the_way_out(tmp_path, shape, n_bands, message):
    np.save(tmp_path / "a.npy", np.zeros(shape, np.float32))

    with pytest.raises(ImageShapeError, match=message):
        read(FileSource(str(tmp_path / "a.npy")), n_bands=n_bands)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html><html>", "starts with b'<!DOCTYPE html><', which is none of FITS, NPY"),
        (b"\x80\x04\x95", "which is none of FITS, NPY"),
    ],
    ids=["empty", "web page", "pickle"],
)
def test_a_file_of_another_format_is_refused_whatever_it_is_called(tmp_path, content, message):
    (tmp_path / "a.fits").write_bytes(content)

    with pytest.raises(ImageReadError, match=message):
        read(FileSource(str(tmp_path / "a.fits")), n_bands=1)


def test_the_first_bytes_and_not_the_name_say_the_format(tmp_path, image):
    with (tmp_path / "a.dat").open("wb") as stream:
        np.save(stream, image)

    np.testing.assert_array_equal(read(FileSource(str(tmp_path / "a.dat")), n_bands=1).pixels[0], image)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_pipes_and_folders_are_refused_and_do_not_block(tmp_path, make):
    make(tmp_path / "a.fits")

    with pytest.raises(ImageReadError, match="not a file"):
        read(FileSource(str(tmp_path / "a.fits")), n_bands=1)


def test_a_mask_in_the_same_file_is_true_where_it_is_not_zero(write_fits, image):
    flags = np.zeros(image.shape, np.int16)
    flags[2, 3] = 4096
    path = write_fits(("SCI", image), ("DQ", flags))

    raw = read(FileSource(path, "SCI", beside=Beside(mask="DQ")), n_bands=1)

    assert raw.mask is not None and raw.mask.dtype == bool
    np.testing.assert_array_equal(raw.mask, flags != 0)


def test_a_weight_map_in_another_file_is_found_by_the_stem_and_masks_what_has_no_weight(write_fits, image):
    weight = np.ones(image.shape, np.float32)
    weight[0, :4] = 0, -1, np.nan, np.inf
    path = write_fits(image, name="J1_sci.fits")
    write_fits(weight, name="J1_sci_wht.fits")

    raw = read(FileSource(path, beside=Beside(weight="*_wht.fits")), n_bands=1)

    assert raw.mask is not None and raw.weight is not None
    np.testing.assert_array_equal(raw.mask[0], [True] * 4 + [False] * (image.shape[1] - 4))
    assert raw.weight[0, :4].tolist() == [0, 0, 0, 0] and (raw.weight[1:] == 1).all()


def test_a_mask_may_lie_in_a_folder_of_its_own(tmp_path, write_fits, image):
    path = write_fits(image, name="J1.fits")
    write_fits(np.ones(image.shape, np.uint8), name="masks/J1_m.fits")

    raw = read(FileSource(path, beside=Beside(mask=f"{tmp_path}/masks/*_m.fits")), n_bands=1)

    assert raw.mask is not None and raw.mask.all()


def test_a_mask_of_a_stack_is_that_of_the_plane_or_one_for_all(tmp_path, cube):
    flags = cube > 1
    np.savez(tmp_path / "a.npz", image=cube, each=flags, all=flags[0])

    for index in range(4):
        each = read(FileSource(str(tmp_path / "a.npz"), "image", index, Beside(mask="each")), n_bands=1)
        shared = read(FileSource(str(tmp_path / "a.npz"), "image", index, Beside(mask="all")), n_bands=1)
        np.testing.assert_array_equal(each.mask, flags[index])
        np.testing.assert_array_equal(shared.mask, flags[0])


def test_a_mask_of_another_size_is_refused(write_fits, image):
    path = write_fits(("SCI", image), ("DQ", image[:5]))

    with pytest.raises(ImageShapeError, match=r"\[DQ\]: shape \(5, 20\), the image it belongs to has \(24, 20\)"):
        read(FileSource(path, "SCI", beside=Beside(mask="DQ")), n_bands=1)


def test_a_missing_mask_is_an_error_and_not_no_mask(write_fits, image):
    with pytest.raises(ImageReadError, match=r"image_mask\.fits: no such file"):
        read(FileSource(write_fits(image), beside=Beside(mask="*_mask.fits")), n_bands=1)


def test_masks_and_weights_are_no_rows_of_all_extensions(write_fits, image):
    path = write_fits(("SCI", image), ("DQ", image), ("WHT", image))

    assert [s.id for s in find_sources(path, ext="all", beside=Beside("DQ", "WHT"))] == ["image[SCI]"]


def test_a_file_that_changes_between_two_reads_is_read_anew(tmp_path, cube):
    path = tmp_path / "a.npz"
    np.savez(path, image=cube)
    before = first_pixel(FileSource(str(path), "image", 0))
    np.savez(path, image=cube + 1)
    os.utime(path, ns=(1, 1))

    assert first_pixel(FileSource(str(path), "image", 0)) == pytest.approx(before + 1)


@pytest.mark.parametrize("name", ["a.h5", "a.fits"])
def test_planes_read_from_many_threads_and_processes_are_those_asked_for(tmp_path, write_fits, name):
    planes = np.arange(40, dtype=np.float32).repeat(24 * 20).reshape(40, 24, 20)
    path = str(tmp_path / name)
    if name == "a.h5":
        with h5py.File(path, "w") as file:
            file["image"] = planes
    else:
        write_fits(("SCI", planes), name=name)
    sources = list(find_sources(path, stack=True))
    assert first_pixel(sources[0]) == 0  # opened here, before the processes start

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(first_pixel, sources)) == list(range(40))
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as processes:
        assert list(processes.map(first_pixel, sources)) == list(range(40))


def test_reading_leaves_no_file_open(write_fits, image):
    path = write_fits(image)
    open_before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0

    for _ in range(20):
        read(FileSource(path), n_bands=1)

    open_after = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    assert open_after <= open_before
