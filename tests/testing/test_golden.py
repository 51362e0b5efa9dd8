import dataclasses
import re

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn

import zoo_core as zoo
from zoo_core.errors import PublishError, WeightsError
from zoo_core.images.preprocess import Preprocess
from zoo_core.models.model import Model
from zoo_core.testing.golden import SCHEMA, Samples, read_golden, replay, tolerance, write_golden

SIZE = 16
KINDS = ("positive", "positive", "negative", "negative", "edge")
IDS = ("ring", "arc", "spiral", "star", "chip_edge")


class Peaks(nn.Module):
    def __init__(self, channels: int, outputs: int):
        super().__init__()
        self.line = nn.Linear(channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.line(x.amax((2, 3)))


ARCHITECTURE = zoo.Architecture(
    name="peaks",
    task="classification",
    build=zoo.any_size(Peaks),
    bands=("VIS",),
    heads=zoo.Heads(classes=("nonlens", "lens")),
    preprocess=({"op": "resample", "pixel_scale": 0.1}, {"op": "frame", "size": SIZE}, {"op": "noise_units"}),
)


def model(weight: float = 0.5, sha256: str = "a" * 64, views: int = 1) -> Model:
    network = Peaks(1, 1).eval()
    with torch.no_grad():
        network.line.weight.fill_(weight)
        network.line.bias.zero_()
    preprocess = Preprocess.from_operations(ARCHITECTURE.preprocess, ARCHITECTURE.bands)
    return Model(
        "peaks.tiny", ARCHITECTURE, network, preprocess, ARCHITECTURE.heads, views=views, weights_sha256=sha256
    )


@pytest.fixture
def images() -> list[np.ndarray]:
    drawn = np.random.default_rng(0).normal(size=(5, 1, SIZE, SIZE)).astype(np.float32)
    drawn[0, 0, 8, 8] += 20
    edge = np.array(drawn[4, :, :, :14])
    edge[:, :2] = np.nan
    return [*drawn[:4], edge]


@pytest.fixture
def written(tmp_path, images):
    return write_golden(
        model(), Samples(tuple(images), (0.1, 0.1, 0.2, 0.1, 0.1), IDS, KINDS), tmp_path / "g.safetensors"
    )


def test_the_file_holds_what_was_put_in(written, images):
    golden = read_golden(written)
    assert golden.ids == IDS
    assert golden.kinds == KINDS
    assert golden.pixel_scales == (0.1, 0.1, 0.2, 0.1, 0.1)
    for found, put in zip(golden.images, images, strict=True):
        np.testing.assert_array_equal(found, put)  # NaN included
    assert golden.expected["probabilities"].shape == (5, 2)


def test_the_model_that_wrote_it_replays_it_exactly(written):
    assert max(difference.value for difference in replay(model(), written)) == 0


def test_weights_that_differ_are_seen_and_named(written):
    differences = replay(model(weight=0.6), written)
    assert {difference.id for difference in differences if difference.value > tolerance("cpu")} == set(IDS)
    assert differences[0].value == pytest.approx(0.2, rel=1e-3)  # of the logits, which are proportional to the weight


def test_a_network_that_returns_nan_is_infinitely_far(written):
    assert replay(model(weight=float("nan")), written)[0].value == float("inf")


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"sha256": "b" * 64}, "written for weights"), ({"views": 8}, "written for views 1, peaks.tiny has 8")],
)
def test_a_golden_file_of_another_model_is_refused(written, changed, message):
    with pytest.raises(WeightsError, match=message):
        replay(model(**changed), written)


def test_a_golden_file_of_another_preprocessing_is_refused(written):
    other = Preprocess.from_operations(({"op": "frame", "size": SIZE}, {"op": "noise_units"}), ("VIS",))
    with pytest.raises(WeightsError, match="written for preprocessing"):
        replay(dataclasses.replace(model(), preprocess=other), written)


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        (("positive", "negative", "negative", "negative", "edge"), "2 positive"),
        (("positive", "positive", "negative", "negative", "negative"), "1 edge"),
        (("positive", "positive", "negative", "negative", "odd"), "not odd"),
    ],
)
def test_too_few_images_of_a_kind_are_refused(tmp_path, images, kinds, message):
    with pytest.raises(PublishError, match=message):
        write_golden(model(), Samples(tuple(images), (0.1,) * 5, IDS, kinds), tmp_path / "g.safetensors")


def test_a_prediction_that_is_not_finite_is_not_written(tmp_path, images):
    with pytest.raises(PublishError, match="not always finite"):
        write_golden(
            model(weight=float("inf")), Samples(tuple(images), (0.1,) * 5, IDS, KINDS), tmp_path / "g.safetensors"
        )
    assert not (tmp_path / "g.safetensors").exists()


@pytest.mark.parametrize("content", [b"", b"not safetensors at all", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_file_that_is_no_golden_file_is_refused(tmp_path, content):
    path = tmp_path / "odd.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=re.escape(str(path))):
        read_golden(path)


@pytest.mark.parametrize("samples", ["{}", "no JSON", '{"ids": ["a"]}', "[" * 100_000, None])
def test_a_golden_file_that_misses_a_part_is_refused(tmp_path, samples):
    metadata = {"schema": SCHEMA, "weights_sha256": "0" * 64} | ({} if samples is None else {"samples": samples})
    save_file({"image.0": np.zeros((1, 5, 5), np.float32)}, tmp_path / "a.safetensors", metadata)
    with pytest.raises(WeightsError, match=r"a\.safetensors: not a whole golden file"):
        read_golden(tmp_path / "a.safetensors")
