"""Real lenses with a published Einstein radius are a test for lens modelling, in which nothing else is known."""

import numpy as np
import pytest
from astropy.io import fits

import zoo_core as zoo
from zoo_core.datasets.public.modelling_sky import modelling_sky
from zoo_core.datasets.simulated.modelling import HEADS
from zoo_core.errors import DatasetError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "lenses").mkdir()
    for name in ("a", "b", "c"):
        fits.writeto(tmp_path / f"lenses/{name}.fits", np.ones((60, 60), "f4"))
    (tmp_path / "labels.csv").write_text(
        "file,label,arc,name,band,pixel_scale,theta_E\n"
        "lenses/a.fits,lens,clear,A,F814W,0.05,1.2\n"
        "lenses/b.fits,lens,weak,B,F814W,0.05,\n"
        "lenses/c.fits,lens,none_seen,C,F814W,0.05,0.8\n"
    )
    return tmp_path


def test_lenses_with_a_radius_are_kept_whether_their_arcs_are_seen_or_not(folder):
    dataset = zoo.open_dataset("modelling_sky", path=folder)
    truth = dataset.truth()
    assert truth["id"].tolist() == ["lenses/a", "lenses/c"] and truth["theta_E"].tolist() == [1.2, 0.8]
    assert dataset.description.domain == "real" and dataset.description.heads == HEADS
    assert all(np.isnan(truth[name]).all() for name in HEADS.parameters[1:])
    assert dataset.images([0]).shape == (1, 1, 101, 101)


def test_another_radius_is_another_data_set(folder):
    before = modelling_sky(folder).fingerprint()
    table = folder / "labels.csv"
    table.write_text(table.read_text().replace("1.2", "1.3"))
    assert modelling_sky(folder).fingerprint() != before


def test_a_folder_without_any_radius_is_refused(folder):
    with pytest.raises(DatasetError, match="no lens with theta_E in F606W in the split all"):
        modelling_sky(folder, bands={"VIS": "F606W"})


def test_lenses_larger_than_asked_for_are_left_out(folder):
    assert modelling_sky(folder, largest=1.0).truth()["theta_E"].tolist() == [0.8]
    with pytest.raises(DatasetError, match=r"no lens with theta_E of at most 0\.5 arcsec in F814W in the split all"):
        modelling_sky(folder, largest=0.5)
