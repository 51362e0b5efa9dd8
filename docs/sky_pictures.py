"""Draws the real images that the board shows of `sky_space`: `python docs/sky_pictures.py FOLDER`.

The folder is one of `zoo_core.datasets.public.sky`.
"""

import sys
from pathlib import Path

import yaml

from zoo_core.board.leaderboard import leaderboard
from zoo_core.catalog.registry import catalog
from zoo_core.web.thumbnails import ABOUT, KEPT, pictures_of

BENCHMARK = "sky_space"
CREDIT = (
    "Made from observations with the NASA/ESA Hubble Space Telescope, which are public: lenses of SLACS and BELLS from "
    "the Mikulski Archive for Space Telescopes, galaxies of COSMOS from the NASA/IPAC Infrared Science Archive"
)


def main(data: Path) -> None:
    """Write the pictures with their credit."""
    result = leaderboard(on=BENCHMARK).tables[0].results[0]
    fingerprint, count = result.hashes["dataset"], sum(result.images.values())
    pictures = pictures_of(catalog().benchmarks[BENCHMARK], fingerprint, range(count), data)
    folder = KEPT / BENCHMARK
    folder.mkdir(parents=True, exist_ok=True)
    for row, content in pictures.drawn.items():
        (folder / f"{row}.png").write_bytes(content)
    about = {"credit": CREDIT, "sha256": fingerprint}
    (folder / ABOUT).write_text(yaml.safe_dump(about, width=120), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
