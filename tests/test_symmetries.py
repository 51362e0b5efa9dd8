"""What turning an image does to the parameters that are regressed on it."""

import math

import pytest
import torch

import zoo_core as zoo
from zoo_core.errors import SpecError
from zoo_core.images.augmentation import D4, dihedral
from zoo_core.symmetries import Angle, Position, Scalar, Spin2, average, described, read_symmetries, recognised, turned

PARAMETERS = ("x", "y", "e1", "e2", "phi", "flux")


def blob(x: float, y: float, q: float, phi: float, side: int = 41) -> torch.Tensor:
    rows, columns = torch.meshgrid(*[torch.arange(side) - (side - 1) / 2.0] * 2, indexing="ij")
    dx, dy = columns - x, rows - y
    along = dx * math.cos(phi) + dy * math.sin(phi)
    across = dy * math.cos(phi) - dx * math.sin(phi)
    return torch.exp(-(q * along**2 + across**2 / q) / 18)


def measured(image: torch.Tensor) -> torch.Tensor:
    """Position, ellipticity of the second moments, angle and flux."""
    rows, columns = torch.meshgrid(*[torch.arange(len(image)) - (len(image) - 1) / 2.0] * 2, indexing="ij")
    flux = image.sum()
    x, y = (image * columns).sum() / flux, (image * rows).sum() / flux
    xx, yy, xy = (
        (image * a * b).sum()
        for a, b in zip((columns - x, rows - y, columns - x), (columns - x, rows - y, rows - y), strict=True)
    )
    e1, e2 = (xx - yy) / (xx + yy), 2 * xy / (xx + yy)
    return torch.stack([x, y, e1, e2, torch.atan2(e2, e1) / 2 % math.pi, flux])


@pytest.mark.parametrize("element", D4)
def test_parameters_turn_as_the_image_does(element):
    image = blob(5.0, -2.0, 0.6, 0.7)
    expected = measured(dihedral(image[None, None], element)[0, 0])
    found = turned(measured(image)[None], PARAMETERS, recognised(PARAMETERS), torch.tensor([element]))
    torch.testing.assert_close(found[0], expected, atol=1e-4, rtol=1e-4)


def test_names_of_the_field_are_recognised():
    names = ("theta_E", "lens_x", "lens_y", "e1", "e2", "gamma_1", "gamma_2", "source_phi", "gamma")
    assert recognised(names) == (
        Scalar("theta_E"),
        Position("lens_x", "lens_y"),
        Spin2("e1", "e2"),
        Spin2("gamma_1", "gamma_2"),
        Angle("source_phi"),
        Scalar("gamma"),
    )


def test_half_a_pair_cannot_be_turned():
    with pytest.raises(SpecError, match="e2 is missing, which changes together with e1"):
        recognised(("theta_E", "e1"))


def test_symmetries_are_of_exactly_the_parameters():
    heads = zoo.Heads(parameters=("theta_E", "tilt"), units=("arcsec", "rad"))
    with pytest.raises(SpecError, match="symmetries are of tilt, its parameters are theta_E, tilt"):
        zoo.Description("rings", "1", "regression", "simulated", ("VIS",), 0.1, heads, (Angle("tilt"),))


def test_eight_views_of_a_perfect_regressor_agree():
    image = blob(5.0, -2.0, 0.6, 0.7)
    outputs = [
        torch.cat([measured(dihedral(image[None, None], k)[0, 0]), torch.tensor([2.0, 2.0, 0, 0, 0, 0])])[None]
        for k in D4
    ]
    found = average(outputs, PARAMETERS, recognised(PARAMETERS))
    torch.testing.assert_close(found, outputs[0], atol=1e-4, rtol=1e-4)


def test_the_variances_of_a_position_turn_with_it():
    symmetries = (Position("x", "y"),)
    outputs = [torch.tensor([[0.0, 0, *((1.0, 5.0) if k % 2 == 0 else (5.0, 1.0))]]) for k in D4]
    assert average(outputs, ("x", "y"), symmetries)[0, 2:].tolist() == [1.0, 5.0]


def test_position_angles_on_both_sides_of_zero_average_to_zero():
    angles = torch.tensor([[1.0], [179.0]])
    found = Angle("phi", half_turn=180.0).average(angles)
    assert min(float(found), 180 - float(found)) < 1e-4


def test_angles_in_degrees_turn_in_degrees():
    (angle,) = recognised(["phi"], ["deg"])
    assert turned(torch.tensor([[30.0]]), ["phi"], [angle], torch.tensor([1])).item() == pytest.approx(120)


def test_a_name_that_means_nothing_in_the_field_must_be_declared():
    with pytest.raises(SpecError, match=r"tilt: .* declare it .*`symmetries: \[\{scalar: tilt\}\]`"):
        recognised(["theta_E", "tilt"])


def test_symmetries_are_read_as_they_are_written():
    symmetries = (Scalar("q"), Position("x", "y"), Spin2("e1", "e2"), Angle("tilt", 180.0))
    names = ["q", "x", "y", "e1", "e2", "tilt"]
    assert read_symmetries(described(symmetries), names) == symmetries


@pytest.mark.parametrize("wrong", [{"vector": ["x", "y"]}, {"spin2": "e1"}, {}, {"scalar": ["a", "b", "c"]}])
def test_symmetries_of_another_kind_are_refused(wrong):
    with pytest.raises(SpecError, match="is none of"):
        read_symmetries([wrong], ["e1"])


@pytest.mark.parametrize(
    "pair", [("gamma_ext_1", "gamma_ext_2"), ("ellipticity_1", "ellipticity_2"), ("lens_e1", "lens_e2")]
)
def test_numbered_components_of_what_turns_twice_are_a_pair(pair):
    assert recognised(pair) == (Spin2(*pair),)


@pytest.mark.parametrize("stem", ["gamma", "ellipticity", "sigma", "size", "eps"])
def test_components_along_the_axes_of_what_is_no_place_must_be_declared(stem):
    with pytest.raises(SpecError, match=f"{stem}_x: it is not known how it changes"):
        recognised([f"{stem}_x", f"{stem}_y"])


def test_an_angle_whose_name_says_degrees_is_in_degrees():
    assert recognised(["phi_deg"]) == (Angle("phi_deg", 180.0),)
