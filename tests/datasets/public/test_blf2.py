"""The second Bologna challenge, in files laid out as the challenge's."""

import numpy as np
import pytest
from astropy.io import fits

import zoo_core as zoo
from zoo_core.errors import DatasetError

COLUMNS = [
    *("", "ID", "x_crit", "y_crit", "source_ID", "z_source", "z_lens", "mag_source", "ein_area", "n_crit", "r_source"),
    *("crit_area", "n_pix_source", "source_flux", "n_pix_lens", "lens_flux", "n_source_im", "mag_eff", "sb_contrast"),
    *("color_diff", "n_gal_3", "n_gal_5", "n_gal_10", "halo_mass", "star_mass", "mag_lens", "n_sources"),
]
COMMENTS = "".join(f"# field {k}, what it is\n" for k in range(28))


def row(image_id, images=2, magnification=3.0, pixels=100):
    values = {"ID": image_id, "n_source_im": images, "mag_eff": magnification, "n_pix_source": pixels}
    return ",".join(str(values.get(column, 0)) for column in COLUMNS)


def catalogue(folder, *rows):
    (folder / "image_catalog2.0train.csv").write_text(COMMENTS + ",".join(COLUMNS) + "\n" + "\n".join(rows) + "\n")


def write(folder, image_id, **sides):
    for band, side in {"VIS": 200, "Y": 66, "J": 66, "H": 66, **sides}.items():
        path = folder / f"datapack2.0train/Public/EUC_{band}/imageEUC_{band}-{image_id}.fits"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng([image_id, side]).normal(size=(side, side))
        fits.writeto(path, noise.astype(">f4"))


@pytest.fixture
def challenge(tmp_path):
    for image_id in (200000, 200001, 200002):
        write(tmp_path, image_id)
    return tmp_path


@pytest.mark.parametrize(
    ("criteria", "label"),
    [((1, 1.7, 21), 1), ((0, 9, 99), 0), ((1, 1.6, 99), 0), ((1, 9, 20), 0), ((2, "", 99), 0), ((2, "nan", 99), 0)],
)
def test_a_lens_is_what_the_challenge_scored_as_one(challenge, criteria, label):
    catalogue(challenge, row(200000, *criteria), row(200001), row(200002, 0))

    assert zoo.open_dataset("blf2", path=challenge).truth()["label"].tolist() == [label, 1, 0]


def test_rows_without_image_and_twice_are_left_out_and_contradictions_with_their_image(challenge):
    rows = [row(213913), row(200000), row(200000), row(200001), row(200001, 0), row(200002, 0)]
    catalogue(challenge, *rows)

    truth = zoo.open_dataset("blf2", path=challenge).truth()

    assert truth["id"].tolist() == ["200000", "200002"]
    assert truth["label"].tolist() == [1, 0]


def test_bands_of_nisp_come_onto_the_pixels_of_vis_with_their_flux(challenge):
    catalogue(challenge, *(row(image_id) for image_id in (200000, 200001, 200002)))

    images = zoo.open_dataset("blf2", path=challenge).images([0])

    assert images.shape == (1, 4, 200, 200)
    assert np.isfinite(images[0, 0]).all() and np.isfinite(images[0, 1:, 1:199, 1:199]).all()
    assert np.isnan(images[0, 1:, 0]).all() and np.isnan(images[0, 1:, :, 199]).all()
    coarse = fits.getdata(challenge / "datapack2.0train/Public/EUC_Y/imageEUC_Y-200000.fits")
    blocks = images[0, 1, 1:199, 1:199].reshape(66, 3, 66, 3).sum((1, 3))
    np.testing.assert_allclose(blocks, coarse, atol=1e-5)  # float32


def test_some_bands_keep_their_own_pixels(challenge):
    catalogue(challenge, *(row(image_id) for image_id in (200000, 200001, 200002)))

    nisp = zoo.open_dataset("blf2", path=challenge, bands=["J", "H"])

    assert nisp.images([0]).shape == (1, 2, 66, 66) and nisp.description.pixel_scale == 0.3
    assert zoo.open_dataset("blf2", path=challenge, bands=["VIS"]).images([0]).shape == (1, 1, 200, 200)


def test_what_is_wrong_is_one_line_that_says_where(challenge):
    with pytest.raises(DatasetError, match=r"there is no image_catalog2\.0train\.csv below"):
        zoo.open_dataset("blf2", path=challenge)
    catalogue(challenge, row(200000), row(200001))
    with pytest.raises(DatasetError, match="does not list 1 of the images, the first is 200002"):
        zoo.open_dataset("blf2", path=challenge)
    catalogue(challenge, row(200000), row(200001, "many"), row(200002))
    with pytest.raises(DatasetError, match="line 31: n_source_im is 'many'; write a number, or nothing"):
        zoo.open_dataset("blf2", path=challenge)
    with pytest.raises(DatasetError, match="there is no band R; choose among VIS, Y, J, H"):
        zoo.open_dataset("blf2", path=challenge, bands=["R"])


def test_a_missing_band_and_another_size_are_errors_that_name_the_image(challenge):
    catalogue(challenge, *(row(image_id) for image_id in (200000, 200001, 200002, 200003)))
    write(challenge, 200003, Y=60)
    with pytest.raises(DatasetError, match=r"imageEUC_Y-200003\.fits has 60 x 60 pixels, not 66 x 66"):
        zoo.open_dataset("blf2", path=challenge).images([3])

    (challenge / "datapack2.0train/Public/EUC_J/imageEUC_J-200001.fits").unlink()
    with pytest.raises(DatasetError, match="1 images lack a band, the first is 200001"):
        zoo.open_dataset("blf2", path=challenge)
