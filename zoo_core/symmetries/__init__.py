"""How regressed parameters change when an image is turned or mirrored: a closed vocabulary of four.

    Scalar      stays as it is: theta_E, q, the logarithm of a mass
    Position    a pair (x, y) that turns with the image
    Spin2       a pair (e1, e2) or (gamma_1, gamma_2) that turns twice as far
    Angle       a position angle phi, the same after half a turn

Angles run from +x towards +y, x along the columns and y along the rows, with the origin in the centre of the frame.
Recipes and registries write them as `[{scalar: q}, {position: [x, y]}, {spin2: [e1, e2]}, {angle: phi}]`.
"""

from .declared import check_symmetries, described, read_symmetries
from .kinds import Angle, Position, Scalar, Spin2, Symmetry
from .names import recognised
from .turned import average, average_gaussians, average_values, matrices, turned

__all__ = [
    "Angle",
    "Position",
    "Scalar",
    "Spin2",
    "Symmetry",
    "average",
    "average_gaussians",
    "average_values",
    "check_symmetries",
    "described",
    "matrices",
    "read_symmetries",
    "recognised",
    "turned",
]
