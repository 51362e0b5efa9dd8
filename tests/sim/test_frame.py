"""A frame is described by its side and pixel scale; the rest follows from these."""

import pytest

from zoo_core.sim.frame import FINDING, CutoutFrame


@pytest.mark.parametrize(
    ("frame", "half_width", "pixel_area"), [(FINDING, 5.05, 0.01), (CutoutFrame(64, 0.05), 1.6, 0.0025)]
)
def test_lengths_and_areas_are_the_decimal_numbers(frame, half_width, pixel_area):
    assert (frame.half_width, frame.pixel_area) == (half_width, pixel_area)


def test_sub_pixels_cover_the_same_square():
    fine = FINDING.finer(2)
    assert (fine.side, fine.pixel_scale, fine.half_width) == (202, 0.05, FINDING.half_width)
