"""Features of many images, and what is alike by them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from sklearn.covariance import LedoitWolf
from torch import nn

import zoo_core as zoo
from zoo_core.errors import ImageReadError, UnknownNameError
from zoo_core.predict import neighbours
from zoo_core.predict.features import FeatureScorer, check_features_place
from zoo_core.predict.inputs import images_of
from zoo_core.predict.neighbours import nearest, outliers
from zoo_core.predict.options import Options
from zoo_core.predict.predict import scored


def write_features(model, inputs, out: Path, **options) -> pa.Table:
    with scored(model, images_of(model, inputs), Options(out=out, **options), FeatureScorer(model)):
        pass
    return pq.read_table(out)


@pytest.mark.parametrize("name", ["features", "features.parquet"])
def test_features_are_those_of_the_model(model, cutouts, tmp_path, name):
    table = write_features(model, cutouts, tmp_path / name)
    assert table.schema.field("features").type == pa.list_(pa.float32())
    assert set(pc.list_value_length(table["features"]).to_pylist()) == {4, None}
    assert [i for i, status in enumerate(table["status"].to_pylist()) if status == "error"] == [7, 11, 13]
    assert table["features"][7].as_py() is None and "image" in table["message"][7].as_py()
    image = fits.getdata(cutouts / "c20.fits").astype(np.float32)
    np.testing.assert_allclose(table["features"][20].as_py(), model.features(image[None, None])[0].numpy(), atol=1e-5)


def test_features_are_not_taken_for_predictions(model, cutouts, tmp_path):
    write_features(model, cutouts, tmp_path / "table")
    table = model.predict(cutouts, out=tmp_path / "table", resume=True)
    assert "p_lens" in table.colnames


def test_a_network_without_features_is_refused(model):
    with pytest.raises(zoo.ArgumentError, match="has no features"):
        FeatureScorer(replace(model, network=nn.Flatten()))


def test_features_are_written_as_parquet_alone(tmp_path):
    with pytest.raises(zoo.ArgumentError, match=r"features are written as Parquet; end the name with \.parquet"):
        check_features_place(tmp_path / "features.csv")


@pytest.fixture
def cloud(tmp_path, monkeypatch) -> tuple[Path, np.ndarray]:
    """500 rows of five features with unlike variances; row 17 is apart; row 3 is a failure."""
    monkeypatch.setattr(neighbours, "ROWS", 64)
    values = np.random.default_rng(0).normal(size=(500, 5)) * [1, 10, 0.1, 1, 0] + [5, 0, 0, 0, 2]
    values[17, 2] = 3.0  # thirty sigmas, though the second feature spreads further
    status = ["error" if row == 3 else "ok" for row in range(500)]
    features = pa.FixedSizeListArray.from_arrays(pa.array(values.astype(np.float32).reshape(-1)), 5)
    names = {"id": [f"g{row % 400}" for row in range(500)], "path": [f"p{row}" for row in range(500)]}
    pq.write_table(
        pa.table({**names, "status": status, "message": [""] * 500, "features": features}), tmp_path / "f.parquet"
    )
    return tmp_path / "f.parquet", values


def test_neighbours_are_the_largest_cosines(cloud):
    path, values = cloud
    found = nearest(path, "p100", 5)
    cosines = values @ values[100] / np.linalg.norm(values, axis=1) / np.linalg.norm(values[100])
    cosines[[3, 100]] = -2
    expected = np.argsort(-cosines)[:5]
    assert [one.row["path"] for one in found] == [f"p{row}" for row in expected]
    np.testing.assert_allclose([one.value for one in found], cosines[expected], atol=1e-6)


@pytest.mark.parametrize("number, size", [(12, 40), (60, 40), (5000, 3)])
def test_outliers_are_far_in_units_of_the_covariance_which_is_shrunk_where_images_are_few(
    tmp_path, monkeypatch, number, size
):
    monkeypatch.setattr(neighbours, "ROWS", 7)
    rng = np.random.default_rng(1)
    values = rng.normal(size=(number, size)) @ rng.normal(size=(size, size)) * np.geomspace(0.1, 10, size) + 3
    values[5] = 3 + 2.5 * (values[5] - 3)
    names = [f"p{row}" for row in range(number)]
    columns = {"id": names, "path": names, "status": ["ok"] * number, "message": [""] * number}
    constant = np.full((number, 1), 7.0)
    pq.write_table(pa.table({**columns, "features": list(np.hstack([values, constant]))}), tmp_path / "f.parquet")

    found = outliers(tmp_path / "f.parquet", number)

    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    expected = np.sqrt(LedoitWolf().fit(standard).mahalanobis(standard))
    np.testing.assert_allclose([one.value for one in found], np.sort(expected)[::-1], rtol=1e-4)
    assert found[0].row["path"] == f"p{np.argmax(expected)}"


def test_the_spread_of_a_feature_is_its_unit(cloud):
    path, _ = cloud
    first, second = outliers(path, 2)
    assert first.row["path"] == "p17" and first.value > 2 * second.value


def test_what_cannot_be_compared_is_one_line(cloud, tmp_path):
    path, _ = cloud
    with pytest.raises(UnknownNameError, match="no usable image has the path or id 'p3'"):
        nearest(path, "p3", 1)
    with pytest.raises(zoo.ArgumentError, match="2 images have the id 'g7'; name one by its path, as p7, p407"):
        nearest(path, "g7", 1)
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(ImageReadError, match="no column `features`"):
        outliers(tmp_path / "other.parquet", 1)
    few = pa.table({"status": ["ok"] * 2, "message": [""] * 2, "features": list(np.eye(2, 8).astype("float32"))})
    pq.write_table(few, tmp_path / "few.parquet")
    with pytest.raises(ImageReadError, match="2 usable images; outliers need 3 or more"):
        outliers(tmp_path / "few.parquet", 1)
    with pytest.raises(ImageReadError, match=r"gone: no such file or folder; name what `zoo features` has written"):
        outliers(tmp_path / "gone", 1)
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    with pytest.raises(ImageReadError, match="cannot be read as Parquet"):
        outliers(tmp_path / "broken.parquet", 1)
