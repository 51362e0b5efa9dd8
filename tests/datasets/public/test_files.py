"""Adapters read the layouts in which public sets come, and a user's own folders."""

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits

import zoo_core as zoo
from zoo_core.errors import DatasetError, ZooError

CSV = """# a comment
ID,is_lens,Einstein_area,numb_pix_lensed_image,flux_lensed_image_in_sigma
100001,1,7.385e-11,120,300.5
100002,0,0,0,0
"""


def write(path, value, shape=(11, 11)):
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.writeto(path, np.full(shape, value, dtype=np.float32))


@pytest.fixture
def space(tmp_path):
    for image_id in (100002, 100001):
        write(tmp_path / f"Public/Band1/imageEUC_VIS-{image_id}.fits", image_id)
    (tmp_path / "classifications.csv").write_text(CSV)
    return tmp_path


@pytest.fixture
def ground(tmp_path):
    for number, band in enumerate("RIGU", start=1):
        for image_id in (100001, 100002):
            write(tmp_path / f"Public/Band{number}/imageSDSS_{band}-{image_id}.fits", number)
    (tmp_path / "classifications.csv").write_text(CSV)
    return tmp_path


def test_space_challenge_has_its_labels_and_einstein_radii(space):
    challenge = zoo.open_dataset("blf1_space", path=space)

    truth = challenge.truth()

    assert list(truth["id"]) == ["imageEUC_VIS-100001", "imageEUC_VIS-100002"]
    assert list(truth["label"]) == [1, 0]
    assert truth["theta_E"][0] == pytest.approx(1.0, abs=1e-3)  # pi arcsec^2 is 7.385e-11 sr
    assert challenge.images([0])[0, 0, 0, 0] == 100001


def test_ground_challenge_has_its_bands_in_the_order_of_the_files(ground):
    challenge = zoo.open_dataset("blf1_ground", path=ground)

    assert challenge.description.bands == ("r", "i", "g", "u")
    assert challenge.images(slice(2))[:, :, 0, 0].tolist() == [[1, 2, 3, 4], [1, 2, 3, 4]]


def test_a_missing_band_is_an_error_that_names_the_image(ground):
    (ground / "Public/Band3/imageSDSS_G-100002.fits").unlink()

    with pytest.raises(DatasetError, match="100002"):
        zoo.open_dataset("blf1_ground", path=ground)


def test_challenge_samples_are_labelled_by_their_folders(tmp_path):
    write(tmp_path / "lens/imageEUC_VIS-7.fits", 0)
    write(tmp_path / "nolens/imageEUC_VIS-8.fits", 0)

    assert list(zoo.open_dataset("blf1_space", path=tmp_path).truth()["label"]) == [1, 0]


def test_images_without_catalogue_or_telling_folder_are_an_error(tmp_path):
    write(tmp_path / "stuff/imageEUC_VIS-7.fits", 0)

    with pytest.raises(DatasetError, match=r"classifications\.csv"):
        zoo.open_dataset("blf1_space", path=tmp_path)


def test_a_folder_holds_a_folder_a_class(tmp_path):
    write(tmp_path / "galaxy/a.fits", 1)
    write(tmp_path / "lens/b.fits", 2)
    (tmp_path / "lens" / ".DS_Store").write_bytes(b"junk")

    folder = zoo.open_dataset("folder", path=tmp_path)

    assert folder.description.heads.classes == ("galaxy", "lens")
    assert list(folder.truth()["label"]) == [0, 1]
    assert folder.images(slice(2)).shape == (2, 1, 11, 11)


def test_a_folder_without_labels_holds_the_images_themselves(tmp_path):
    write(tmp_path / "a.fits", 1)
    write(tmp_path / "b.fits", 2)

    folder = zoo.open_dataset("folder", path=tmp_path, labelled=False)

    assert folder.description.heads.classes == ("unlabelled",) and len(folder) == 2
    assert folder.targets().tolist() == [0, 0]
    with pytest.raises(DatasetError, match="labelled: false"):
        zoo.open_dataset("folder", path=tmp_path)


def test_images_of_several_sizes_need_a_common_one(tmp_path):
    write(tmp_path / "galaxy/a.fits", 1, (11, 11))
    write(tmp_path / "lens/b.fits", 2, (7, 15))

    with pytest.raises(DatasetError, match="size="):
        zoo.open_dataset("folder", path=tmp_path).images(slice(2))
    images = zoo.open_dataset("folder", path=tmp_path, size=9).images(slice(2))
    assert np.isfinite(images[0]).all()
    assert np.isfinite(images[1, 0, 1:8]).all()
    assert np.isnan(images[1, 0, [0, 8]]).all()


def on_sky(path, scale, shape=(20, 20)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    header = fits.Header() if scale is None else fits.Header({"CD1_1": -scale / 3600, "CD2_2": scale / 3600})
    header.update({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"})
    fits.writeto(path, pixels, header)
    return pixels


def test_a_folder_has_the_pixel_scale_of_its_headers(tmp_path):
    pixels = on_sky(tmp_path / "galaxy/a.fits", 0.2)
    on_sky(tmp_path / "lens/b.fits", 0.2)
    folder = zoo.open_dataset("folder", path=tmp_path)
    assert folder.description.pixel_scale == pytest.approx(0.2)
    np.testing.assert_array_equal(folder.images([0])[0, 0], pixels)


def test_images_of_another_scale_are_brought_to_that_of_the_first(tmp_path):
    on_sky(tmp_path / "galaxy/a.fits", 0.2)
    fine = on_sky(tmp_path / "lens/b.fits", 0.1, (40, 40))
    image = zoo.open_dataset("folder", path=tmp_path).images([1])[0, 0]
    assert image.shape == (20, 20)
    np.testing.assert_allclose(image, fine.reshape(20, 2, 20, 2).sum((1, 3)), atol=1e-4)


def test_a_pixel_scale_that_is_given_overrides_the_headers_and_says_so(tmp_path, caplog):
    pixels = on_sky(tmp_path / "galaxy/a.fits", 0.2)
    on_sky(tmp_path / "lens/b.fits", 0.1)
    folder = zoo.open_dataset("folder", path=tmp_path, pixel_scale=0.1 * u.arcsec)
    with caplog.at_level("WARNING", "zoo"):
        images = folder.images([0, 1])
    np.testing.assert_array_equal(images[0, 0], pixels)
    assert folder.description.pixel_scale == 0.1
    assert caplog.text.count("pixel scale 0.1 used, the header of") == 1


@pytest.mark.parametrize("scales", [(0.1, None), (None, 0.1)])
def test_an_image_without_scale_among_others_is_an_error_that_names_it(tmp_path, scales):
    on_sky(tmp_path / "galaxy/a.fits", scales[0])
    on_sky(tmp_path / "lens/b.fits", scales[1])
    wrong = ("a.fits", "b.fits")[scales.index(None)]
    with pytest.raises(DatasetError, match=rf"{wrong} says no pixel scale, .* pixel_scale= \(--pixel-scale\)"):
        zoo.open_dataset("folder", path=tmp_path).images([0, 1])
    assert zoo.open_dataset("folder", path=tmp_path, pixel_scale=0.1).images([0, 1]).shape == (2, 1, 20, 20)


@pytest.mark.parametrize(
    "wrong",
    [{"size": 0}, {"size": -3}, {"pixel_scale": -0.1}, {"pixel_scale": 0}, {"bands": "VIS"}, {"classes": "lens"}],
)
def test_impossible_arguments_of_a_folder_are_refused(tmp_path, wrong):
    on_sky(tmp_path / "galaxy/a.fits", 0.2)
    on_sky(tmp_path / "lens/b.fits", 0.1)
    with pytest.raises(ZooError, match=rf"{next(iter(wrong))}"):
        zoo.open_dataset("folder", path=tmp_path, **wrong)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([], "holds no folder and 0 files"),
        (["a.fits", ".hidden"], "holds no folder and 1 file"),
        (["lens/a.fits", "list.csv", "b.fits"], "holds the folder lens alone and 2 files"),
    ],
)
def test_a_folder_of_another_layout_is_said_with_what_it_holds_and_the_one_that_is_wanted(tmp_path, files, found):
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    with pytest.raises(DatasetError) as caught:
        zoo.open_dataset("folder", path=tmp_path)

    assert found in str(caught.value)
    assert "a folder of images for each class, as in mine/nonlens/a.fits, mine/lens/b.fits" in str(caught.value)


def test_a_path_that_is_no_folder_is_said_with_the_layout_that_is_wanted(tmp_path):
    (tmp_path / "a.fits").touch()
    for name, found in (("a.fits", "is a file"), ("gone", "is not there")):
        with pytest.raises(DatasetError, match=rf"{name} {found}; wanted is a folder of images for each class"):
            zoo.open_dataset("folder", path=tmp_path / name)


def test_fingerprint_follows_the_labels(tmp_path):
    write(tmp_path / "galaxy/a.fits", 1)
    write(tmp_path / "lens/b.fits", 2)
    before = zoo.open_dataset("folder", path=tmp_path).fingerprint()

    after = zoo.open_dataset("folder", path=tmp_path, classes=["lens", "galaxy"]).fingerprint()

    assert before != after
