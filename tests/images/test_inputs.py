"""From files, folders, globs and lists to rows."""

import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from zoo_core.errors import ArgumentError, ImageReadError, ImageShapeError
from zoo_core.images import find_sources, read
from zoo_core.images.source import stem


def ids(*inputs: object, **options: object) -> list[str]:
    return [source.id for source in find_sources(*inputs, **options)]


@pytest.fixture
def folder(tmp_path: Path, image: np.ndarray) -> Path:
    """Three images, and much that a folder also holds."""
    for name in ("b.npy", "a.npy", "C.NPY"):
        with (tmp_path / name).open("wb") as stream:
            np.save(stream, image)
    for name in ("notes.txt", ".DS_Store", "._a.npy"):
        (tmp_path / name).write_bytes(b"no image")
    (tmp_path / "deeper").mkdir()
    np.save(tmp_path / "deeper" / "d.npy", image)
    (tmp_path / "folder.fits").mkdir()
    return tmp_path


def test_a_folder_gives_its_image_files_by_name_and_not_those_deeper(folder):
    assert ids(folder) == ["C", "a", "b"]


def test_files_keep_the_order_in_which_they_are_named(folder):
    assert ids([folder / "b.npy", str(folder / "a.npy")]) == ["b", "a"]


def test_a_glob_gives_what_it_matches_by_name(folder):
    assert ids(f"{folder}/*.npy") == ["a", "b"]
    assert ids(f"{folder}/*/*.npy") == ["d"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path, image):
    np.save(tmp_path / "lens[1].npy", image)

    assert ids(str(tmp_path / "lens[1].npy")) == ["lens[1]"]


def test_a_list_of_paths_is_read_from_a_file_or_from_standard_input(folder, monkeypatch):
    lines = f"{folder}/b.npy\n\n{folder}/a b.npy\r\n"
    (folder / "list.txt").write_text(lines)
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))

    assert ids(from_file=folder / "list.txt") == ["b", "a b"]
    (folder / "marked.csv").write_text((folder / "list.txt").read_text(), encoding="utf-8-sig")
    assert ids(from_file=folder / "marked.csv") == ["b", "a b"]
    assert ids(from_file="-") == ["b", "a b"]


def test_a_path_that_comes_twice_is_two_rows(folder):
    assert ids([folder, folder / "a.npy", f"{folder}/b*"]) == ["C", "a", "b", "a", "b"]


def test_a_missing_file_is_a_row_that_says_so(tmp_path):
    (source,) = find_sources(tmp_path / "gone.fits")

    with pytest.raises(ImageReadError, match=r"gone\.fits: no such file"):
        read(source, n_bands=1)


@pytest.mark.parametrize("pattern", ["*.fits", "empty"])
def test_a_glob_or_folder_without_images_is_an_error_at_once(tmp_path, pattern):
    (tmp_path / "empty").mkdir()

    with pytest.raises(ImageReadError, match=r"no file matches|no image files"):
        find_sources(tmp_path / pattern)


def test_a_list_that_is_missing_is_an_error(tmp_path):
    with pytest.raises(ImageReadError, match=r"list\.txt: no such file"):
        list(find_sources(from_file=tmp_path / "list.txt"))


def test_no_input_at_all_is_an_error():
    with pytest.raises(ArgumentError, match="no images"):
        find_sources()


def test_an_empty_name_is_not_the_folder_that_one_is_in():
    with pytest.raises(ArgumentError, match="an input has an empty name"):
        find_sources(["a.fits", ""])


def test_all_extensions_are_a_row_each_with_their_names(write_fits, image):
    path = write_fits(("SCI", image), ("ERR", image), ("", image))

    sources = list(find_sources(path, ext="all"))

    assert [source.id for source in sources] == ["image[SCI]", "image[ERR]", "image[3]"]
    assert [source.key for source in sources] == [f"{path}[SCI]", f"{path}[ERR]", f"{path}[3]"]
    assert [read(source, n_bands=1).id for source in sources] == [source.id for source in sources]


def test_extensions_of_one_name_are_told_apart_by_number(write_fits, image):
    path = write_fits(("SCI", image), ("SCI", image + 1))

    assert ids(path, ext="all") == ["image[1]", "image[2]"]
    with pytest.raises(ImageShapeError, match="2 images are called 'SCI'; choose by number: 1, 2"):
        read(*find_sources(path, ext="SCI"), n_bands=1)


def test_the_planes_of_a_stack_are_a_row_each(write_fits, cube):
    sources = list(find_sources(write_fits(cube), stack=True))

    assert [source.id for source in sources] == [f"image[{i}]" for i in range(4)]
    np.testing.assert_array_equal([read(source, n_bands=1).pixels[0] for source in sources], cube)


def test_a_stack_of_images_in_bands_is_read_as_such(tmp_path, cube):
    np.save(tmp_path / "a.npy", np.stack([cube, cube + 1]))

    images = [read(source, n_bands=4) for source in find_sources(tmp_path / "a.npy", stack=True)]

    np.testing.assert_array_equal([image.pixels for image in images], [cube, cube + 1])


def test_a_single_image_among_stacks_stays_one_row(tmp_path, image, cube):
    np.save(tmp_path / "a.npy", image)
    np.save(tmp_path / "b.npy", cube[:2])

    assert ids(tmp_path, stack=True) == ["a", "b[0]", "b[1]"]


@pytest.mark.parametrize("options", [{"stack": True}, {"ext": "all"}], ids=str)
def test_a_broken_file_is_one_row_however_many_it_would_have_been(tmp_path, cube, options):
    np.save(tmp_path / "a.npy", cube)
    (tmp_path / "b.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:500])

    broken = list(find_sources(tmp_path, **options))[-1]

    assert broken.id == "b"
    with pytest.raises(ImageReadError, match="bytes of the array are missing"):
        read(broken, n_bands=1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("imageEUC_VIS-100002.fits", "imageEUC_VIS-100002"),
        ("a.b.fits.gz", "a.b"),
        ("a.fits.fz", "a"),
        ("J0946+1006.v2.FITS", "J0946+1006.v2"),
        ("a.JPEG", "a"),
        ("noise", "noise"),
        ("a.img", "a"),
    ],
)
def test_the_id_is_the_name_without_its_format(name, expected):
    assert stem(f"folder.d/{name}") == expected


def test_a_file_costs_little_more_memory_than_its_path(tmp_path):
    for i in range(500):
        (tmp_path / f"cutout-{i:06d}.fits").touch()
    tracemalloc.start()

    sources = find_sources(tmp_path)
    next(sources)
    held = tracemalloc.get_traced_memory()[0]

    tracemalloc.stop()
    assert len(list(sources)) == 499
    assert held / 500 < 350  # bytes: a path of 100 characters takes 150, its places in a list and a set of paths 100
