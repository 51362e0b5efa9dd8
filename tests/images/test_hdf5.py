"""HDF5 data sets read to what h5py reads."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from zoo_core.errors import ImageReadError, ImageShapeError
from zoo_core.images import find_sources, read
from zoo_core.images.source import FileSource


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "images.h5")


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "f8", "<u2", ">i4", "?"])
@pytest.mark.parametrize("options", [{}, {"chunks": (4, 20), "compression": "gzip", "shuffle": True}], ids=str)
def test_every_dtype_and_filter_reads_to_the_same_pixels_as_h5py(path, image, dtype, options):
    with h5py.File(path, "w") as file:
        expected = file.create_dataset("image", data=(image * 9).astype(dtype), **options)[:].astype(np.float32)

    np.testing.assert_array_equal(read(FileSource(path), n_bands=1).pixels[0], expected)


def test_data_sets_in_groups_are_chosen_by_their_path(path, cube, image):
    with h5py.File(path, "w") as file:
        file["base/lenses"], file["base/psf"], file["params"] = cube, image, np.arange(4.0)

    assert read(FileSource(path, "base/psf"), n_bands=1).id == "images[base/psf]"
    np.testing.assert_array_equal(read(FileSource(path, "base/lenses", 3), n_bands=1).pixels[0], cube[3])
    with pytest.raises(ImageShapeError, match=r"2 images \(base/lenses, base/psf\)"):
        read(FileSource(path), n_bands=1)


def test_a_stack_gives_a_row_for_each_plane(path, cube):
    with h5py.File(path, "w") as file:
        file["images"] = cube

    rows = [read(source, n_bands=1) for source in find_sources(path, stack=True)]

    assert [row.id for row in rows] == ["images[0]", "images[1]", "images[2]", "images[3]"]
    np.testing.assert_array_equal(np.concatenate([row.pixels for row in rows]), cube)


def test_attributes_tell_pixel_scale_and_unit_and_those_of_the_data_set_win(path, image):
    with h5py.File(path, "w") as file:
        file["image"] = image
        file.attrs["pixel_scale"], file.attrs["unit"] = 0.2, "nJy"
        file["image"].attrs["pixel_scale"] = np.float32(0.1)

    raw = read(FileSource(path), n_bands=1)

    assert raw.pixel_scale == pytest.approx(0.1) and raw.unit == "nJy"


def test_a_sparse_data_set_of_terabytes_is_refused(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("image", shape=(10**6, 10**6), dtype="f4", chunks=(100, 100))

    with pytest.raises(ImageShapeError, match="too large for one image"):
        read(FileSource(path), n_bands=1)


def test_links_that_leave_the_file_are_not_followed(path, image, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["image"] = image
    with h5py.File(path, "w") as file:
        file["image"] = image
        file["elsewhere"] = h5py.ExternalLink("other.h5", "/image")

    np.testing.assert_array_equal(read(FileSource(path), n_bands=1).pixels[0], image)


def test_an_attribute_of_one_element_is_a_number(path, image):
    with h5py.File(path, "w") as file:
        file["image"] = image
        file["image"].attrs["pixel_scale"] = np.array([0.1])

    assert read(FileSource(path), n_bands=1).pixel_scale == pytest.approx(0.1)


def test_a_virtual_data_set_of_itself_is_refused(path):
    layout = h5py.VirtualLayout(shape=(24, 20), dtype="f4")
    layout[:] = h5py.VirtualSource(path, "image", shape=(24, 20))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("image", layout)

    with pytest.raises(ImageReadError, match="virtual data set, which is not followed"):
        read(FileSource(path), n_bands=1)


@pytest.mark.parametrize("place", ["pipe", "hosts"])
def test_pixels_that_lie_in_another_file_are_refused(path, tmp_path, place):
    outside = tmp_path / place
    os.mkfifo(outside) if place == "pipe" else outside.write_bytes(bytes(24 * 20 * 4))
    with h5py.File(path, "w") as file:
        file.create_dataset("image", (24, 20), "f4", external=[(str(outside), 0, 24 * 20 * 4)])

    with pytest.raises(ImageReadError, match="stored in other files, which is not followed"):
        read(FileSource(path), n_bands=1)
