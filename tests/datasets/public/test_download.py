"""What of a download is missing, truncated or too many is said in plain lines."""

import shutil

import numpy as np
import pytest
from astropy.io import fits

from zoo_core.datasets.opening import examine
from zoo_core.datasets.public import download
from zoo_core.errors import DatasetError


def write(path, side=101):
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.writeto(path, np.zeros((side, side), ">f4"))


@pytest.fixture
def ground(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "BLF1_COUNTS", (3,))
    for number, band in enumerate("RIGU", start=1):
        for image_id in (100000, 100001, 100002):
            write(tmp_path / f"Public/Band{number}/imageSDSS_{band}-{image_id}.fits")
    lines = "".join(f"{image_id},1,0,0,0\n" for image_id in (100000, 100001, 100002))
    (tmp_path / "classifications.csv").write_text("ID,is_lens,Einstein_area,numb_pix,flux\n" + lines)
    return tmp_path


def test_a_whole_download_has_no_faults_and_files_of_the_size_of_the_challenge(ground):
    whole = examine("blf1_ground", ground)

    assert (ground / "Public/Band1/imageSDSS_R-100000.fits").stat().st_size == 46080
    assert whole.faults == ()
    assert whole.found == "3 images in r, 3 images in i, 3 images in g, 3 images in u, classifications.csv"


def test_missing_truncated_and_surplus_files_are_named(ground):
    band = ground / "Public/Band2"
    (band / "imageSDSS_I-100000.fits").unlink()
    whole = (band / "imageSDSS_I-100001.fits").read_bytes()
    (band / "imageSDSS_I-100001.fits").write_bytes(whole[:20000])
    (band / "imageSDSS_I-100002.fits").write_bytes(b"")
    shutil.copytree(ground / "Public/Band4", ground / "again")

    faults = examine("blf1_ground", ground).faults

    assert faults == (
        "missing: 1 images in i, the first is imageSDSS_I-100000.fits",
        f"truncated: 2 files of i, the first is {band / 'imageSDSS_I-100001.fits'}",
        f"too many: 3 images in u lie in two places, the first is 100000, in {ground / 'Public/Band4'} and "
        f"{ground / 'again'}",
    )


def test_images_are_compared_with_the_catalogue(ground):
    (ground / "classifications.csv").write_text("ID,is_lens\n100000,1\n100001,0\n100009,0\n")
    write(ground / "Public/Band1/imageSDSS_R-100007.fits", side=50)

    faults = " | ".join(examine("blf1_ground", ground).faults)

    assert "too many: 2 images that classifications.csv does not list, the first is 100002" in faults
    assert "missing: 1 images that classifications.csv lists, the first is 100009" in faults
    assert "wrong size: 1 files of r are of 50 x 50 pixels and not 101 x 101" in faults
    assert "a part only: 4 images; the training and the test set have 3" in faults


def test_an_archive_that_is_not_unpacked_and_no_folder_at_all_are_said(tmp_path):
    (tmp_path / "GroundBasedTraining.tar.gz").write_bytes(b"")

    assert f"not unpacked: {tmp_path / 'GroundBasedTraining.tar.gz'}" in examine("blf1_ground", tmp_path).faults
    assert examine("blf1_space", tmp_path / "nowhere").faults == (f"missing: {tmp_path / 'nowhere'} is not a folder",)


def test_a_catalogue_that_cannot_be_read_is_damaged(ground):
    (ground / "classifications.csv").write_text("ID,is_lens\n100000,\n")

    assert examine("blf1_ground", ground).faults[0].startswith("damaged: ")


def test_a_band_of_the_second_challenge_has_its_own_size(tmp_path):
    for band, side in {"VIS": 200, "Y": 66, "J": 66, "H": 200}.items():
        write(tmp_path / f"Public/EUC_{band}/imageEUC_{band}-200000.fits", side)

    faults = examine("blf2", tmp_path).faults

    assert faults[0].startswith("wrong size: 1 files of H are of 200 x 200 pixels and not 66 x 66")
    assert "missing: image_catalog2.0train.csv, without which there are no labels" in faults


def test_the_test_of_deeplense_is_compared_with_the_counts_that_were_published(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "FINDING_COUNTS", dict.fromkeys(download.FINDING_COUNTS, 2))
    for name in ("train_lenses", "train_nonlenses", "test_lenses"):
        (tmp_path / name).mkdir()
        for k in range(2):
            np.save(tmp_path / name / f"{k}.npy", np.zeros((3, 64, 64)))
    np.save(tmp_path / "train_lenses" / "9.npy", np.zeros((64, 64, 3)))
    cut = tmp_path / "test_lenses" / "0.npy"
    cut.write_bytes(cut.read_bytes()[:5000])

    faults = examine("deeplense_finding", tmp_path).faults

    assert faults == (
        "too many: train_lenses holds 3 images, 2 are published",
        f"wrong size: 1 files of train_lenses are of shape (64, 64, 3) and not (3, 64, 64), the first is "
        f"{tmp_path / 'train_lenses' / '9.npy'}",
        f"missing: the folder {tmp_path / 'test_nonlenses'}",
        f"truncated: 1 files of test_lenses, the first is {cut}",
    )


def test_of_other_sets_nobody_knows_what_is_missing(tmp_path):
    with pytest.raises(DatasetError, match="it is not known which files it should have"):
        examine("folder", tmp_path)
