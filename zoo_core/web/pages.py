"""The site of the leaderboard: pages that work from disk and below any path, and fetch nothing from elsewhere.

<folder>/index.html, compare.html, <subject>.html
<folder>/model/<model>.html, benchmark/<benchmark>.html
<folder>/data/<benchmark>.csv, .json, .js, data/<benchmark>/<model>.parquet, .js
<folder>/parts/<benchmark>/disputed.js, rows.js, ...: of pages with many models, what they load once they are drawn
<folder>/pictures/<benchmark>/<row>.png
<folder>/assets/...
"""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..board.leaderboard import Board
from ..catalog.registry import catalog
from ..catalog.yaml12 import read_mapping
from ..errors import RecipeError
from ..files import make_folder, whole
from .downloads import as_csv
from .filling import Filling
from .libraries import licences, plots_script, tables_script
from .payloads import of_benchmark, of_disputed, of_model
from .site import Progress, Site, site_of

__all__ = ["write_pages", "write_site"]

OWN = ("board.css", "start.js", "board.js", "figures.js", "compare.js")
PLUGINS = Path(__file__).parents[2] / "plugins"


def write_pages(
    board: Board,
    folder: str | Path,
    *,
    pictures: bool = True,
    home: str = "",
    data: Mapping[str, Path] = MappingProxyType({}),
    progress: Progress | None = None,
) -> list[Path]:
    """Write the site; returns the paths of its files, the page to open being the first.

    Arguments:
        board: of all results.
        folder: to write into.
        pictures: also draw images: mistakes, hits, and those that models disagree on.
        home: address of the page that the site belongs to, as seen from the folder; empty if there is none.
        data: where the images of a benchmark are, by its id, for those that are not rendered from a seed.
        progress: told how many benchmarks are done, and of how many.

    Raises:
        NotInstalledError: the extra `board` is missing.
    """
    site = site_of(board, catalog(), data if pictures else None, home, _recipes(), progress)
    return sorted(write_site(site, folder), key=lambda path: path != Path(folder) / "index.html")


def write_site(site: Site, folder: str | Path) -> list[Path]:
    """Write what the pages of a site are made of; see `write_pages`."""
    folder = Path(folder)
    written = []
    for name, content in _files(site):
        make_folder((folder / name).parent)
        with whole(folder / name) as part:
            part.write_bytes(content.encode() if isinstance(content, str) else content)
        written.append(folder / name)
    return written


def _files(site: Site) -> Iterator[tuple[str, str | bytes]]:
    yield from _assets()
    yield from _data(site)
    filling = Filling(site)
    yield from filling.pages()
    for view, part, html in filling.parts():
        yield f"parts/{view}/{part}.js", _called("zooPart", f"{view}/{part}", html)


def _assets() -> Iterator[tuple[str, str]]:
    yield "assets/tables.js", tables_script()
    yield "assets/plots.js", plots_script()
    yield "assets/licences.txt", licences()
    for name in OWN:
        yield f"assets/{name}", files("zoo_core.web").joinpath("static", name).read_text(encoding="utf-8")


def _data(site: Site) -> Iterator[tuple[str, str | bytes]]:
    records = site.board.records()
    yield "data/board.json", json.dumps(records, indent=1) + "\n"
    yield "data/board.csv", as_csv(records)
    compared = {view.id: [entry["model"] for entry in view.legend] for view in site.views.values() if view.shown.pairs}
    yield "data/index.js", _called("zooIndex", compared)
    for view in site.views.values():
        own = [record for record in records if record["benchmark"] == view.id]
        yield f"data/{view.id}.json", json.dumps(own, indent=1) + "\n"
        yield f"data/{view.id}.csv", as_csv(own)
        yield f"data/{view.id}.js", _called("zooData", of_benchmark(view))
        if view.shown.pairs:
            yield f"parts/{view.id}/disputed.js", _called("zooPart", f"{view.id}/disputed", of_disputed(view))
        for one in view.shown.measured:
            path = site.board.folders.path(view.id, one.model).with_suffix(".parquet")
            yield f"data/{view.id}/{one.model}.parquet", path.read_bytes()
            yield f"data/{view.id}/{one.model}.js", _called("zooModel", of_model(view, one.model))
        for row, png in view.shown.pictures.items():
            yield f"pictures/{view.id}/{row}.png", png


def _called(function: str, *values: Any) -> str:
    """A script that hands plain values to a function of the page: pages on disk may load scripts, but fetch nothing."""
    return f"{function}({', '.join(json.dumps(value, separators=(',', ':')) for value in values)});\n"


def _recipes() -> dict[str, str]:
    """Path of the recipe of each model, as seen from the top of the checkout; none outside one."""
    found = {}
    for path in sorted(PLUGINS.glob("*/recipes/*.yaml")):
        found[read_mapping(path, RecipeError)["id"]] = path.relative_to(PLUGINS.parent).as_posix()
    return found
