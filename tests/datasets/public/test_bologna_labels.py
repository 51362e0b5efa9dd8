"""Labels of the Bologna challenge that cannot be believed are errors that name the line."""

import numpy as np
import pytest
from astropy.io import fits

import zoo_core as zoo
from zoo_core.errors import DatasetError


@pytest.fixture
def challenge(tmp_path):
    for image_id in (100, 101):
        fits.writeto(tmp_path / f"imageEUC_VIS-{image_id}.fits", np.ones((5, 5), np.float32))

    def opened(catalogue: str):
        (tmp_path / "classifications.csv").write_text(catalogue)
        return zoo.open_dataset("blf1_space", path=tmp_path)

    return opened


@pytest.mark.parametrize(
    ("catalogue", "message"),
    [
        ("ID,is_lens\n100,1\n101,\n", "line 3: is_lens of 101 is ''; write 0 or 1"),
        ("ID,is_lens\n100,1\n101\n", "line 3: is_lens of 101 is ''; write 0 or 1"),
        ("ID,is_lens\n100,maybe\n101,0\n", "line 2: is_lens of 100 is 'maybe'; write 0 or 1"),
        ("# made by hand\nID,is_lens\n100,1\n101,0\n100,0\n", "line 5: 100 has is_lens 0, and 1 in line 3; remove"),
        ("name,is_lens\n100,1\n", "line 1: no column ID, the columns are name, is_lens"),
        ("ID,label\n100,1\n", "line 1: no column is_lens"),
        ("", "is empty; it should have the columns ID and is_lens"),
        ("# nothing\n", "is empty"),
        ("ID,is_lens,Einstein_area\n100,1,big\n101,0,0\n", "line 2: einstein_area is 'big'; write a number"),
        ("ID,is_lens,Einstein_area\n100,1,inf\n101,0,0\n", "line 2: einstein_area is 'inf'; write a number"),
        ("is_lens,ID\n1\n0,101\n", "line 2: no ID"),
        ("ID,is_lens\n,1\n100,1\n101,0\n", "line 2: no ID"),
        ("ID,is_lens,is_lens\n100,1,0\n101,0,1\n", "line 1: 2 columns is_lens"),
        ("ID,is_lens\n100,1,0\n101,0\n", "line 2: 3 cells, the header has 2"),
        ("ID,is_lens,no_source\n100,1,1\n101,0,1\n", "line 2: 100 has is_lens 1 and no_source 1"),
        ("ID,is_lens\n" + "1" * 200_000 + ",1\n", "cannot be read (field larger than"),
    ],
)
def test_a_wrong_catalogue_is_one_line_that_says_where(challenge, catalogue, message):
    with pytest.raises(DatasetError) as error:
        challenge(catalogue)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_labels_and_einstein_radii_are_those_of_the_catalogue(challenge):
    truth = challenge("\ufeffID, is_lens, Einstein_area\n101, 0, 0\n100, 1, 7.384e-11\n100, 1, 7.384e-11\n").truth()
    assert truth["label"].tolist() == [1, 0]
    np.testing.assert_allclose(truth["theta_E"], [1.0, 0.0], rtol=1e-3)


def test_hidden_folders_are_no_classes(tmp_path):
    for name in ("lens", "nonlens", ".cache"):
        (tmp_path / name).mkdir()
        fits.writeto(tmp_path / name / "a.fits", np.ones((5, 5), np.float32))
        (tmp_path / name / "._a.fits").write_bytes(b"not an image")
    (tmp_path / "._lens").write_bytes(b"not a folder")
    data = zoo.open_dataset("folder", path=tmp_path)
    assert data.description.heads.classes == ("lens", "nonlens")
    assert len(data) == 2


def test_catalogues_of_the_test_set_say_what_has_no_source(challenge, tmp_path):
    (tmp_path / "ground_catalog.4.csv").write_text("# truth\nID,no_source\n100,0\n101,1\n")

    truth = zoo.open_dataset("blf1_space", path=tmp_path, labels="ground_catalog.4.csv").truth()

    assert truth["label"].tolist() == [1, 0]


def test_labels_that_lie_in_two_places_are_a_question(challenge, tmp_path):
    (tmp_path / "ground").mkdir()
    (tmp_path / "ground" / "classifications.csv").write_text("ID,is_lens\n100,0\n101,1\n")

    with pytest.raises(DatasetError, match="list labels; give the folder of one set"):
        challenge("ID,is_lens\n100,1\n101,0\n")


def test_an_image_in_both_folders_is_a_contradiction(tmp_path):
    for name in ("lens", "nolens"):
        (tmp_path / name).mkdir()
        fits.writeto(tmp_path / name / "imageEUC_VIS-100.fits", np.ones((5, 5), np.float32))

    with pytest.raises(DatasetError, match=r"lens/imageEUC_VIS-100.fits and .* have one ID"):
        zoo.open_dataset("blf1_space", path=tmp_path)


@pytest.mark.parametrize("classes", [["lens", "lens"], ["lens", "also"], ["lens", "../images/lens"]])
def test_two_classes_are_never_one_folder(tmp_path, classes):
    root = tmp_path / "images"
    (root / "lens").mkdir(parents=True)
    (root / "also").symlink_to("lens")
    fits.writeto(root / "lens" / "a.fits", np.ones((5, 5), np.float32))

    with pytest.raises(DatasetError, match="are one folder"):
        zoo.open_dataset("folder", path=root, classes=classes)
