"""Cutouts.

A cutout is drawn in two steps. `draw` fixes everything that is random about it except the noise, on the CPU and
without pixels; `expose` renders a batch of them to noise-free components, sets the brightness of the arcs and
measures the truth.
"""

from ..brightness import MEASURED
from .components import FINE, FRAME, OVERSAMPLE, Components, add_points, deflector, expose
from .parameters import Cutout, Distribution, Field, alike_for_twins, behind_namesakes, draw
from .truth import TRUTH, facts

__all__ = [
    "FINE",
    "FRAME",
    "MEASURED",
    "OVERSAMPLE",
    "TRUTH",
    "Components",
    "Cutout",
    "Distribution",
    "Field",
    "add_points",
    "alike_for_twins",
    "behind_namesakes",
    "deflector",
    "draw",
    "expose",
    "facts",
]
