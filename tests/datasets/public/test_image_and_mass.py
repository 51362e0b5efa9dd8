"""Object arrays [image, mass] are read as NumPy wrote them, and nothing that they might call is called."""

import os
import pickle
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from zoo_core.datasets.public.image_and_mass import read_image_and_mass
from zoo_core.errors import ImageReadError

IMAGE = np.arange(12.0).reshape(3, 4)


def save(path, image, mass):
    """As the simulator of DeepLense writes its axion files."""
    both = np.empty(2, dtype=object)
    both[0], both[1] = image, mass
    np.save(path, both, allow_pickle=True)
    return path


def save_pickle(path, program, shape=(2,)):
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, {"descr": "|O", "fortran_order": False, "shape": shape})
        stream.write(program)
    return path


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4"])
@pytest.mark.parametrize("mass", [1e-23, np.float64(1e-23), np.float32(1e-23)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_image_and_mass_are_what_was_saved(tmp_path, dtype, mass, order):
    path = save(tmp_path / "axion_sim_1.npy", np.asarray(IMAGE, dtype, order=order), mass)

    image, found = read_image_and_mass(path)

    np.testing.assert_array_equal(image, IMAGE)
    assert found == float(mass)


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_protocols_in_which_numpy_has_written_are_read_or_refused(tmp_path, protocol):
    both = np.empty(2, dtype=object)
    both[0], both[1] = IMAGE, 1e-22
    path = save_pickle(tmp_path / "a.npy", pickle.dumps(both, protocol=protocol))

    if protocol == 2:  # keeps bytes as text for Python 2, which DeepLense's files never were
        with pytest.raises(ImageReadError, match=r"_codecs\.encode"):
            read_image_and_mass(path)
    else:
        np.testing.assert_array_equal(read_image_and_mass(path)[0], IMAGE)


def test_a_plain_array_has_no_mass(tmp_path):
    np.save(tmp_path / "cdm.npy", IMAGE)

    image, mass = read_image_and_mass(tmp_path / "cdm.npy")

    np.testing.assert_array_equal(image, IMAGE)
    assert mass is None


class Malicious:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("place", ["alone", "as image", "as mass"])
def test_a_pickle_that_calls_something_is_refused_and_not_run(tmp_path, place):
    evil = Malicious(tmp_path / "made")
    if place == "alone":
        path = save_pickle(tmp_path / "a.npy", pickle.dumps(evil, protocol=4))
    else:
        path = save(tmp_path / "a.npy", *((evil, 1.0) if place == "as image" else (IMAGE, evil)))

    with pytest.raises(ImageReadError, match=rf"it asks for {os.mkdir.__module__}\.mkdir"):
        read_image_and_mass(path)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "objects",
    [
        [IMAGE, "a mass"],
        ["an image", 1.0],
        [IMAGE, 1.0, 2.0],
        [IMAGE.astype(complex), 1.0],
        [np.array([IMAGE, 1.0, None], dtype=object), 1.0],
    ],
)
def test_other_objects_are_refused_with_the_reason(tmp_path, objects):
    both = np.empty(len(objects), dtype=object)
    both[:] = objects
    np.save(tmp_path / "a.npy", both, allow_pickle=True)

    with pytest.raises(ImageReadError, match=r"not \[image, mass\] as NumPy writes it"):
        read_image_and_mass(tmp_path / "a.npy")


def test_no_damaged_file_does_anything_but_raise(tmp_path):
    content = save(tmp_path / "a.npy", IMAGE, 1.0).read_bytes()
    rng = np.random.default_rng(0)
    path = tmp_path / "b.npy"
    for cut in (0, 5, 100, 128, 150, 300, len(content) - 1):
        path.write_bytes(content[:cut])
        with pytest.raises(ImageReadError):
            read_image_and_mass(path)
    for _ in range(300):
        _read_damaged(path, bytearray(content), rng)


def _read_damaged(path: Path, content: bytearray, rng: np.random.Generator) -> None:
    content[rng.integers(len(content))] = rng.integers(256)
    path.write_bytes(content)
    with suppress(ImageReadError):  # a changed pixel is still an image
        read_image_and_mass(path)
