"""Sets of preprocessing operations that several architectures declare.

Their values are hashed into published entries, and so never change.
"""

from collections.abc import Mapping
from typing import Any

__all__ = ["FINDING", "FINDING_STRETCHED"]

FINDING: tuple[Mapping[str, Any], ...] = (
    {"op": "blank", "values": (100.0,), "repeated": True},
    {"op": "resample", "pixel_scale": 0.1},
    {"op": "frame", "size": 101},
    {"op": "noise_units"},
)
"""Cutouts for lens finding, 101 x 101 pixels of 0.1" in units of their noise; pixels of 100 are the mask of the Bologna
challenge (Metcalf et al. 2019, A&A 625, A119)."""

FINDING_STRETCHED: tuple[Mapping[str, Any], ...] = (
    *FINDING,
    {
        "op": "stack",
        "of": (
            {"op": "asinh", "softening": 1.0},
            {"op": "asinh_peak", "contrast": 50.0},
            {"op": "high_pass", "sigma": 3.0, "relative": 0.05},
        ),
    },
)
"""The same in three stretches: faint light, bright light, and what is narrow."""
