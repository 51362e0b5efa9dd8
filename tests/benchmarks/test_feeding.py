"""What feeding costs beside a step of LASTRO: both in one run, on whatever device there is."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

import zoo_core as zoo
from zoo_core.images.preprocess import Preprocess
from zoo_core.models.devices import precision_on
from zoo_core.plugins import architecture
from zoo_core.train.batches import Augmented, BalancedBatches, class_groups
from zoo_core.train.recipe import Augmentation

SCENES = 200
BATCH = {"cpu": 32, "cuda": 256}
MOST = {"cpu": 0.15, "cuda": 0.20}  # of a step
ROUNDS = {"cpu": 5, "cuda": 30}

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture
def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@pytest.fixture
def batches(device: torch.device, tmp_path: Path) -> BalancedBatches:
    """As the recipe of lastro.space draws them."""
    data = zoo.open_dataset("finding_space", n=SCENES, seed=3, lens_fraction=0.5, cache=tmp_path)
    view = data.training_view(tmp_path / "bank", device)
    lastro = architecture("lastro", "zoo-lastro")
    preprocess = Preprocess.from_operations(lastro.preprocess, lastro.bands)
    images = Augmented(view, preprocess, data.description.pixel_scale, Augmentation(gain=0.2, offset=0.1), device)
    return BalancedBatches(images, class_groups(view.targets, balanced=True), BATCH[device.type], 1000, seed=1)


def step_of(network: nn.Module, images: torch.Tensor, targets: torch.Tensor) -> Callable[[], None]:
    """Forward, backward and AdamW, in the precision in which the trainer does them there."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4, fused=True)
    images = images.contiguous(memory_format=torch.channels_last)
    in_bf16 = precision_on(images.device, "bf16") == "bf16"

    def step() -> None:
        with torch.autocast(images.device.type, torch.bfloat16, enabled=in_bf16):
            logits = network(images)[:, 0].float()
        optimiser.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(logits, targets).backward()
        optimiser.step()

    return step


def seconds(run: Callable[[], object], device: torch.device) -> float:
    """The quickest of several rounds: CPU time on a CPU, where other processes do not count."""
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    found = []
    for _ in range(ROUNDS[device.type]):
        begin = clock()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize()
        found.append(clock() - begin)
    return min(found[1:])


def test_feeding_costs_a_small_part_of_a_step(benchmark, batches, device):
    images, targets = batches[0]
    network = zoo.build("lastro").network.to(device, memory_format=torch.channels_last).train()

    step = seconds(step_of(network, images, targets), device)
    feeding = benchmark.pedantic(lambda: seconds(lambda: batches[1], device), rounds=1)

    benchmark.extra_info |= {"device": str(device), "step_s": step, "feeding_s": feeding, "ratio": feeding / step}
    assert feeding / step < MOST[device.type], benchmark.extra_info
