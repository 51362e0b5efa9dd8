"""Draws the real images that the board shows of `sky_space`: `python docs/sky_pictures.py FOLDER`.

The folder is one of `zoo_core.datasets.public.sky`.
"""

import sys
from pathlib import Path

import yaml

from zoo_core.board.leaderboard import leaderboard
from zoo_core.catalog.registry import catalog
from zoo_core.web.site import site_of
from zoo_core.web.thumbnails import ABOUT, KEPT

BENCHMARK = "sky_space"
CREDIT = (
    "Made from observations with the NASA/ESA Hubble Space Telescope, which are public: lenses of SLACS and BELLS from "
    "the Mikulski Archive for Space Telescopes, galaxies of COSMOS from the NASA/IPAC Infrared Science Archive"
)


def main(data: Path) -> None:
    """Write the pictures with their credit."""
    board = leaderboard(on=BENCHMARK)
    shown = site_of(board, catalog(), {BENCHMARK: data}, "", {}).views[BENCHMARK].shown
    folder = KEPT / BENCHMARK
    folder.mkdir(parents=True, exist_ok=True)
    for row, content in shown.pictures.drawn.items():
        (folder / f"{row}.png").write_bytes(content)
    about = {"credit": CREDIT, "sha256": shown.measured[0].result.hashes["dataset"]}
    (folder / ABOUT).write_text(yaml.safe_dump(about, width=120), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
