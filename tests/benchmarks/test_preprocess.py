"""CPU time of reading and preprocessing an image, on one thread: other processes do not count."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from astropy.io import fits
from torch import Tensor

from zoo_core.images import Source, find_sources, read
from zoo_core.images.preprocess import Preprocess

BATCH = 32
SEEN = {"op": "stack", "of": [{"op": "asinh", "softening": 1.0}, {"op": "asinh_peak", "contrast": 50.0}]}
SEEN["of"].append({"op": "high_pass", "sigma": 3.0, "relative": 0.05})
PREPARING = [{"op": "resample", "pixel_scale": 0.1}, {"op": "frame", "size": 101}]
PREPROCESS = Preprocess.from_operations([*PREPARING, {"op": "noise_units"}, SEEN], ["VIS"])

pytestmark = pytest.mark.benchmark(timer=time.process_time)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def cutouts(tmp_path: Path) -> Callable[[int, float, bool], list[Source]]:
    """Writes a batch of cutouts of so many pixels of that scale, some of them NaN or none."""

    def written(side: int, scale: float, blank: bool) -> list[Source]:
        y, x = np.mgrid[:side, :side] - side / 2
        header = fits.Header(
            {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CD1_1": -scale / 3600, "CD2_2": scale / 3600}
        )
        for seed in range(BATCH):
            noise = np.random.default_rng(seed).normal(size=(side, side))
            image = (500 * np.exp(-np.hypot(y, x) / 4) + noise).astype(np.float32)
            image[: side // 10 * blank] = np.nan
            fits.writeto(tmp_path / f"{seed}.fits", image, header)
        return list(find_sources(tmp_path))

    return written


def seen(sources: list[Source]) -> Tensor:
    prepared = [PREPROCESS.prepare(read(source, n_bands=1)).pixels for source in sources]
    return PREPROCESS.channels(torch.from_numpy(np.stack(prepared)))


@pytest.mark.parametrize(
    ("side", "scale", "blank", "milliseconds"),
    [(101, 0.1, False, 1.2), (202, 0.05, False, 2.0), (61, 0.1, False, 4.0), (101, 0.1, True, 4.0)],
    ids=["as the network takes it", "resampled", "padded", "filled"],
)
def test_reading_and_preprocessing_a_cutout_is_quick(benchmark, cutouts, side, scale, blank, milliseconds):
    sources = cutouts(side, scale, blank)

    channels = benchmark.pedantic(seen, args=(sources,), warmup_rounds=1, rounds=10)

    assert channels.isfinite().all()
    benchmark.extra_info["core_ms"] = benchmark.stats.stats.min / BATCH * 1e3
    assert benchmark.extra_info["core_ms"] < milliseconds
