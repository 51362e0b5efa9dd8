"""What turning an image does to the parameters that are regressed on it."""

import math

import pytest
import torch

import zoo_core as zoo
from zoo_core.errors import SpecError
from zoo_core.images.augmentation import D4, dihedral
from zoo_core.symmetries import Angle, Position, Scalar, Spin2, recognised, turned

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
