"""Hours, bytes and cost of a survey, from what docs/scale_figures.py measures: `python docs/scale_model.py`.

A worker is one core. A row takes it the time to cut an image out, to prepare it and to score it, and what a run costs a
row beside these; workers share nothing but the scheduler, which a shard of 1024 rows asks once.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

CUT, PREPARE, NETWORK = 5148.0, 8509.0, 26.0  # images a CPU second; the network with 8 views
ROW = 0.45e-3  # s of computing that a run costs a row beside these
SCHEDULER = 0.01  # s that the process that hands out shards computes for one
SHARD, BYTES = 1024, 101 * 101 * 4
PRICE = 0.05  # of a core for an hour, in whatever is paid


@dataclass(frozen=True)
class Survey:
    """So many cutouts on so many workers.

    Arguments:
        cutouts: their number.
        workers: cores.
        views: of the network.
    """

    cutouts: int
    workers: int
    views: int = 8

    @property
    def core_hours(self) -> float:
        """Of all workers together."""
        row = 1 / CUT + 1 / PREPARE + self.views / 8 / NETWORK + ROW
        return self.cutouts * row / 3600

    @property
    def hours(self) -> float:
        """Of waiting: that of the workers, or of the scheduler where it is slower."""
        return max(self.core_hours / self.workers, self.cutouts / SHARD * SCHEDULER / 3600)

    @property
    def limit(self) -> str:
        """What a faster one would need more of."""
        return "network" if self.hours * self.workers <= 1.001 * self.core_hours else "scheduler"


def table() -> Iterator[str]:
    """Markdown."""
    yield "| cutouts | views | workers | hours | core hours | cost at 0.05 a core hour | bytes of the cutouts | limit |"
    yield "|---|---|---|---|---|---|---|---|"
    for cutouts in (10**8, 10**9):
        for views in (8, 1):
            for workers in (1, 10, 100):
                one = Survey(cutouts, workers, views)
                hours, cost, terabytes = _short(one.hours), PRICE * one.core_hours, cutouts * BYTES / 1e12
                yield (
                    f"| {cutouts:.0e} | {views} | {workers} | {hours} | {one.core_hours:,.0f} | {cost:,.0f} "
                    f"| {terabytes:.1f} TB | {one.limit} |"
                )


def _short(hours: float) -> str:
    return f"{hours:,.0f}" if hours >= 10 else f"{hours:.1f}"


if __name__ == "__main__":
    for line in table():
        sys.stdout.write(f"{line}\n")
