"""NPY and NPZ files read to what numpy reads, and are never unpickled."""

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from zoo_core.errors import ImageReadError, ImageShapeError
from zoo_core.images import read
from zoo_core.images.source import FileSource


def pixels_of(path: Path, n_bands: int = 1, **where: object) -> np.ndarray:
    return read(FileSource(str(path), **where), n_bands=n_bands).pixels


class Bomb:
    """An object that makes a folder when it is unpickled."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8", "f2", "i1", "u1", ">i2", "<u2", "i4", "i8", "?"])
def test_every_dtype_of_numbers_reads_to_native_float32(tmp_path, dtype):
    values = np.random.default_rng(0).integers(0, 2, (6, 5)).astype(dtype)
    np.save(tmp_path / "a.npy", values)

    pixels = pixels_of(tmp_path / "a.npy")

    assert pixels.dtype == np.float32 and pixels.dtype.isnative and pixels.flags.c_contiguous
    np.testing.assert_array_equal(pixels[0], values.astype(np.float32))


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_fortran_order_changes_nothing(tmp_path, cube, suffix):
    path = tmp_path / f"a.{suffix}"
    (np.save if suffix == "npy" else np.savez)(path, np.asfortranarray(cube))

    np.testing.assert_array_equal(pixels_of(path, n_bands=4), cube)
    np.testing.assert_array_equal(pixels_of(path, index=1)[0], cube[1])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_with_one_image_among_labels_is_that_image(tmp_path, image, save):
    save(tmp_path / "a.npz", image=image, id=17, is_lens=np.array(True), fluxes=np.arange(5))

    np.testing.assert_array_equal(pixels_of(tmp_path / "a.npz")[0], image)


def test_the_arrays_of_an_npz_are_chosen_by_key(tmp_path, image):
    np.savez(tmp_path / "a.npz", image=image, psf=image[:5, :5])

    np.testing.assert_array_equal(pixels_of(tmp_path / "a.npz", ext="psf")[0], image[:5, :5])
    with pytest.raises(ImageShapeError, match=r"2 images \(image, psf\); choose one with --ext image or .*--ext all"):
        pixels_of(tmp_path / "a.npz")


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_pickled_objects_are_refused_and_not_run(tmp_path, suffix):
    path, marker = tmp_path / f"a.{suffix}", tmp_path / "was-run"
    array = np.array([Bomb(marker), np.zeros((3, 3))], dtype=object)
    (np.save if suffix == "npy" else np.savez)(path, array)

    with pytest.raises(ImageReadError, match="pickled Python objects, which can run code"):
        pixels_of(path)

    assert not marker.exists()
    assert str(marker).encode() in path.read_bytes()  # the bomb was in it


@pytest.mark.parametrize("dtype", ["c8", "U3", "M8[s]", [("x", "f4")]])
def test_what_is_no_real_number_is_refused(tmp_path, dtype):
    np.save(tmp_path / "a.npy", np.zeros((3, 3), dtype))

    with pytest.raises(ImageReadError, match="not real numbers; write it as float32"):
        pixels_of(tmp_path / "a.npy")


def test_a_spectrum_is_no_image(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(9))

    with pytest.raises(ImageShapeError, match="holds no image"):
        pixels_of(tmp_path / "a.npy")


def test_a_shape_larger_than_the_file_is_refused(tmp_path, image):
    np.save(tmp_path / "a.npy", image)
    stored = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(stored.replace(b"(24, 20), }          ", b"(240000, 200000), }  "))

    with pytest.raises(ImageReadError, match="191999998080 bytes of the array are missing"):
        pixels_of(tmp_path / "a.npy")


def test_an_npz_that_unpacks_to_more_than_an_image_is_refused(tmp_path):
    header = np.lib.format.header_data_from_array_1_0(np.zeros((1, 1), np.uint8)) | {"shape": (10**6, 10**6)}
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive, archive.open("image.npy", "w") as stream:
        np.lib.format.write_array_header_1_0(stream, header)

    with pytest.raises(ImageShapeError, match="too large for one image"):
        pixels_of(tmp_path / "a.npz")


def test_a_zip_of_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "weights.npz", "w") as archive:
        archive.writestr("data.pkl", b"\x80\x04.")

    with pytest.raises(ImageReadError, match="a zip archive without NPY arrays"):
        pixels_of(tmp_path / "weights.npz")


@pytest.mark.parametrize(("dtype", "factor"), [(np.float64, 1e-40), (np.float32, 1e-43)])
def test_values_too_small_for_float32_are_refused_and_not_rounded_to_zero(tmp_path, image, dtype, factor):
    np.save(tmp_path / "a.npy", (image.astype(np.float64) * factor).astype(dtype))

    with pytest.raises(ImageReadError, match="too faint for float32; use a smaller unit"):
        pixels_of(tmp_path / "a.npy")


def test_values_too_large_for_float32_are_refused_where_they_are_most_and_bad_where_they_are_few(tmp_path, image):
    np.save(tmp_path / "a.npy", image.astype(np.float64) * 1e60)
    marked = image.astype(np.float64)
    marked[:2] = np.finfo(np.float64).min
    np.save(tmp_path / "b.npy", marked)

    with pytest.raises(ImageReadError, match="too bright for float32; use a larger unit"):
        pixels_of(tmp_path / "a.npy")
    assert not np.isfinite(pixels_of(tmp_path / "b.npy")[0, :2]).any()


def test_an_npz_whose_array_header_claims_gigabytes_is_refused_at_once(tmp_path):
    claimed = 2**32 - 1
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("image.npy", b"\x93NUMPY\x02\x00" + claimed.to_bytes(4, "little") + b" " * 2**24)

    with pytest.raises(ImageReadError, match=r"a header of 4,294,967,295 bytes"):
        pixels_of(tmp_path / "a.npz")


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_complex_numbers_are_refused_before_they_are_read(tmp_path, image, suffix):
    (np.save if suffix == "npy" else np.savez)(tmp_path / f"a.{suffix}", image.astype(complex))

    with pytest.raises(ImageReadError, match="complex128, not real numbers"):
        pixels_of(tmp_path / f"a.{suffix}")
