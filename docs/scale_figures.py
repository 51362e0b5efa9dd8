"""Measures what a survey costs: images a CPU second of each stage, the cost of a shard, memory an object.

python docs/scale_figures.py  # prints the tables of docs/scale.md

CPU time is that of this process and of all its threads, so that other work on the machine does not count.
"""

import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from astropy.io import fits
from distributed import Client, LocalCluster
from torch import nn

import zoo_core as zoo
from zoo_core.images.preprocess import Preprocess
from zoo_core.predict.images import Images, SourceImages
from zoo_core.predict.inputs import images_of
from zoo_core.predict.options import Options
from zoo_core.predict.packing import pack
from zoo_core.predict.predict import scored
from zoo_core.predict.shards import SHARD, Shards
from zoo_core.predict.worker import SealedTask, ShardTask

IMAGES, SIDE, TILE = 512, 101, 2000
NETWORKS = ("lastro.space", "deeplens.space", "resnet.substructure")
OBJECTS = 1_000_000


def cpu() -> float:
    """Seconds that the process and its threads have computed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident() -> float:
    """MB of memory that the process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def rate(work: Callable[[], object], images: int = IMAGES) -> float:
    """Images a CPU second; after one call that loads what is loaded once."""
    work()
    start = cpu()
    work()
    return images / (cpu() - start)


def sky(folder: Path, objects: int) -> zoo.Mosaic:
    """A tile with noise and a catalogue of objects on it."""
    rng = np.random.default_rng(0)
    header = fits.Header({"CRVAL1": 45.0, "CRVAL2": 1.0, "CRPIX1": TILE / 2, "CRPIX2": TILE / 2})
    header.update({"CDELT1": -0.1 / 3600, "CDELT2": 0.1 / 3600, "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"})
    fits.PrimaryHDU(rng.normal(size=(TILE, TILE)).astype(np.float32), header).writeto(folder / "tile.fits")
    places = rng.uniform(-0.4, 0.4, size=(objects, 2)) * TILE * 0.1 / 3600
    rows = "\n".join(f"{i},{45 + x:.7f},{1 + y:.7f}" for i, (x, y) in enumerate(places))
    (folder / "catalog.csv").write_text(f"id,ra,dec\n{rows}\n")
    return zoo.Mosaic(folder / "catalog.csv", folder / "tile.fits")


def stages() -> Iterator[str]:
    """Images a CPU second of each stage, for one band of 101 x 101 pixels."""
    yield "| stage | images / CPU s |\n|---|---|"
    model = zoo.load(NETWORKS[0], device="cpu")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = images_of(model, sky(folder, IMAGES))
        assert isinstance(images, SourceImages)
        raw = [source.load(1) for source in images.sources]
        (folder / "cutouts").mkdir()
        for number, image in enumerate(raw):
            fits.PrimaryHDU(image.pixels[0]).writeto(folder / "cutouts" / f"{number:04d}.fits")
        pack(images, model.bands, folder / "pack")
        for stage, sources in (
            ("read, a FITS file each", images_of(model, folder / "cutouts")),
            ("cut out of a tile in FITS", images),
            ("read from a pack", images_of(model, folder / "pack")),
        ):
            yield f"| {stage} | {rate(sources.job(0, IMAGES)):.0f} |"
        yield f"| prepare, {model.id} | {rate(lambda: [model.preprocess.prepare(one, None) for one in raw]):.0f} |"
    yield from networks()


def networks() -> Iterator[str]:
    """Of some networks, with the views of their entries."""
    for name in NETWORKS:
        model = zoo.load(name, device="cpu")
        side, views = model.preprocess.size, model.views
        channels = torch.randn(64, model.preprocess.n_channels, side, side)
        yield f"| network, {name}, {views} views | {rate(partial(model.prediction, channels), 64):.0f} |"


def shards() -> Iterator[str]:
    """What a shard costs beside its images: a network that does nothing, images of 9 x 9 pixels, one shard and nine."""
    model = zoo.load("trivial", device="cpu")
    operations = [{"op": "frame", "size": 9}, {"op": "asinh", "softening": 1.0}]
    stub = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    model = replace(model, network=stub, preprocess=Preprocess.from_operations(operations, ["VIS"]))
    with tempfile.TemporaryDirectory() as name:
        stack = Path(name) / "stack.npy"
        np.save(stack, np.random.default_rng(0).normal(size=(9 * SHARD, 9, 9)).astype(np.float32))
        sources = list(zoo.Files(stack, stack=True).sources(model, None))
        spent = {}
        for count, rows in (("few", SHARD), ("many", 9 * SHARD), ("small", 9)):
            images = SourceImages(sources[:rows], 1)
            for _ in range(2):
                start = cpu()
                with scored(model, images, Options(out=Path(name) / f"{count}-out", batch_size=64)):
                    pass
                spent[count] = cpu() - start
    image = (spent["many"] - spent["few"]) / (8 * SHARD)
    yield f"An image costs {1e3 * image:.2f} ms of CPU time in all that is neither its pixels nor its network; "
    yield f"a run of nine images costs {1e3 * spent['small']:.0f} ms, which bounds what a shard costs beside them."


def received(sealed: SealedTask) -> int:
    """What a worker answers that does nothing."""
    return 0


def hand_out() -> Iterator[str]:
    """What a shard costs the process that hands it out, of a catalogue and of a stack: CPU time."""
    model, count = zoo.load("trivial", device="cpu"), 40
    with (
        tempfile.TemporaryDirectory() as name,
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster,
        Client(cluster) as client,
    ):
        folder = Path(name)
        np.save(folder / "stack.npy", np.zeros((count * SHARD, 9, 9), np.float32))
        stack = zoo.Files(folder / "stack.npy", stack=True)
        for kind, named in (("a catalogue", sky(folder, count * SHARD)), ("a stack", stack)):
            images = images_of(model, named)
            client.submit(received, _task(images, folder, 0), key=kind).result()
            start = cpu()
            tasks = [_task(images, folder, number) for number in range(count)]
            futures = [client.submit(received, task, key=f"{kind} {n}") for n, task in enumerate(tasks)]
            client.gather(futures)
            yield f"A shard of {kind} costs {1e3 * (cpu() - start) / count:.0f} ms where it is handed out."


def _task(images: Images, folder: Path, number: int) -> SealedTask:
    part = images.part(number * SHARD, (number + 1) * SHARD)
    return SealedTask.of(ShardTask("", part, Shards(folder, number), None, None))


def memory() -> Iterator[str]:
    """Of the process that hands out the shards, for each object of a catalogue."""
    model = zoo.load("trivial", device="cpu")
    with tempfile.TemporaryDirectory() as name:
        for objects in (OBJECTS // 10, OBJECTS):
            folder = Path(name) / str(objects)
            folder.mkdir()
            before = resident()
            images = images_of(model, sky(folder, objects))
            yield f"{len(images)} objects: {resident() - before:.0f} MB"


if __name__ == "__main__":
    torch.set_num_threads(1)
    for part in (stages, shards, hand_out, memory):
        for line in part():
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
