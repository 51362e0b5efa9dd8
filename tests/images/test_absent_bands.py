"""Bands that were not observed become zero where the model says so."""

import numpy as np
import pytest
import torch

from zoo_core.errors import ImageError
from zoo_core.images.preprocess import Preprocess


def test_absent_bands_become_zero_where_that_is_declared():
    image = np.random.default_rng(1).normal(size=(3, 24, 24)).astype("float32")
    lacking = image.copy()
    lacking[1] = np.nan
    frame = {"op": "frame", "size": 20}
    strict, lenient = (
        Preprocess.from_operations([*operations, frame], ["r", "i", "g"])
        for operations in ([], [{"op": "absent_bands"}])
    )

    prepared = lenient.prepare_array(lacking).pixels

    assert (prepared[1] == 0).all() and np.isfinite(prepared).all()
    np.testing.assert_array_equal(prepared[[0, 2]], lenient.prepare_array(image).pixels[[0, 2]])
    with pytest.raises(ImageError, match="of band 1 are valid"):
        strict.prepare_array(lacking)
    with pytest.raises(ImageError, match="of band 0 are valid"):
        lenient.prepare_array(np.full_like(image, np.nan))


def test_training_and_prediction_agree_on_absent_bands():
    image = np.random.default_rng(1).normal(size=(2, 24, 24)).astype("float32")
    image[1] = np.nan
    preprocess = Preprocess.from_operations([{"op": "absent_bands"}, {"op": "frame", "size": 24}], ["r", "i"])
    batch = preprocess.prepare_batch(torch.from_numpy(image)[None], None, torch.Generator().manual_seed(1))
    np.testing.assert_array_equal(batch[0].numpy(), preprocess.prepare_array(image).pixels)
