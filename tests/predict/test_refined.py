"""Refined rows: the fit's numbers where it is to be believed, else the network's with the reason."""

import math

import numpy as np
import pytest
import torch
from astropy.io import fits
from torch import Tensor, nn

import zoo_core as zoo
from zoo_core.errors import ArgumentError
from zoo_core.fit.lens_model import PARAMETERS, LensModel, changed
from zoo_core.fit.observed import Observed
from zoo_core.fit.refinement import MODEL_ERROR, SHAPE_ERRORS
from zoo_core.images.preprocess import Preprocess
from zoo_core.models.model import Model
from zoo_core.predict.refined import CHI_SQUARE, REFINED

SIDE, SCALE, NOISE = 41, 0.1, 0.02
TRUTH = {"theta_E": 0.9, "lens_e1": 0.1, "x": 0.12, "y": -0.1, "log_R": math.log(0.2), "n": 1.2, "light_e1": 0.1}
HEADS = zoo.Heads(parameters=("theta_E", "e1", "e2", "slope"), units=("arcsec", "", "", ""))
STATED = {"theta_E": 1.05, "e1": 0.05, "e2": 0.0, "slope": 1.0}


class Stated(nn.Module):
    """Says the same of every image."""

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        means, logs = torch.tensor([*STATED.values()]), torch.full((len(STATED),), 2 * math.log(0.1))
        self.answer = nn.Parameter(torch.cat([means, logs]))

    def forward(self, x: Tensor) -> Tensor:
        return self.answer.expand(len(x), -1)


@pytest.fixture(scope="module")
def regressor():
    operations = ({"op": "frame", "size": 33}, {"op": "noise_units"}, {"op": "asinh", "softening": 1.0})
    architecture = zoo.Architecture("stated", "regression", zoo.any_size(Stated), ("VIS",), HEADS, operations)
    preprocess = Preprocess.from_operations(operations, ["VIS"])
    network = Stated(1, 8).eval()
    return Model("stated.test", architecture, network, preprocess, HEADS, weights_sha256="0" * 64)


def psf(half=6, fwhm=0.2):
    line = np.exp(-0.5 * (np.arange(-half, half + 1) * SCALE / fwhm * 2.3548) ** 2)
    return line[:, None] * line


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A lens with its noise map, mask and PSF; noise alone, in a frame of its own; and a lens without a scale."""
    place = tmp_path_factory.mktemp("lenses")
    empty = torch.zeros(1, SIDE, SIDE, dtype=torch.float64)
    observed = Observed.of(empty, empty + 1, torch.tensor([SCALE]), torch.from_numpy(psf())[None])
    model = LensModel.of(observed, torch.tensor([1.5]).double(), PARAMETERS, rays=2, gaussians=9)
    lights = model.lights(changed(torch.zeros(1, len(PARAMETERS)).double(), TRUTH))
    shares = 10 * 0.5 ** torch.arange(9.0).double()
    rng = np.random.default_rng(3)
    lens = ((lights.galaxy * shares[:, None, None]).sum(1) + lights.source[:, 0])[0].numpy()
    lens = lens + rng.normal(0, NOISE, lens.shape)
    lens[12:15, 20:24], mask = 50.0, np.zeros(lens.shape, np.uint8)
    mask[12:15, 20:24] = 1
    write(place / "a_lens.fits", lens, CDELT1=-SCALE / 3600, CDELT2=SCALE / 3600, CTYPE1="RA---TAN", CTYPE2="DEC--TAN")
    write(place / "b_noise.fits", rng.normal(0, NOISE, (45, 45)), PIXSCALE=SCALE)
    write(place / "c_lens.fits", lens)
    for name in ("a_lens", "c_lens"):
        write(place / f"{name}_rms.fits", np.full(lens.shape, NOISE))
        write(place / f"{name}_mask.fits", mask)
    write(place / "b_noise_rms.fits", np.full((45, 45), NOISE))
    write(place / "b_noise_mask.fits", np.zeros((45, 45), np.uint8))
    write(place / "psf.fits", psf())
    return place


def write(path, image, **cards):
    hdu = fits.PrimaryHDU(image.astype(np.float32 if image.dtype.kind == "f" else image.dtype))
    hdu.header.update(cards)
    hdu.writeto(path)


def test_a_lens_is_refined_and_what_is_none_keeps_the_networks_numbers(regressor, folder, tmp_path):
    named = zoo.Files(
        [folder / f"{name}.fits" for name in ("b_noise", "a_lens", "c_lens")],
        noise_map="*_rms.fits",
        mask="*_mask.fits",
        psf=str(folder / "psf.fits"),
    )

    table = regressor.predict(named, refine=True, workers=0, out=tmp_path / "t.fits")

    noise, lens, scaleless = table
    assert list(table["status"]) == ["ok"] * 3 and list(table[REFINED]) == [0, 1, 0]
    assert lens["theta_E"] == pytest.approx(TRUTH["theta_E"], abs=0.01) and lens["message"].count("refined") == 0
    assert lens["theta_E_err"] == pytest.approx(MODEL_ERROR * lens["theta_E"], rel=0.1)  # it is all but noise
    assert lens["e1_err"] >= SHAPE_ERRORS["lens_e1"] and lens["e2_err"] >= SHAPE_ERRORS["lens_e2"]
    assert 0.2 < lens[CHI_SQUARE] < 1.2  # below 1 where light is not fitted to better than a share of itself
    assert lens["slope"] == 1.0 and lens["slope_err"] == pytest.approx(0.1)  # which a fit does not know
    for row in (noise, scaleless):
        assert row["theta_E"] == pytest.approx(1.05) and row["theta_E_err"] == pytest.approx(0.1)
    assert "not refined: " in noise["message"] and "no pixel scale is known" in scaleless["message"]
    assert table[CHI_SQUARE].mask.tolist() == [False, False, True]


def test_only_lenses_of_one_band_are_refined(tiny, regressor, folder, tmp_path):
    image = folder / "a_lens.fits"
    with pytest.raises(ArgumentError, match=r"tiny\.test does not state theta_E"):
        tiny().predict(image, refine=True)
    with pytest.raises(ArgumentError, match=r"tiny\.test takes g\+r; a fit takes one band"):
        tiny("regression", bands=("g", "r")).predict(image, refine=True)
    with pytest.raises(ArgumentError, match="a fit has no draws"):
        regressor.predict(image, refine=True, samples=3, out_dir=tmp_path)
    with pytest.raises(ArgumentError, match=r"--weight\) and noise_map="):
        regressor.predict(zoo.Files(image, weight="WHT", noise_map="ERR"))


def test_a_psf_that_no_fit_uses_is_remarked_on(tiny, regressor, folder, caplog):
    image, kernel = folder / "a_lens.fits", str(folder / "psf.fits")
    plain, given = (regressor.predict(zoo.Files(image, psf=one)) for one in (None, kernel))
    tiny().predict(zoo.Files(image, psf=kernel))
    regressor.predict(zoo.Files(image, psf=kernel), refine=True)

    assert plain["theta_E"] == given["theta_E"]
    assert [one.getMessage() for one in caplog.records if "PSF" in one.getMessage()] == [
        "stated.test takes no PSF: psf= (--psf) changes none of its numbers; "
        "refine= (--refine) goes on from them with a fit through it",
        "tiny.test takes no PSF: psf= (--psf) changes none of its numbers",
    ]


def test_a_psf_that_is_no_square_is_a_reason(regressor, folder, tmp_path):
    write(tmp_path / "flat.fits", np.ones((5, 7)))

    (row,) = regressor.predict(zoo.Files(folder / "a_lens.fits", psf=str(tmp_path / "flat.fits")), refine=True)

    assert row["status"] == "error" and "the image of a PSF is a square" in row["message"]
