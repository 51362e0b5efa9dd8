"""A survey of a million images on one worker and on two, with a network that sleeps, to check what docs/scale.md says.

python docs/scale_simulation.py [ROWS]

A worker's second is a second that it computes or sleeps; what other work on the machine takes away does not count. The
network is paced to a speed that was measured of a real one, times SPEEDUP, so that a million rows end in minutes.
Workers are killed at random moments, and the rows are counted in the end.
"""

import os
import random
import resource
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from distributed import Client, LocalCluster
from scale_stub import Paced

import zoo_core as zoo
from zoo_core.images.preprocess import Preprocess
from zoo_core.predict.run import SHARD

ROWS, SIDE, KILLS = 1_000_000, 9, 3
MEASURED, SPEEDUP = 26.0, 128  # images a second of lastro.space, 8 views, on a core; and how much faster it is here
TENTH = 10  # of the rows suffices to measure what one costs
SAMPLES = 5  # moments at which memory is looked at
OPERATIONS = [{"op": "frame", "size": SIDE}, {"op": "asinh", "softening": 1.0}]


def resident() -> float:
    """MB of memory that a process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def computed() -> float:
    """Seconds that a process and its threads have computed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@dataclass
class Watch:
    """Looks at a run: memory now and then, and kills at the moments that it is given.

    Arguments:
        client: of the cluster.
        moments: numbers of rows that are done, at which a worker is killed.
    """

    client: Client
    moments: list[int] = field(default_factory=list)
    memory: dict[int, tuple[float, float]] = field(default_factory=dict)

    def __call__(self, done: int, total: int) -> None:
        """Called with the rows that are done, and all."""
        if done >= (len(self.memory) + 1) * total // SAMPLES:
            self.memory[done] = resident(), max(self.client.run(resident).values())
        if self.moments and done > self.moments[0]:
            self.moments.pop(0)
            os.kill(random.choice(list(self.client.run(os.getpid).values())), signal.SIGKILL)


def paced(rate: float) -> zoo.Model:
    """A model whose network takes the time."""
    model = zoo.load("trivial", device="cpu").with_views(1)
    return replace(model, network=Paced(rate).eval(), preprocess=Preprocess.from_operations(OPERATIONS, ["VIS"]))


@contextmanager
def workers(count: int) -> Iterator[Client]:
    """So many processes of one thread that find this folder's modules."""
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    with (
        LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster,
        Client(cluster) as client,
    ):
        client.wait_for_workers(count)
        yield client


def survey(model: zoo.Model, folder: Path, rows: int, count: int, kills: int) -> Iterator[str]:
    """What a run on so many workers took, held, lost and did twice."""
    out = folder / f"scores-{count}-{kills}"
    with workers(count) as client:
        address = client.scheduler.address
        model.predict(stack_of(folder, 2 * SHARD), out=out, scheduler=address)  # imports what is imported once
        before = sum(client.run(computed).values())
        watch = Watch(client, sorted(random.sample(range(rows), kills)))
        model.predict(stack_of(folder, rows), out=out, scheduler=address, progress=watch)
        spent = sum(client.run(computed).values()) - before
    paths = pq.read_table(out, columns=["path"])["path"].to_numpy()
    different = len(np.unique(paths))
    yield f"{rows:,} rows, {count} workers, {kills} killed: lost {rows - different}, twice {len(paths) - different}"
    if not kills:  # what a process computed that is killed nobody knows
        network = 1 / (MEASURED * SPEEDUP)
        yield f"  {1e3 * spent / rows:.3f} ms of computing a row, beside {1e3 * network:.3f} ms in the network"
    for done, (own, theirs) in watch.memory.items():
        yield f"  {done:>9,} rows: {own:.0f} MB in the process that hands out shards, {theirs:.0f} MB in a worker"


def stack_of(folder: Path, rows: int) -> zoo.Files:
    """Images of noise, one after the other in a file."""
    path = folder / f"{rows}.npy"
    if not path.exists():
        pixels = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(rows, SIDE, SIDE))
        for start in range(0, rows, SHARD):
            pixels[start : start + SHARD] = np.random.default_rng(start).normal(
                size=pixels[start : start + SHARD].shape
            )
        pixels.flush()
    return zoo.Files(path, stack=True)


def main(rows: int) -> None:
    """Print what came of each run."""
    torch.set_num_threads(1)
    model = paced(MEASURED * SPEEDUP)
    with tempfile.TemporaryDirectory() as name:
        for count, kills, part in ((2, KILLS, rows), (1, 0, rows // TENTH), (2, 0, rows // TENTH)):
            for line in survey(model, Path(name), part, count, kills):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
