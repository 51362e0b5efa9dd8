"""The laws of a network, each on its own: what every architecture of the zoo obeys with random weights.

A law is a generator of faults; one that yields nothing is obeyed. Its docstring is the law.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.func import functional_call

from ..images.preprocess import Preprocess
from ..interfaces import Architecture
from ..models.network import Dimensions, initialised
from ..tasks import Prediction, task_named
from .elsewhere import ELSEWHERE, Elsewhere, elsewhere

__all__ = [
    "NETWORK_LAWS",
    "NetworkLaw",
    "batch_faults",
    "batch_tolerance",
    "built",
    "device_faults",
    "quantities",
    "rows_apart",
    "thread_faults",
]

NetworkLaw = Callable[[Architecture], Iterator[str]]
Output = Tensor | tuple[Tensor, ...]
Batch = TypeVar("Batch")


def shapes(architecture: Architecture) -> Iterator[str]:
    """Outputs have one row an image and as many columns as the task needs; the prediction has the task's columns."""
    task, heads = task_named(architecture.task), architecture.heads
    network = built(architecture)
    for images in (1, 3):
        x = _input(architecture, images)
        output = _quiet(network, x)
        if unlike := list(task.faults(output, x, heads)):
            yield from unlike
            return
        yield from (f"{images} images in, {len(part)} rows out" for part in _parts(output) if len(part) != images)
        columns = task.prediction(output, heads).to_table()
        if set(columns) != set(task.empty_columns(heads)):
            yield f"columns {sorted(columns)}, the task promises {sorted(task.empty_columns(heads))}"
        yield from (f"column {name} has {len(c)} rows" for name, c in columns.items() if len(c) != images)
        yield from _feature_faults(network, x)


def finite_gradients(architecture: Architecture) -> Iterator[str]:
    """The task's loss is finite and gives every parameter a finite gradient; with `train=`, those that it reaches."""
    task, driven = task_named(architecture.task), architecture.train is not None
    network = built(architecture).train()
    parameters = dict(network.named_parameters())
    if not parameters and not driven:
        yield "the network has no parameter: what it learns must be nn.Parameter"
        return
    x = _input(architecture, 4)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        output = network(x)
        loss = task.loss(output, task.target(x, task.example(output, architecture.heads)), architecture.heads)
        if loss.requires_grad or not driven:
            loss.backward()
    if not torch.isfinite(loss):
        yield f"the loss is {loss.item()}"
    unreached = [name for name, p in parameters.items() if p.requires_grad and p.grad is None]
    yield from (f"no gradient reaches {name}" for name in unreached if not driven)
    for name, parameter in parameters.items():
        if parameter.grad is not None and not torch.isfinite(parameter.grad).all():
            yield f"the gradient of {name} is not finite"


def deterministic_in_eval(architecture: Architecture) -> Iterator[str]:
    """In eval mode the same images give the same bits, and neither the network nor the random state changes."""
    network, x = built(architecture), _input(architecture, 3)
    weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    random_state = torch.random.get_rng_state()
    first, second = _quiet(network, x), _quiet(network, x)
    if not _same(first, second):
        yield "two passes over the same images differ"
    if not torch.equal(random_state, torch.random.get_rng_state()):
        yield "a pass in eval mode draws from torch's global generator"
    changed = [name for name, tensor in network.state_dict().items() if not torch.equal(tensor, weights[name])]
    yield from (f"a pass in eval mode changes {name}" for name in changed)


def batch_size_invariant(architecture: Architecture) -> Iterator[str]:
    """An image's prediction does not depend on its companions in the batch, to 1e-5.

    Where it seems to, float64 decides: random weights enlarge rounding, which differs between processors.
    """
    network, task = built(architecture), task_named(architecture.task)
    brightness = torch.tensor([0.3, 1, 3, 0.5, 2, 1]).view(-1, 1, 1, 1)
    x = _input(architecture, 6) * brightness

    def predicted(part: Tensor) -> Prediction:
        return task.prediction(_quiet(network, part), architecture.heads)

    if any(batch_faults(predicted, x, batch_tolerance("cpu"))):
        network.double()
        yield from batch_faults(predicted, x.double(), batch_tolerance("cpu"))


def survives_safetensors(architecture: Architecture) -> Iterator[str]:
    """Weights saved as safetensors and loaded strictly into a new network give the same bits."""
    network, other = built(architecture, seed=1), built(architecture, seed=2)
    x = _input(architecture, 2)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.safetensors"
        try:
            save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, file)
        except (RuntimeError, ValueError, SafetensorError) as error:
            yield f"the state does not fit into safetensors: {error}"
            return
        other.load_state_dict(load_file(file), strict=True)
    if not _same(_quiet(network, x), _quiet(other, x)):
        yield "loaded weights do not reproduce the output: something it computes with is not in the state dict"


def preprocessing_declared(architecture: Architecture) -> Iterator[str]:
    """The declared operations can be parsed and written back, and make finite pixels of the declared shape."""
    preprocess = Preprocess.from_operations(architecture.preprocess, architecture.bands)
    again = Preprocess.from_operations(json.loads(json.dumps(preprocess.declared())), architecture.bands)
    if again.digest != preprocess.digest:
        yield "the operations change when they are written to a file and read back"
    channels = preprocess.images(_raw_images(architecture), pixel_scale=preprocess.pixel_scale)
    expected = (2, preprocess.n_channels, preprocess.size, preprocess.size)
    if channels.shape != expected:
        yield f"preprocessing makes shape {tuple(channels.shape)}, it declares {expected}"
    if not torch.isfinite(channels).all():
        yield "an image with blank pixels becomes NaN or infinite"


def any_device(architecture: Architecture) -> Iterator[str]:
    """The network and the channels of its preprocessing compute where their input is, if their state is there too."""
    task, heads = task_named(architecture.task), architecture.heads
    preprocess = Preprocess.from_operations(architecture.preprocess, architecture.bands)
    yield from device_faults(lambda x: task.prediction(x, heads), built(architecture), _input(architecture, 3))
    prepared = preprocess.prepared(_raw_images(architecture), pixel_scale=preprocess.pixel_scale)
    with torch.no_grad(), Elsewhere():
        if preprocess.channels(elsewhere(prepared)).device != ELSEWHERE:
            yield "the channels of an image on a GPU are on the CPU"


NETWORK_LAWS: dict[str, NetworkLaw] = {
    "preprocessing": preprocessing_declared,
    "shapes": shapes,
    "gradients": finite_gradients,
    "eval": deterministic_in_eval,
    "batch size": batch_size_invariant,
    "safetensors": survives_safetensors,
    "device": any_device,
}


def built(architecture: Architecture, seed: int = 0) -> nn.Module:
    """The network with random weights drawn from `seed`, in eval mode."""
    preprocess = Preprocess.from_operations(architecture.preprocess, architecture.bands)
    dimensions = Dimensions.of(architecture, preprocess, architecture.heads)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return initialised(architecture, dimensions, {}).eval()


def device_faults(predict: Callable[[Any], Prediction], network: nn.Module, x: Tensor) -> Iterator[str]:
    """Which outputs for images on another device than the CPU are not there; RuntimeError where devices mix.

    Arguments:
        predict: the prediction of the network's output.
        network: on the CPU.
        x: its input.
    """
    state = {name: elsewhere(tensor) for name, tensor in (*network.named_parameters(), *network.named_buffers())}
    with torch.no_grad(), Elsewhere():
        output = functional_call(network, state, (elsewhere(x),))
        predict(output)
        for k, part in enumerate(_parts(output)):
            if part.device != ELSEWHERE:
                yield f"output {k} for images on a GPU is on the CPU"


def thread_faults(
    predict: Callable[[Batch], Prediction], batches: Sequence[Batch], rounds: int, tolerance: float
) -> Iterator[str]:
    """What of the predictions for different batches changes when so many threads compute them at once.

    Arguments:
        predict: the prediction for a batch.
        batches: one for each thread.
        rounds: how often each batch is predicted: what threads share is disturbed now and then.
        tolerance: as of `rows_apart`.
    """
    alone = [quantities(predict(batch)) for batch in batches]
    with ThreadPoolExecutor(len(batches)) as pool:
        together = [quantities(prediction) for prediction in pool.map(predict, [*batches] * rounds)]
    for name in alone[0]:
        apart = [rows_apart(one[name], other[name]) for one, other in zip(alone * rounds, together, strict=True)]
        if not max(apart) <= tolerance:
            yield f"{name} differs by {max(apart):.1e} between {len(batches)} threads and one"


def batch_tolerance(device: str) -> float:
    """Difference that the companions of an image may make: 1e-5 on the CPU, 1e-3 on a GPU, of outputs of order one."""
    return 1e-5 if device.startswith("cpu") else 1e-3  # float32 sums in another order stay well below


def batch_faults(predict: Callable[[Tensor], Prediction], x: Tensor, tolerance: float) -> Iterator[str]:
    """What of the prediction for `x` changes with the size of the batch."""
    together = quantities(predict(x))
    for sizes in ([1] * len(x), [2, len(x) - 2]):
        split = [quantities(predict(part)) for part in x.split(sizes)]
        for name in sorted(set(together) - {"logits"}):  # they are reported as probabilities
            apart = rows_apart(together[name], torch.cat([part[name] for part in split]))
            if not apart <= tolerance:
                yield f"{name} differs by {apart:.1e} between batches of {sizes} and one of {len(x)}"


def quantities(prediction: Prediction) -> dict[str, Tensor]:
    """The tensors of a prediction with a row an image, on the CPU.

    Left out are samples, which are drawn anew, and the residual, which follows from the reconstruction.
    """
    return {
        name: value.detach().float().cpu().contiguous()
        for name, value in vars(prediction).items()
        if isinstance(value, Tensor) and name not in ("samples", "residual")
    }


def rows_apart(one: Tensor, other: Tensor) -> float:
    """Largest difference between two batches, each row in units of its largest output where that exceeds 1."""
    if one.shape != other.shape:
        return float("inf")
    scale = one.abs().flatten(1).amax(1).clamp(min=1) if one.ndim > 1 else one.abs().clamp(min=1)
    apart = (one - other).abs().reshape(len(one), -1).amax(1) / scale
    return float("nan") if apart.isnan().any() else apart.max().item()


def _feature_faults(network: nn.Module, x: Tensor) -> Iterator[str]:
    features_of = getattr(network, "features", None)
    if features_of is None:
        return
    features = features_of(x)
    if features.ndim != 2 or len(features) != len(x):
        yield f"features of {len(x)} images have shape {tuple(features.shape)}, not ({len(x)}, D)"


def _input(architecture: Architecture, images: int) -> Tensor:
    preprocess = Preprocess.from_operations(architecture.preprocess, architecture.bands)
    generator = torch.Generator().manual_seed(0)
    return torch.randn(images, preprocess.n_channels, preprocess.size, preprocess.size, generator=generator)


def _raw_images(architecture: Architecture) -> np.ndarray:
    side = Preprocess.from_operations(architecture.preprocess, architecture.bands).size
    images = np.random.default_rng(0).normal(size=(2, len(architecture.bands), side, side))
    images[0, :, :3, :5] = np.nan
    return images.astype(np.float32)


def _quiet(network: nn.Module, x: Tensor) -> Output:
    with torch.no_grad():
        return network(x)


def _parts(output: Output) -> Sequence[Tensor]:
    """The tensors of a network's output."""
    return output if isinstance(output, tuple) else (output,)


def _same(one: Output, other: Output) -> bool:
    return all(torch.equal(a, b) for a, b in zip(_parts(one), _parts(other), strict=True))
