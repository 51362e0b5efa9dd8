"""Fingerprints of what must never change, on any processor."""

import math

from zoo_core.datasets.simulated.frozen import table_digest

ROW = ("spiral", 3, 0.123456789, -1.5e-13, 2.75e8)


def test_the_last_bits_of_a_processor_do_not_change_a_digest():
    other = tuple(math.nextafter(value, math.inf) if isinstance(value, float) else value for value in ROW)

    assert other != ROW and table_digest([other]) == table_digest([ROW])
    assert table_digest([(-0.0,)]) == table_digest([(0.0,)])


def test_a_change_that_an_image_could_show_changes_it():
    assert table_digest([("spiral", 3, 0.123456789 * (1 + 1e-5), *ROW[3:])]) != table_digest([ROW])
    assert table_digest([("barred", *ROW[1:])]) != table_digest([ROW])
