"""Prediction from FITS files against the network alone at its fastest setting, and the start of the command line.

    pytest tests/benchmarks/test_predict.py --benchmark-only

The network alone sees prepared channels that are in memory. Its fastest setting on a CPU is sought among one batch on
all cores and small batches on one core each, channels last, 8 to 128 images at once. Both are timed in turns, and the
best of the rounds counts, so that other work on the machine disturbs them alike.

Against the loop that a user would write (each file opened, prepared, and its eight views shown to the network one by
one) prediction takes 0.40 of the processor time with LASTRO, 51 ms of 128 ms an image on a busy AVX2 core, and 0.78
with DeepLens, 345 ms of 440 ms. With either 97 % of the time and more is that of the network. In DeepLens half of it is
ELU, normalisation and sums, which eager PyTorch computes one after the other; folding the normalisation into the
convolutions and activating in place saves 7 % of the network's time. `torch.compile` with frozen weights saves two
fifths, 56 to 31 ms a view, on a quieter core, and an eighth, 48 to 42 ms, on one that twenty processes wanted; logits
differ by 3e-6. It takes 50 s of processor time, for one image at a time, for which the code is as fast as for 16. Long
runs do it (`zoo_core.models.compiled`), as those do that are timed here.

What is left in the compiled DeepLens, on an AVX-512 core without AMX: 18.7 ms a view, 24.9 ms eager, and 12.9 ms with
ReLU in the place of ELU. ReLU costs nothing because oneDNN applies it inside the convolution, which PyTorch does not
offer for ELU. An ELU of e^x - 1 (20.1 ms) or of products and sums alone (20.1 ms) is not faster: reading and writing
the maps once more is what takes the time. bf16 hardly is (32 against 37 ms, forward, in training). The loop spends 4 of
29 ms on 2,000 page faults an image, the compiled code has 19.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from astropy.io import fits

import zoo_core as zoo
from zoo_core.models.compiled import PAYS_FROM, for_run
from zoo_core.models.model import Model
from zoo_core.models.views import view
from zoo_core.predict.images import SourceImages
from zoo_core.predict.inputs import images_of
from zoo_core.predict.parallel import in_threads
from zoo_core.predict.reading import prepare

ROUNDS = 5
IMAGES = {1: 2048, 8: 512}  # by views: a few seconds each
COLD_START = 0.2  # seconds
LOOPED = 32  # files
OF_LOOP = {"lastro": 2.0, "deeplens": 1.1}  # times as fast as the loop, at least


@pytest.fixture(scope="module")
def model() -> Model:
    return replace(zoo.build("lastro"), weights_sha256="0" * 64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FITS files as telescopes' archives hand them out: 101 x 101 float32 with a world coordinate system."""
    folder = tmp_path_factory.mktemp("fits")
    header = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CD1_1": -0.1 / 3600, "CD1_2": 0.0, "CD2_1": 0.0}
    rng = np.random.default_rng(0)
    for number in range(max(IMAGES.values())):
        image = rng.normal(size=(101, 101)).astype(np.float32)
        fits.PrimaryHDU(image, fits.Header(header | {"CD2_2": 0.1 / 3600})).writeto(folder / f"c{number:05d}.fits")
    return folder


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def core_seconds(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start


def network_settings(model: Model, channels: torch.Tensor, views: int) -> dict[str, Callable[[], object]]:
    """The network alone, in each of its settings."""
    network, settings = model.with_views(views), {}
    for chunk in (8, 16, 32, 64, 128):
        parts = [part.contiguous(memory_format=torch.channels_last) for part in channels.split(chunk)]
        tasks = [partial(network.prediction, part) for part in parts]
        settings[f"{chunk} on all cores"] = lambda tasks=tasks: list(in_threads(tasks, 1))
        settings[f"{chunk} on each core"] = lambda tasks=tasks: list(in_threads(tasks, torch.get_num_threads()))
    return settings


@pytest.mark.parametrize("views", [8, 1])
def test_prediction_keeps_up_with_the_network_alone(benchmark, model, folder, views):
    files = sorted(folder.iterdir())[: IMAGES[views]]
    images = images_of(model, files)
    assert isinstance(images, SourceImages)
    batch = prepare(images.job(0, len(images)), model.preprocess, None)
    channels = model.preprocess.channels(torch.from_numpy(batch.pixels))
    settings = network_settings(model, channels, views)
    trial = {name: min(seconds(work), seconds(work)) for name, work in settings.items()}
    fastest = min(trial, key=trial.__getitem__)
    alone, whole = [], []
    for _ in range(ROUNDS):
        alone.append(seconds(settings[fastest]))
        whole.append(seconds(lambda: model.predict(files, views=views)))
    benchmark.pedantic(lambda: model.predict(files, views=views), rounds=1)
    preparing = core_seconds(lambda: prepare_one_by_one(model, images)) / torch.get_num_threads()
    speed = min(alone) / min(whole)
    bound = 1.15 * (min(alone) + preparing)
    benchmark.extra_info |= {
        "network's fastest setting": fastest,
        "network alone, images/s": len(files) / min(alone),
        "from FITS, images/s": len(files) / min(whole),
        "of the network's speed": speed,
        "reading and preprocessing, core-ms": preparing * torch.get_num_threads() / len(files) * 1e3,
        "wall over its bound": min(whole) / bound,
    }
    assert speed >= 0.9 if views == 8 else min(whole) <= bound


def prepare_one_by_one(model: Model, images: SourceImages) -> None:
    """Reading and preprocessing as prediction does it, on this core, without the network."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    for start in range(0, len(images), 64):
        batch = prepare(images.job(start, min(start + 64, len(images))), model.preprocess, None)
        model.preprocess.channels(torch.from_numpy(batch.pixels))
    torch.set_num_threads(before)


@pytest.mark.parametrize("architecture", OF_LOOP)
def test_prediction_takes_less_than_a_loop_over_the_files(benchmark, folder, architecture):
    files = sorted(folder.iterdir())[:LOOPED]
    model = replace(zoo.build(architecture), weights_sha256="0" * 64, views=8)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    long_run = for_run(model, PAYS_FROM, "float32", None)
    long_run.predict(files[:1])  # compiles
    loop, whole = [], []
    for _ in range(ROUNDS):
        loop.append(core_seconds(lambda: looped(model, files)))
        whole.append(core_seconds(lambda: long_run.predict(files)))
    benchmark.pedantic(lambda: long_run.predict(files), rounds=1)
    torch.set_num_threads(before)
    benchmark.extra_info |= {
        "loop, ms an image": min(loop) / LOOPED * 1e3,
        "predict, ms an image": min(whole) / LOOPED * 1e3,
        "times as fast": min(loop) / min(whole),
    }
    assert min(loop) / min(whole) >= OF_LOOP[architecture]


@torch.inference_mode()
def looped(model: Model, files: list[Path]) -> list[torch.Tensor]:
    """Logits of each file: the mean over its eight views, one after the other."""
    logits = []
    for file in files:
        pixels = fits.getdata(file).astype(np.float32)[None, None]
        channels = model.preprocess.images(pixels, 0.1)
        logits.append(torch.stack([model.network(view(channels, k)) for k in range(8)]).mean(0))
    return logits


def test_listing_models_starts_fast(benchmark):
    command = [sys.executable, "-c", "from zoo_core.cli import main; main(['models'])"]
    benchmark.pedantic(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), rounds=10)
    assert benchmark.stats.stats.min < COLD_START
