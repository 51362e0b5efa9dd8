"""Stamps of real galaxies become sources: clean, of unit flux, lensed like any other light."""

import numpy as np
import pytest
import torch
from astropy.io import fits

from zoo_core.datasets.simulated.finding import finding_space
from zoo_core.errors import ImageReadError
from zoo_core.sim.frame import CutoutFrame
from zoo_core.sim.rays.grid import Grid
from zoo_core.sim.rays.render import render
from zoo_core.sim.rays.scene import LENS, LIGHT, Scenes
from zoo_core.sim.sky import stamps
from zoo_core.sim.sky.stamps import StampSource, lensed, read_stamps

GRID = Grid.of(202, 0.05, torch.float64, torch.device("cpu"))
SIGMA = 6.0  # pixels, of the galaxies in the test files
EMPTY, MASSIVE = (np.array([(theta_E, 0.8, 0.4, 1.0, 0.1, -0.05, 0.0, 0.0)], LENS) for theta_E in (0.0, 1.0))


def galaxy(shape=(61, 75), at=(28, 41), sky=3.0, noise=0.02):
    rows, columns = np.indices(shape)
    light = np.exp(-((rows - at[0]) ** 2 + (columns - at[1]) ** 2) / (2 * SIGMA**2))
    return light + sky + noise * np.random.default_rng(0).standard_normal(shape)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "stamps.fits"
    layers = [fits.PrimaryHDU(galaxy()), fits.ImageHDU(np.stack([galaxy()] * 2)), fits.ImageHDU(np.zeros((61, 75)))]
    fits.HDUList(layers).writeto(path)
    return path


def test_every_galaxy_of_the_file_is_read_and_empty_images_are_not(file):
    assert len(read_stamps(file)) == 3


def test_a_clean_stamp_has_unit_flux_its_size_and_no_sky(file):
    stamp = read_stamps(file)[0]
    assert stamp.pixels.sum() == pytest.approx(1)
    assert stamp.pixels[:3].max() == 0
    # half of a Gaussian lies within 1.18 sigma; smoothing adds a pixel in quadrature
    assert pytest.approx(1.177 * np.hypot(SIGMA, 1), rel=0.08) == stamp.R
    assert np.unravel_index(stamp.pixels.argmax(), stamp.pixels.shape) == tuple(n // 2 for n in stamp.pixels.shape)


def test_a_file_without_galaxies_is_refused(tmp_path):
    fits.writeto(tmp_path / "noise.fits", np.random.default_rng(0).standard_normal((40, 40)))
    with pytest.raises(ImageReadError, match="shows a galaxy"):
        read_stamps(tmp_path / "noise.fits")


def test_a_file_that_is_no_fits_is_refused(tmp_path):
    (tmp_path / "text.fits").write_text("no FITS here")
    with pytest.raises(ImageReadError, match=r"text\.fits"):
        read_stamps(tmp_path / "text.fits")


def source(R=0.3):
    return StampSource(0.15, 0.1, R, "stamp", [], 0, 0.7)


def test_without_a_lens_flux_and_place_are_kept(file):
    image = lensed(read_stamps(file)[:1], [source()], EMPTY, GRID)[0]
    axis = (torch.arange(202) - 100.5) * 0.05
    assert float(image.sum()) == pytest.approx(1, abs=0.01)  # the stamp is interpolated
    assert float((image * axis[None]).sum()) == pytest.approx(0.25, abs=0.01)
    assert float((image * axis[:, None]).sum()) == pytest.approx(0.05, abs=0.01)


def test_a_stamp_is_lensed_as_the_profile_that_it_shows(file):
    image = lensed(read_stamps(file)[:1], [source()], MASSIVE, GRID)[0]
    light = np.zeros(1, LIGHT)
    for name, value in {"lensed": True, "flux": 1, "x": 0.25, "y": 0.05, "R": 0.3, "n": 0.5, "q": 1}.items():
        light[name] = value
    drawn = render(Scenes(MASSIVE, light), CutoutFrame(101, 0.1), oversample=2, dtype=torch.float64).arcs[0]
    # the profile of index 0.5 is the Gaussian that the stamp was made of
    assert float(image.sum()) == pytest.approx(float(drawn.sum()), rel=0.03)
    assert float((image - drawn).abs().sum() / drawn.sum()) < 0.08


def test_half_the_sources_are_stamps_where_stamps_are_given(file, tmp_path):
    dataset = finding_space(n=60, seed=3, lens_fraction=1.0, stamps=file, cache=tmp_path)
    kinds = [cutout.kind for cutout in dataset.cutouts(0, 60)]
    assert 15 < kinds.count("stamp") < 45  # four standard deviations
    first = kinds.index("stamp")
    components = dataset.components(first, first + 1)
    assert components.truth["magnification"][0] > 1.5 and components.truth["arc_snr"][0] > 9.9
    assert dataset.fingerprint() != finding_space(n=60, seed=3, lens_fraction=1.0).fingerprint()


def test_the_taper_ends_at_the_border():
    window = stamps.taper((31, 31))
    assert window[15, 15] == 1 and window[0].max() == 0
