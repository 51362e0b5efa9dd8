"""Draw the rooms of the zoo, which `architecture.md` shows.

python docs/house.py  # writes docs/images/house.svg
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

PICTURE = Path(__file__).parent / "images" / "house.svg"

FLOORS = (
    (("cli", "commands"),),
    (("web", "pages, plots, downloads"), ("search", "tiles to graded candidates")),
    (("board", "tables, ranks, pairs"), ("publish", "cards, the Hub")),
    (
        ("predict", "images to rows"),
        ("train", "recipe to weights"),
        ("bench", "results, metrics"),
        ("testing", "laws"),
        ("env", "versions"),
    ),
    (("datasets", "images with truth"), ("models", "preprocess + network + prediction")),
    (("catalog", "what is published, and where its weights are"),),
    (("plugins", "hooks, and what implements them"),),
    (("interfaces", "Architecture, Dataset, Training"),),
    (("tasks", "what is asked, what is predicted, and the loss"),),
    (("bench/metrics", "the core's metrics of each task"),),
    (
        ("images", "files, preprocessing"),
        ("sim", "sky, rays, telescope"),
        ("fit", "macro-lenses"),
        ("predictions", "what all have"),
        ("scores", "typed columns"),
        ("symmetries", "of parameters"),
        ("metric", "and its interval"),
    ),
    (
        ("typed", "mappings read into dataclasses, every key checked"),
        ("installed", "plugins, found without importing any"),
    ),
    (
        ("references", "lazy names"),
        ("files", "written alone and whole"),
        ("processes", "that work for this one"),
        ("remembered", "parsed before"),
    ),
    (("errors", "every error"),),
)
OUTSIDE = (  # name, text, floor that it is beside
    ("registry.yaml", "models, benchmarks", 5),
    ("plugins/*", "networks, data sets, metrics", 6),
    ("results", "JSON + Parquet", 3),
)

LEFT, WIDTH, BESIDE, HEIGHT, GAP = 60, 860, 190, 46, 12
TOP = 20
STYLE = """
  .ground { fill: #ffffff } .room { fill: #eef2f8; stroke: #54657e } .outside { fill: #fdf3e1; stroke: #97712a }
  text { font-family: sans-serif; text-anchor: middle; fill: #1c2430 }
  .name { font-size: 15px; font-weight: bold } .about { font-size: 11px } .arrow { stroke: #54657e; fill: #54657e }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #1e2129 } .room { fill: #2b3442; stroke: #9db0cc } .outside { fill: #3b3221; stroke: #d9b36a }
    text { fill: #eef1f6 } .arrow { stroke: #9db0cc; fill: #9db0cc }
  }
"""


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(picture())


def picture() -> str:
    """The whole SVG."""
    total = LEFT + WIDTH + 40 + BESIDE + 20, TOP + len(FLOORS) * (HEIGHT + GAP) + 10
    parts = [line for floor, rooms in enumerate(FLOORS) for line in floor_parts(floor, rooms)]
    parts += [line for beside in OUTSIDE for line in outside_parts(*beside)]
    title = "The rooms of zoo_core: each imports only what is on floors below it"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total[0]} {total[1]}" role="img">',
            f"<title>{title}</title><style>{STYLE}</style>",
            f'<rect class="ground" width="{total[0]}" height="{total[1]}" rx="8"/>',
            *parts,
            *down_arrow(total[1] - 20),
            "</svg>\n",
        ]
    )


def top_of(floor: int) -> int:
    """Its upper edge."""
    return TOP + floor * (HEIGHT + GAP)


def floor_parts(floor: int, rooms: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Rooms side by side, which share the width."""
    width = (WIDTH - GAP * (len(rooms) - 1)) / len(rooms)
    for place, (name, about) in enumerate(rooms):
        yield from box("room", LEFT + place * (width + GAP), top_of(floor), width, name, about)


def outside_parts(name: str, about: str, floor: int) -> Iterator[str]:
    """What is no room, beside the one that reads it."""
    left, middle = LEFT + WIDTH + 40, top_of(floor) + HEIGHT / 2
    yield from box("outside", left, top_of(floor), BESIDE, name, about)
    yield f'<path class="arrow" d="M{left} {middle}h-28" fill="none"/>'
    yield f'<path class="arrow" d="M{left - 36} {middle}l10 -5v10z"/>'


def box(kind: str, left: float, top: float, width: float, name: str, about: str) -> Iterator[str]:
    """A rectangle with a name and what is in it."""
    middle = left + width / 2
    yield f'<rect class="{kind}" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{HEIGHT}" rx="5"/>'
    yield f'<text class="name" x="{middle:.1f}" y="{top + 20}">{name}</text>'
    yield f'<text class="about" x="{middle:.1f}" y="{top + 36}">{about}</text>'


def down_arrow(bottom: int) -> Iterator[str]:
    """Which way imports point."""
    yield f'<path class="arrow" d="M30 {TOP}V{bottom - 10}" fill="none" stroke-width="2"/>'
    yield f'<path class="arrow" d="M30 {bottom}l-6 -12h12z"/>'
    middle = (TOP + bottom) // 2
    yield f'<text class="about" x="20" y="{middle}" transform="rotate(-90 20 {middle})">imports point down</text>'


if __name__ == "__main__":
    main()
