"""Telescope images of many scales and sizes are one data set, and no object is on both sides of a split."""

import numpy as np
import pytest
from astropy.io import fits

import zoo_core as zoo
from zoo_core.datasets.public.sky import SPLITS, split_of
from zoo_core.errors import DatasetError
from zoo_core.images import read
from zoo_core.images.preprocess import Preprocess

HEADER = "file,label,arc,name,band,pixel_scale,theta_E\n"
FIXED = ["validation", "train", "validation"]  # of version 1; a change moves objects that models were trained on
OPERATIONS = ({"op": "resample", "pixel_scale": 0.1}, {"op": "frame", "size": 101}, {"op": "noise_units"})


def galaxy(side: int, seed: int) -> np.ndarray:
    y, x = np.indices((side, side)) - (side - 1) / 2
    return (50 * np.exp(-np.hypot(x, y) / side * 12) + np.random.default_rng(seed).normal(size=(side, side))).astype(
        "f4"
    )


def write(path, pixels, scale=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    header = fits.Header()
    if scale is not None:
        header.update(CDELT1=-scale / 3600, CDELT2=scale / 3600, CTYPE1="RA---TAN", CTYPE2="DEC--TAN")
    fits.writeto(path, pixels, header)


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "lenses/a.fits", galaxy(120, 0), 0.05)
    write(tmp_path / "lenses/b.fits", galaxy(104, 1), 0.05)
    write(tmp_path / "lenses/unseen.fits", galaxy(104, 2), 0.05)
    write(tmp_path / "others/c.fits", galaxy(40, 3), 0.1)
    write(tmp_path / "others/cube.fits", np.stack([galaxy(50, 4 + band) for band in range(3)]), 0.168)
    (tmp_path / "labels.csv").write_text(
        HEADER + "lenses/a.fits,lens,clear,A,F814W,0.05,1.2\n"
        "lenses/b.fits,lens,weak,B,F814W,0.05,\n"
        "lenses/unseen.fits,lens,none_seen,U,F814W,0.05,\n"
        "others/c.fits,nonlens,,C,F814W,,\n"
        'others/cube.fits,nonlens,,D,"g,r,i",0.168,\n'
    )
    return tmp_path


def test_lenses_without_visible_arcs_and_other_bands_are_left_out(folder):
    truth = zoo.open_dataset("sky", path=folder).truth()

    assert truth["id"].tolist() == ["lenses/a", "lenses/b", "others/c"]
    assert truth["label"].tolist() == [1, 1, 0]
    assert truth["arc"].tolist() == ["clear", "weak", "none"]
    assert truth["kind"].tolist() == ["lenses", "lenses", "others"]
    np.testing.assert_array_equal(truth["theta_E"], [1.2, np.nan, np.nan])


def test_a_model_sees_each_image_as_it_sees_the_file_itself(folder):
    sky, preprocess = zoo.open_dataset("sky", path=folder), Preprocess.from_operations(OPERATIONS, ("VIS",))
    images = sky.images(slice(None))

    for source, image in zip(sky.sources, images, strict=True):
        itself, measured = preprocess.prepare(read(source, n_bands=1)).pixels, np.isfinite(image)
        through = preprocess.prepare_array(image, 0.1).pixels
        np.testing.assert_allclose(through[measured], itself[measured], rtol=1e-4, atol=1e-4)  # float32 header
        assert measured.sum() == (np.abs(np.diff(np.flatnonzero(measured.any((0, 1))))).sum() + 1) ** 2


def test_planes_of_a_cube_are_taken_by_the_names_of_their_bands(folder):
    sky = zoo.open_dataset("sky", path=folder, bands={"i": "i", "g": "g"}, pixel_scale=0.168, size=50)

    assert sky.truth()["id"].tolist() == ["others/cube"]
    np.testing.assert_array_equal(sky.images([0])[0], [galaxy(50, 6), galaxy(50, 4)])


def test_an_object_is_in_one_split_whatever_its_file(folder):
    write(folder / "again/a.fits", galaxy(60, 9), 0.1)
    with (folder / "labels.csv").open("a") as table:
        table.write("again/a.fits,lens,clear,A,F814W,0.1,1.2\n")

    found = {split: zoo.open_dataset("sky", path=folder, split=split) for split in {split_of(name) for name in "ABC"}}

    assert sum(len(part) for part in found.values()) == 4
    assert found[split_of("A")].truth()["object"].tolist().count("A") == 2


def test_splits_are_fixed_and_have_four_two_and_four_tenths_of_the_objects():
    splits = [split_of(f"object {k}") for k in range(10_000)]

    shares = [splits.count(split) / len(splits) for split in SPLITS]
    assert shares == pytest.approx([0.4, 0.2, 0.4], abs=0.02)
    assert [split_of(name) for name in ("SDSSJ0037-0942", "SDSSJ0252+0039", "cosmos_000045.fits.gz")] == FIXED


def test_a_file_that_two_lines_name_counts_once(folder, caplog):
    with (folder / "labels.csv").open("a") as table:
        table.write("others/c.fits,nonlens,,C,F814W,,\n")

    assert len(zoo.open_dataset("sky", path=folder)) == 3
    assert "1 lines name a file that another names too" in caplog.text


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("lenses/a.fits,nonlens,,A,F814W,0.05,", "two objects"),
        ("lenses/z.fits,lens,clear,Z,F814W,0.05,", "line 7: there is no .*z.fits"),
        ("lenses/a.fits,maybe,,A,F814W,0.05,", "line 7: label is 'maybe'"),
        ("lenses/b.fits,lens,,B,F814W,wide,", "line 7: pixel_scale is 'wide'"),
        ("lenses/b.fits,lens,,B,F814W,-0.05,", "line 7: pixel_scale is '-0.05'"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(folder, line, named):
    with (folder / "labels.csv").open("a") as table:
        table.write(line + "\n")

    with pytest.raises(DatasetError, match=named):
        zoo.open_dataset("sky", path=folder)


def test_several_splits_are_opened_as_one(folder):
    parts = [split_of(name) for name in "ABC"]
    two = {parts[0], "test"}

    truth = zoo.open_dataset("sky", path=folder, split=sorted(two)).truth()

    assert truth["object"].tolist() == [name for name, part in zip("ABC", parts, strict=True) if part in two]


def test_a_folder_without_its_table_and_a_split_that_there_is_not_are_refused(folder, tmp_path):
    with pytest.raises(DatasetError, match="split is 'all'"):
        zoo.open_dataset("sky", path=folder, split="all")
    with pytest.raises(DatasetError, match=r"split is \['test', 'all'\]; choose of train, validation, test"):
        zoo.open_dataset("sky", path=folder, split=["test", "all"])
    (folder / "labels.csv").unlink()
    with pytest.raises(DatasetError, match=r"holds no labels\.csv"):
        zoo.open_dataset("sky", path=folder)


def test_an_image_whose_scale_nobody_says_is_an_error(folder):
    write(folder / "others/e.fits", galaxy(40, 3))
    (folder / "labels.csv").write_text(HEADER + "others/e.fits,nonlens,,E,F814W,,\n")

    with pytest.raises(DatasetError, match="no pixel scale"):
        zoo.open_dataset("sky", path=folder).images([0])


def test_the_fingerprint_changes_with_the_scale_and_the_labels(folder):
    fingerprints = {zoo.open_dataset("sky", path=folder, pixel_scale=scale).fingerprint() for scale in (0.1, 0.05)}
    table = (folder / "labels.csv").read_text().replace("others/c.fits,nonlens,,", "others/c.fits,lens,weak,")
    (folder / "labels.csv").write_text(table)

    assert len(fingerprints | {zoo.open_dataset("sky", path=folder).fingerprint()}) == 3
