"""Draws of the posterior are a file an image, the same however the run is made."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from zoo_core.errors import ArgumentError


@pytest.fixture
def regressor(tiny):
    return tiny("regression")


def test_draws_are_those_of_the_row_and_do_not_depend_on_the_batch(regressor, cutouts, tmp_path):
    files = [str(cutouts / f"c{number:02d}.fits") for number in (0, 1, 2, 7)]
    each = {"samples": 2000, "workers": 0}
    table = regressor.predict(files, out_dir=tmp_path / "a", batch_size=1, **each)
    again = regressor.predict(files, out_dir=tmp_path / "b", batch_size=4, **each)

    assert list(table["status"]) == ["ok", "ok", "ok", "error"]
    for row, other in zip(table[:3], again[:3], strict=True):
        draws = Table.read(row["samples"])
        assert draws.colnames == ["theta_E", "q"] and str(draws["theta_E"].unit) == "arcsec" and len(draws) == 2000
        error = row["theta_E_err"] / np.sqrt(2000)
        assert abs(np.mean(draws["theta_E"]) - row["theta_E"]) < 5 * error
        np.testing.assert_allclose(Table.read(other["samples"])["q"], draws["q"], rtol=1e-4, atol=1e-5)
    assert fits.getheader(table["samples"][0], "SAMPLES")["IMAGE"] == files[0]
    first, second = (Table.read(table["samples"][k])["q"] - table["q"][k] for k in (0, 1))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1  # images have draws of their own


def test_models_without_errors_and_draws_without_a_place_are_refused(regressor, model, cutouts, tmp_path):
    with pytest.raises(ArgumentError, match=r"tiny\.test is for classification; only regressors"):
        model.predict(cutouts / "c00.fits", samples=5, out_dir=tmp_path)
    with pytest.raises(ArgumentError, match=r"say with out_dir= \(--out-dir\)"):
        regressor.predict(cutouts / "c00.fits", samples=5)
