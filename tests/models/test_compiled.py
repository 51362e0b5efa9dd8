"""Networks that are compiled for a run."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import zoo_core as zoo
from zoo_core.errors import ArgumentError
from zoo_core.models.compiled import PAYS_FROM, CompiledNetwork, for_run

from ..tiny_models import SIZE


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(5).normal(size=(21, 1, SIZE, SIZE)).astype(np.float32)


@pytest.fixture
def a_compiler(monkeypatch, tmp_path):
    """A file that passes for a C++ compiler as long as nobody runs it."""
    (tmp_path / "c++").touch(0o755)
    monkeypatch.setenv("CXX", str(tmp_path / "c++"))


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.usefixtures("two_threads")
def test_compiled_predictions_are_those_of_the_network_in_any_batches_and_order(tiny, images, caplog):
    model = tiny(views=8)
    eager = np.array(model.predict(images)["p_lens"])
    compiled = for_run(model, len(images), "float32", True)
    scores = np.array(compiled.predict(images, batch_size=4)["p_lens"])
    assert np.ptp(eager) > 1e-3 and np.abs(scores - eager).max() < 1e-5
    assert "could not be compiled" not in caplog.text
    np.testing.assert_array_equal(compiled.predict(images[::-1], batch_size=7)["p_lens"], scores[::-1])


def test_a_network_that_cannot_be_compiled_computes_as_it_is_and_says_so(tiny, images, caplog, monkeypatch):
    monkeypatch.setattr(torch, "compile", _refusing)
    model = tiny()
    table = model.predict(images, compile=True)
    np.testing.assert_array_equal(table["p_lens"], model.predict(images)["p_lens"])
    assert "could not be compiled and runs as it is (RuntimeError: no compiler)" in caplog.text


def _refusing(*_: object, **__: object) -> nn.Module:
    raise RuntimeError("no compiler\nand a long story")


def test_code_that_answers_otherwise_than_the_network_is_not_used(tiny, images, caplog, monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda network, **_: _Off(network))
    model = tiny()
    np.testing.assert_array_equal(model.predict(images, compile=True)["p_lens"], model.predict(images)["p_lens"])
    assert "its output changes by more than 0.001" in caplog.text


class _Off(nn.Module):
    """What another network would say."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x) + 0.1


def test_gradients_and_features_are_those_of_the_network_itself(tiny, images):
    model = tiny()
    compiled = for_run(model, 1, "float32", True)
    torch.testing.assert_close(compiled.features(images), model.features(images))
    pixels = torch.tensor(images, requires_grad=True)
    compiled(pixels).logits.sum().backward()
    assert pixels.grad is not None and pixels.grad.abs().max() > 0


@pytest.mark.usefixtures("a_compiler")
def test_long_runs_of_architectures_that_gain_are_compiled():
    model, threads = zoo.build("deeplens", device="cpu").with_views(8), torch.get_num_threads()
    enough = PAYS_FROM * threads // 8
    others = zoo.build("lastro", device="cpu").with_views(8)
    chosen = [
        for_run(model, enough, "float32", None),
        for_run(model, enough - 1, "float32", None),
        for_run(model, enough, "bf16", None),
        for_run(model, enough, "float32", False),
        for_run(others, enough, "float32", None),
    ]
    assert [isinstance(one.network, CompiledNetwork) for one in chosen] == [True, False, False, False, False]


def test_without_a_compiler_nothing_is_tried(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    model = zoo.build("deeplens", device="cpu")
    assert for_run(model, 10**9, "float32", None) is model


@pytest.mark.parametrize("wrong", [{"precision": "bf16"}, {"scheduler": "local"}])
def test_compiling_what_is_not_compiled_is_refused(tiny, images, wrong, monkeypatch):
    monkeypatch.setattr("zoo_core.predict.predict.precision_on", lambda device, precision: precision)
    with pytest.raises(ArgumentError, match="compile="):
        tiny().predict(images, compile=True, **wrong)
