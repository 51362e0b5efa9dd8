"""Cutouts.

A cutout is drawn in two steps. `draw` fixes everything that is random about it except the noise, on the CPU and
without pixels; `expose` renders a batch of them to noise-free components, sets the brightness of the arcs and
measures the truth.
"""

from ..brightness import MEASURED
from .bands import BandComponents, expose_in_bands
from .components import FINE, FRAME, OVERSAMPLE, Components, add_points, deflector, expose
from .parameters import BandExposure, Cutout, Distribution, Field, alike_for_twins, behind_namesakes, draw
from .truth import TRUTH, facts

__all__ = [
    "FINE",
    "FRAME",
    "MEASURED",
    "OVERSAMPLE",
    "TRUTH",
    "BandComponents",
    "BandExposure",
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
    "expose_in_bands",
    "facts",
]
