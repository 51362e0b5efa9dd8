"""HATS catalogues in and out, read by lsdb."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits

import zoo_core as zoo
from zoo_core.images.hats import margin_threshold
from zoo_core.images.positions import OnSky, read_positions

pytest.importorskip("hats_import")
lsdb = pytest.importorskip("lsdb")

from distributed import Client  # noqa: E402
from hats_import.catalog.file_readers import ParquetPyarrowReader  # noqa: E402
from hats_import.collection.arguments import CollectionArguments  # noqa: E402
from hats_import.collection.run_import import run  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of lsdb, about its own future

OBJECTS, SIDE, SCALE, MARGIN = 60, 300, 1e-4, 7.0


def write_catalogue(table: Path, folder: Path, name: str) -> None:
    """A HATS collection with a margin, as a survey publishes it."""
    common = {"output_artifact_name": name, "output_path": str(folder), "tmp_dir": str(folder), "progress_bar": False}
    columns = {"ra_column": "RAJ", "dec_column": "DEJ", "input_file_list": [str(table)], "highest_healpix_order": 4}
    collection = CollectionArguments(**common).catalog(**columns, file_reader=ParquetPyarrowReader())
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0") as client:
        run(collection.add_margin(margin_threshold=MARGIN, is_default=True), client)


@pytest.fixture(scope="module")
def sky(tmp_path_factory) -> Path:
    """A tile, and a HATS catalogue of objects on it and one beside it; with a margin."""
    folder = tmp_path_factory.mktemp("sky")
    rng = np.random.default_rng(0)
    header = fits.Header({"CRVAL1": 45.0, "CRVAL2": 1.0, "CRPIX1": 150, "CRPIX2": 150})
    header.update({"CDELT1": -SCALE, "CDELT2": SCALE, "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"})
    fits.PrimaryHDU(rng.normal(size=(SIDE, SIDE)).astype(np.float32), header).writeto(folder / "tile.fits")
    places = rng.uniform(-0.012, 0.012, size=(2, OBJECTS))
    places[:, 7] = 1.0
    table = {"source_id": np.arange(OBJECTS) + 10**12, "RAJ": 45 + places[0], "DEJ": 1 + places[1]}
    pq.write_table(pa.table(table | {"mag": rng.normal(size=OBJECTS)}), folder / "objects.parquet")
    write_catalogue(folder / "objects.parquet", folder, "objects.hats")
    assert margin_threshold(folder / "objects.hats") == MARGIN
    return folder


def test_positions_are_those_of_the_catalogue_in_its_order(sky):
    found = read_positions(str(sky / "objects.hats"))
    stored = lsdb.open_catalog(sky / "objects.hats").compute()
    assert isinstance(found, OnSky)
    assert found.names == [str(number) for number in stored["source_id"]]
    np.testing.assert_array_equal(found.ra, stored["RAJ"])
    np.testing.assert_array_equal(found.dec, stored["DEJ"])


@pytest.fixture(scope="module")
def scores(sky) -> Path:
    """Predictions as a catalogue."""
    model = zoo.load("trivial", device="cpu")
    tiles = [sky / "tile.fits", sky / "missing.fits"]
    mosaic = zoo.Mosaic(sky / "objects.hats", tiles, cutout=4, columns=["mag"])
    model.predict(mosaic, out=sky / "scores.hats", pixel_scale=0.1)
    return sky / "scores.hats"


def test_predictions_join_with_the_catalogue(sky, scores):
    objects, predicted = lsdb.open_catalog(sky / "objects.hats"), lsdb.open_catalog(scores)
    joined = objects.join(predicted, left_on="source_id", right_on="id", suffixes=("", "_zoo")).compute()
    assert len(joined) == OBJECTS and set(joined["source_id"]) == set(range(10**12, 10**12 + OBJECTS))
    np.testing.assert_array_equal(joined["RAJ"], joined[next(n for n in joined.columns if n.startswith("ra"))])
    failed = joined[joined["status_zoo" if "status_zoo" in joined.columns else "status"] == "error"]
    assert list(failed["source_id"]) == [10**12 + 7]


def test_chosen_columns_and_the_margin_of_the_catalogue_are_kept(sky, scores):
    objects, predicted = lsdb.open_catalog(sky / "objects.hats"), lsdb.open_catalog(scores)

    assert margin_threshold(scores) == MARGIN
    assert predicted.margin is not None
    stored = predicted.compute().set_index("id")["mag"]
    assert stored.to_dict() == objects.compute().set_index("source_id")["mag"].to_dict()


def test_a_column_that_is_not_there_and_one_that_is_taken_are_named(sky):
    model = zoo.load("trivial", device="cpu")
    for column, reason in (("colour", "has no column colour; it has"), ("ra", "has 'ra', which the result has")):
        with pytest.raises(zoo.ZooError, match=reason):
            model.predict(zoo.Mosaic(sky / "objects.hats", sky / "tile.fits", columns=[column]), pixel_scale=0.1)


def test_predictions_are_matched_on_the_sky(sky, scores):
    matched = lsdb.open_catalog(sky / "objects.hats").crossmatch(lsdb.open_catalog(scores), radius_arcsec=0.1).compute()
    assert len(matched) == OBJECTS


def test_a_catalogue_without_positions_is_one_line(sky, tmp_path):
    for name in ("hats.properties", "properties"):
        (tmp_path / name).write_text(
            "obs_collection=bare\ndataproduct_type=object\nhats_nrows=0\nhats_col_ra=\nhats_col_dec=\n"
        )
    with pytest.raises(zoo.ZooError) as caught:
        read_positions(str(tmp_path))
    assert str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_catalogue_is_refused_where_it_cannot_be_written(sky, scores, tmp_path):
    model = zoo.load("trivial", device="cpu")
    with pytest.raises(zoo.ZooError, match="is there already, and a catalogue is not replaced"):
        model.predict(sky / "tile.fits", out=scores)
    with pytest.raises(zoo.ArgumentError, match="a catalogue needs positions"):
        model.predict(
            np.random.default_rng(1).normal(size=(2, 1, 101, 101)), out=tmp_path / "new.hats", pixel_scale=0.1
        )
    assert not (tmp_path / "new.hats").exists()
