"""`modelling_hst` and its like are the same for ever, and their truth is what a network has to learn."""

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.datasets.shards import SIZE
from zoo_core.datasets.simulated.frozen import table_sha256
from zoo_core.datasets.simulated.modelling import (
    HEADS,
    TRUTH,
    heads_of,
    modelling_euclid,
    modelling_hst,
    modelling_jwst,
)
from zoo_core.datasets.simulated.modelling_bank import GAIN, LEAST_SNR, RESIDUAL, LensBank
from zoo_core.errors import DatasetError
from zoo_core.fit.mass_model import MassModel
from zoo_core.images.augmentation import dihedral
from zoo_core.sim.frame import CutoutFrame
from zoo_core.sim.rays.render import render
from zoo_core.sim.rays.scene import LENS, SERSIC, Lens, Profile, Scenes
from zoo_core.sim.sky.galaxy import light_table
from zoo_core.sim.tables import table
from zoo_core.sim.telescope.exposures import draw_exposures
from zoo_core.symmetries import recognised, turned

# sha256 of every number, in six digits, that is drawn for the first images of the sets (seed 1)
DIGESTS = {
    modelling_hst: "f8a840e99cae18c7a71fa33aa6e9d1fae5cf387e459ca82c9eea9786ed808c90",
    modelling_jwst: "1fc6029da1d3e518dca629b5940af36f03e1a7a87c56662cbbd18633340ce923",
    modelling_euclid: "2aa6415701d95d58b04d5f7fe1740bb6936a27300c483c2d1372a3bc06d80bb9",
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return modelling_euclid(n=8, seed=4, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def bank(few, tmp_path_factory):
    view = few.training_view(tmp_path_factory.mktemp("bank"), torch.device("cpu"))
    assert isinstance(view, LensBank)
    return view


@pytest.mark.parametrize("opened", DIGESTS)
def test_parameters_are_those_that_were_published(opened):
    assert opened().parameter_digest(0, 30) == DIGESTS[opened]


@pytest.mark.parametrize(("name", "side", "scale"), [("hst", 160, 0.05), ("jwst", 81, 0.06), ("euclid", 101, 0.1)])
def test_it_opens_by_name(name, side, scale):
    dataset = zoo.open_dataset(f"modelling_{name}", n=3, seed=2)
    about = dataset.description
    assert (len(dataset), about.task, about.pixel_scale, about.heads) == (3, "regression", scale, HEADS)
    assert dataset.telescope.frame.side == side
    with pytest.raises(DatasetError, match=f"modelling_{name}: n = 0"):
        zoo.open_dataset(f"modelling_{name}", n=0)


def test_images_truth_and_targets_agree(few):
    images, truth = few.images(slice(8)), few.truth()
    assert images.shape == (8, 1, 101, 101) and images.dtype == np.float32
    assert set(truth) == {"id", *TRUTH.names} and truth["arc_snr"].min() > 14.9  # drawn from 15 on
    np.testing.assert_array_equal(few.targets(), np.stack([truth[name] for name in HEADS.parameters], 1).astype("f4"))
    np.testing.assert_allclose(np.hypot(truth["e1"], truth["e2"]), (1 - truth["lens_q"]) / (1 + truth["lens_q"]))


def test_an_image_is_the_same_alone_and_in_a_batch(few):
    together, alone = few.make(0, 8)[0][5], few.make(5, 6)[0][0]
    sigma = np.nanstd(alone)
    np.testing.assert_allclose(alone / sigma, together / sigma, atol=1e-4)


def test_the_table_covers_every_image_whether_it_is_kept_or_not(few):
    few.images([0])
    assert table_sha256(few) == table_sha256(modelling_euclid(n=8, seed=4)) and SIZE > 8


def test_other_arguments_are_other_data():
    sets = [
        modelling_euclid(n=9, seed=4),
        modelling_euclid(n=8, seed=5),
        modelling_euclid(n=8, seed=4, lens_light=False),
    ]
    sets += [modelling_euclid(n=8, seed=4), modelling_hst(n=8, seed=4), modelling_jwst(n=8, seed=4)]
    assert len({dataset.fingerprint() for dataset in sets}) == 6


def test_simpler_lenses_have_no_shear_or_one_slope_and_are_otherwise_alike(few):
    (whole, simple), (shearless,) = (
        [modelling_euclid(n=8, seed=4, power_law=law, shear=law).cutouts(0, 8) for law in (True, False)],
        [modelling_euclid(n=8, seed=4, shear=False).cutouts(0, 8)],
    )
    assert all(one.host.slope == 1 and one.host.gamma_1 == one.host.gamma_2 == 0 for one in simple)
    assert [one.host.slope for one in shearless] == [one.host.slope for one in whole]
    assert [one.host.theta_E for one in simple] == [one.host.theta_E for one in whole]
    sets = [few, modelling_euclid(n=8, seed=4, shear=False), modelling_euclid(n=8, seed=4, power_law=False)]
    assert len({dataset.fingerprint() for dataset in sets}) == 3


def test_radii_lie_in_the_range_that_was_asked_for_and_are_even_in_the_root():
    small = modelling_hst(n=200, seed=4, theta_E=[0.1, 0.5])
    radii = np.array([one.host.theta_E for one in small.cutouts(0, 200)])
    assert 0.1 < radii.min() < 0.12 and 0.45 < radii.max() < 0.5
    middle = np.mean(np.sqrt([0.1, 0.5])) ** 2
    assert np.mean(radii < middle) == pytest.approx(0.5, abs=4 * 0.5 / 200**0.5)  # four standard errors
    np.testing.assert_array_equal(small.targets()[:, 0], radii.astype("f4"))


def test_lenses_of_other_radii_have_their_truth_and_can_be_learned_from(tmp_path):
    small = modelling_euclid(n=6, seed=4, cache=tmp_path, theta_E=(0.1, 0.3), shear=False)
    truth = small.truth()
    np.testing.assert_array_equal(truth["theta_E"], [one.host.theta_E for one in small.cutouts(0, 6)])
    assert truth["theta_E"].max() < 0.3 and not truth["gamma_1"].any()
    assert truth["arc_snr"].min() > 14.9 and np.isfinite(small.images(slice(6))).any((1, 2, 3)).all()
    view = small.training_view(tmp_path, torch.device("cpu"))
    np.testing.assert_array_equal(view.targets, small.targets())


def test_lenses_of_other_radii_are_other_data_and_those_of_jwst_their_own():
    sets = [modelling_hst(n=8, seed=4, theta_E=radii) for radii in (None, [0.3, 3.0], [0.1, 3.0], [0.1, 0.5])]
    assert len({dataset.fingerprint() for dataset in sets}) == 4
    own = modelling_jwst(n=8, seed=4, theta_E=[0.1, 1.6])
    assert own.fingerprint() == modelling_jwst(n=8, seed=4).fingerprint()


@pytest.mark.parametrize("radii", [[0.05, 0.5], [0.1, 3.1], [0.5, 0.5], [1.0, 0.5], [float("nan"), 1.0]])
def test_radii_that_do_not_fit_are_refused_with_the_limits(radii):
    with pytest.raises(DatasetError, match=r"modelling_hst: theta_E = \[.*\]; the least .* from 0.1 to 3.0 arcsec"):
        modelling_hst(n=8, theta_E=radii)


def test_the_largest_radius_is_that_of_the_frame():
    with pytest.raises(DatasetError, match=r"from 0.1 to 1.82 arcsec: .* leave the frame of 81 pixels"):
        modelling_jwst(n=8, theta_E=[0.1, 3.0])


@pytest.mark.parametrize("radii", [0.5, "0.1, 0.5", [0.5], [0.1, 0.2, 0.3], ["0.1", "0.5"], [True, 2.0]])
def test_what_is_no_range_of_radii_is_refused(radii):
    with pytest.raises(DatasetError, match=r"modelling_euclid: theta_E = .*; give the least and the largest, as in"):
        modelling_euclid(n=8, theta_E=radii)


def test_slope_magnification_and_source_are_learned_where_they_are_asked_for(few):
    names = ["theta_E", "lens_slope", "magnification", "source_x", "source_y"]
    more = modelling_euclid(n=8, seed=4, cache=few.cache.parent, parameters=names)
    assert more.description.heads.units == ("arcsec", "", "", "arcsec", "arcsec")
    assert more.fingerprint() == few.fingerprint()
    truth = few.truth()
    np.testing.assert_array_equal(more.targets(), np.stack([truth[name] for name in names], 1).astype("f4"))
    assert truth["magnification"].min() > 1
    for k, cutout in enumerate(few.cutouts(0, 8)):  # profiles of the source stand at its place in the frame
        places = np.array([(one.x, one.y) for one in cutout.profiles if one.lensed])
        expected = [truth["lens_x"][k] + truth["source_x"][k], truth["lens_y"][k] + truth["source_y"][k]]
        assert np.hypot(*(places - expected).T).min() < 2 * truth["source_R"][k]


def test_parameters_that_cannot_be_learned_are_named():
    with pytest.raises(DatasetError, match="modelling_euclid: parameters = mass; give a list of theta_E, e1"):
        modelling_euclid(n=8, parameters=["theta_E", "mass"])
    with pytest.raises(DatasetError, match="source_y is missing"):
        modelling_euclid(n=8, parameters=["source_x"])


@pytest.mark.parametrize("element", [1, 2, 5, 7])
def test_parameters_turn_with_the_image(element):
    heads = heads_of([*HEADS.parameters, "lens_slope", "magnification", "source_x", "source_y"], "")
    values = torch.tensor([[0.9, 0.15, -0.1, 0.04, 0.03, 0.12, -0.07, 1.1, 6.0, 0.08, 0.11]], dtype=torch.float64)
    symmetries = recognised(heads.parameters, heads.units)
    turned_values = turned(values, heads.parameters, symmetries, torch.tensor([element]))

    before, after = (
        arcs(dict(zip(heads.parameters, row.tolist(), strict=True))) for row in (values[0], turned_values[0])
    )

    torch.testing.assert_close(dihedral(before, element), after, atol=2e-3 * float(before.max()), rtol=0)
    assert float((before - after).abs().max()) > 0.1 * float(before.max())


def arcs(parameters):
    """The lensed image (1, 81, 81) of a round source."""
    lens = MassModel(**{name: parameters[name] for name in HEADS.parameters}, slope=parameters["lens_slope"])
    row = {
        "theta_E": lens.theta_E,
        "q": lens.q,
        "phi": lens.phi,
        "slope": lens.slope,
        "x": lens.lens_x,
        "y": lens.lens_y,
    }
    place = lens.lens_x + parameters["source_x"], lens.lens_y + parameters["source_y"]
    source = Profile(True, SERSIC, 1.0, *place, 0.15, 1.0, 1.0, 0.0)
    lenses = table([Lens(**row, gamma_1=lens.gamma_1, gamma_2=lens.gamma_2)], LENS)
    scenes = Scenes(lenses, light_table([[source]]))
    return render(scenes, CutoutFrame(side=81, pixel_scale=0.05), dtype=torch.float64).arcs


def test_without_the_light_of_the_lens_a_hundredth_of_it_and_its_photon_noise_are_left(few):
    arcs_alone = modelling_euclid(n=8, seed=4, lens_light=False)
    (whole, _), (subtracted, _) = few.make(0, 8), arcs_alone.make(0, 8)
    made, units = few.components(0, 8), [cutout.noise.unit for cutout in few.cutouts(0, 8)]
    removed = (whole - subtracted)[:, 0] / np.array(units)[:, None, None]

    shares = [
        float(np.nansum(light * gone) / np.sum((light * np.isfinite(gone)) ** 2))
        for light, gone in zip(made.foreground.numpy(), removed, strict=True)
    ]
    assert 0.2 * RESIDUAL < np.std(shares) < 3 * RESIDUAL and abs(np.mean(shares) - 1) < 2 * RESIDUAL


def test_each_draw_of_the_bank_is_another_exposure_of_the_same_lens(bank, few):
    rows = np.arange(8)
    first, targets = bank.draw(rows, torch.Generator().manual_seed(1))
    again, _ = bank.draw(rows, torch.Generator().manual_seed(1))
    other, _ = bank.draw(rows, torch.Generator().manual_seed(2))
    torch.testing.assert_close(first, again, equal_nan=True, rtol=0, atol=0)
    assert float((first != other)[~(first.isnan() | other.isnan())].float().mean()) > 0.99
    np.testing.assert_array_equal(targets.numpy(), few.targets())


def test_the_bank_keeps_what_it_made_and_its_arcs_can_be_seen(few, bank, tmp_path):
    few.training_view(tmp_path, torch.device("cpu"))
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")}
    again = few.training_view(tmp_path, torch.device("cpu"))
    assert files == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")} and len(files) == 3
    np.testing.assert_array_equal(again.targets, bank.targets)
    faintest = torch.maximum(torch.tensor(GAIN[0] * 0.6), LEAST_SNR / bank.arc_snr)
    assert bool((faintest * bank.arc_snr >= 0.999 * LEAST_SNR).all())


def test_exposures_without_the_foreground_are_those_with_it_but_for_its_light():
    light = torch.rand(2, 32, 32) * 50
    theta_E, survey = torch.ones(2), modelling_hst(n=1).telescope.distribution.survey

    def exposed(left):
        generator = torch.Generator().manual_seed(3)
        return draw_exposures(light, torch.zeros_like(light), theta_E, survey, generator, 0.1, left)

    whole, none, half = exposed(1.0), exposed(torch.zeros(2, 1, 1)), exposed(torch.full((2, 1, 1), 0.5))
    torch.testing.assert_close(half, (whole + none) / 2, equal_nan=True)
    assert float((whole - none).nanmean()) == pytest.approx(float(light.mean()), rel=0.1)
