import threading
from collections.abc import Callable
from dataclasses import replace
from inspect import signature

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import zoo_core as zoo
from zoo_core.errors import SpecError
from zoo_core.tasks import Prediction, task_named
from zoo_core.testing.laws import NETWORK_LAWS, batch_tolerance, rows_apart, thread_faults

SIZE = 12


class Sound(nn.Module):
    """Obeys every law."""

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2))
        self.head = nn.Linear(4, outputs)

    def features(self, x: Tensor) -> Tensor:
        return self.body(x).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


class TooManyOutputs(Sound):
    def __init__(self, channels: int, outputs: int):
        super().__init__(channels, outputs + 2)


class SqueezesOneImage(Sound):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).squeeze(0)


class FeaturesAreMaps(Sound):
    def features(self, x: Tensor) -> Tensor:
        return self.body(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).mean((2, 3)))


class UnusedParameter(Sound):
    def __init__(self, channels: int, outputs: int):
        super().__init__(channels, outputs)
        self.forgotten = nn.Parameter(torch.zeros(3))


class InfiniteGradient(Sound):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + (self.head.bias * 0).sqrt()


class NothingToLearn(nn.Module):
    def __init__(self, channels: int, outputs: int):
        super().__init__()
        self.outputs = outputs

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((1, 2, 3))[:, None].expand(-1, self.outputs)


class DropsInEval(Sound):
    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.dropout(self.features(x), 0.5, training=True))


class CountsInEval(Sound):
    def __init__(self, channels: int, outputs: int):
        super().__init__(channels, outputs)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.seen += len(x)
        return super().forward(x)


class LooksAtTheBatch(Sound):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x - x.mean())


class RoundsByTheBatch(Sound):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + len(x) * 1e3 * torch.finfo(x.dtype).eps


class HiddenWeights(Sound):
    def __init__(self, channels: int, outputs: int):
        super().__init__(channels, outputs)
        self.secret = torch.randn(4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x) * self.secret)


class ReturnsToTheCpu(Sound):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).cpu()


class SkipsTheDark(Sound):
    def forward(self, x: Tensor) -> Tensor:
        bright = x.abs().amax((1, 2, 3)) > 0
        output = torch.zeros(len(x), self.head.out_features, device=x.device)
        output[bright.nonzero()[:, 0]] = super().forward(x[bright])
        return output if bright.all().item() else output.clone()


class TiedWeights(Sound):
    def __init__(self, channels: int, outputs: int):
        super().__init__(channels, outputs)
        self.again = self.head


def architecture(network: Callable[[int, int], nn.Module] = Sound) -> zoo.Architecture:
    return zoo.Architecture(
        name="tried",
        task="classification",
        build=zoo.any_size(network),
        bands=("VIS",),
        heads=zoo.Heads(classes=("nonlens", "lens")),
        preprocess=({"op": "frame", "size": SIZE}, {"op": "noise_units"}),
    )


def faults(law: str, tried: zoo.Architecture) -> str:
    return "; ".join(NETWORK_LAWS[law](tried))


@pytest.mark.parametrize("law", NETWORK_LAWS)
def test_a_sound_network_obeys_every_law(law):
    assert faults(law, architecture(Sound)) == ""


@pytest.mark.parametrize(
    ("law", "network", "message"),
    [
        ("shapes", TooManyOutputs, "1 images give shape (1, 3), classification with these heads begins (1, 1)"),
        ("shapes", SqueezesOneImage, "1 images give shape (1,)"),
        ("shapes", FeaturesAreMaps, "features of 1 images have shape"),
        ("gradients", UnusedParameter, "no gradient reaches forgotten"),
        ("gradients", InfiniteGradient, "gradient of head.bias is not finite"),
        ("gradients", NothingToLearn, "no parameter"),
        ("eval", DropsInEval, "two passes over the same images differ"),
        ("eval", DropsInEval, "draws from torch's global generator"),
        ("eval", CountsInEval, "changes seen"),
        ("batch size", LooksAtTheBatch, "probabilities differs by"),
        ("safetensors", HiddenWeights, "not in the state dict"),
        ("safetensors", TiedWeights, "does not fit into safetensors"),
    ],
)
def test_each_law_is_broken_by_a_network_that_breaks_it(law, network, message):
    assert message in faults(law, architecture(network))


def test_rounding_that_a_network_enlarges_does_not_break_the_law_of_batch_sizes():
    assert faults("batch size", architecture(RoundsByTheBatch)) == ""


def test_a_constant_that_stays_on_the_cpu_breaks_the_law_of_devices():
    with pytest.raises(RuntimeError, match=r"mul: a tensor of shape \(4,\) is on the cpu"):
        faults("device", architecture(HiddenWeights))


def test_an_output_on_the_cpu_breaks_the_law_of_devices():
    assert faults("device", architecture(ReturnsToTheCpu)) == "output 0 for images on a GPU is on the CPU"


def test_a_network_that_branches_on_what_it_computes_can_obey_the_law_of_devices():
    assert faults("device", architecture(SkipsTheDark)) == ""


def test_threads_that_get_something_else_than_one_are_a_fault():
    heads, task = zoo.Heads(classes=("a", "b", "c")), task_named("classification")
    batches = torch.randn(4, 2, 3, generator=torch.Generator().manual_seed(0)).unbind()

    def disturbed(batch: Tensor) -> Prediction:
        return task.prediction(batch * (1 + (threading.current_thread() is not threading.main_thread())), heads)

    assert "probabilities differs by" in "; ".join(thread_faults(disturbed, batches, 1, 1e-5))
    assert list(thread_faults(lambda batch: task.prediction(batch, heads), batches, 1, 1e-5)) == []


def test_threads_predict_each_batch_as_often_as_they_are_told_and_a_release_twenty_times():
    heads, task, seen = zoo.Heads(classes=("a", "b")), task_named("classification"), []
    batches = [torch.full((1, 1), float(number)) for number in range(4)]

    def predict(batch: Tensor) -> Prediction:
        seen.append(batch.item())
        return task.prediction(batch, heads)

    assert list(thread_faults(predict, batches, 3, 1e-5)) == []
    assert [seen.count(number) for number in range(4)] == [1 + 3] * 4
    assert signature(zoo.check).parameters["rounds"].default == 20


def test_a_network_of_one_size_refuses_a_preprocessing_that_makes_another():
    tried = replace(architecture(), build=zoo.one_size(Sound, SIZE + 1))
    with pytest.raises(SpecError, match="13 x 13 pixels and its preprocessing makes 12 x 12"):
        faults("shapes", tried)


@pytest.mark.parametrize("declared", [(), ({"op": "frame", "size": SIZE}, {"op": "blur"})])
def test_preprocessing_must_be_declared_in_known_operations(declared):
    with pytest.raises(zoo.ZooError):
        faults("preprocessing", replace(architecture(), preprocess=declared))


@pytest.mark.parametrize(
    ("task", "heads", "build"),
    [
        ("regression", zoo.Heads(parameters=("theta_E",), units=("arcsec",)), Sound),
        ("classification", zoo.Heads(classes=("no", "sphere", "vortex")), Sound),
        ("restoration", zoo.Heads(), lambda channels, outputs: nn.Conv2d(channels, outputs, 3, padding=1)),
    ],
)
def test_the_laws_hold_for_the_tasks(task, heads, build):
    tried = replace(architecture(build), task=task, heads=heads)
    assert [faults(law, tried) for law in NETWORK_LAWS] == [""] * len(NETWORK_LAWS)


class Reconstructs(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.encode, self.decode = nn.Conv2d(channels, 2, 3, padding=1), nn.Conv2d(2, channels, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        latent = self.encode(x)
        again = self.decode(latent)
        return ((again - x) ** 2).mean((1, 2, 3)), again, latent.mean((2, 3))


class Crops(Reconstructs):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        score, again, latent = super().forward(x)
        return score, again[..., 1:-1, 1:-1], latent


def test_a_reconstruction_must_be_as_large_as_what_it_is_of():
    tried = replace(architecture(lambda channels, outputs: Crops(channels)), task="anomaly", heads=zoo.Heads())
    assert f"the reconstruction has shape (1, 1, {SIZE - 2}, {SIZE - 2})" in faults("shapes", tried)


class Groups(Sound):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.features(x)
        return self.head(features), features


@pytest.mark.parametrize(
    ("task", "heads", "build"),
    [
        ("anomaly", zoo.Heads(), lambda channels, outputs: Reconstructs(channels)),
        ("clustering", zoo.Heads(classes=("a", "b", "c")), Groups),
    ],
)
def test_the_laws_hold_for_networks_that_return_tuples(task, heads, build):
    tried = replace(architecture(build), task=task, heads=heads)
    assert [faults(law, tried) for law in NETWORK_LAWS] == [""] * len(NETWORK_LAWS)


def test_no_law_touches_the_global_random_state():
    before = torch.random.get_rng_state()
    for law in NETWORK_LAWS:
        faults(law, architecture())
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_gpu_may_round_a_hundred_times_as_much_as_the_cpu():
    assert [batch_tolerance(device) for device in ("cpu", "cuda", "cuda:1", "mps")] == [1e-5, 1e-3, 1e-3, 1e-3]


def test_rows_are_compared_in_units_of_their_own_size():
    one = torch.tensor([[1000.0, 0.0], [0.1, 0.2]])
    assert rows_apart(one, one + torch.tensor([[1.0, 0.0], [0.0, 0.0]])) == pytest.approx(1e-3)
    assert rows_apart(one, one + torch.tensor([[0.0, 0.0], [0.0, 1.0]])) == pytest.approx(1.0)
    assert rows_apart(one, one[:1]) == float("inf")
    assert not rows_apart(one, one * float("nan")) <= 1
