from zoo_core.testing.check import check


def test_mynet_obeys_the_laws() -> None:
    """Shapes, gradients, batch sizes and the rest; `zoo check mynet` prints them."""
    report = check("mynet")
    assert report.passed, report.summary()
