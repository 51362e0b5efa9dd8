"""What stands above the panels of a picture: whose they are, what they show, and what is drawn over them."""

from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

__all__ = ["HEADER", "draw_header"]

HEADER = 0.54  # inches
LINES = 0.1, 0.31  # inches from the upper edge of the figure to that of each line
LEFT, RIGHT = 0.02, 0.98
APART = 0.02  # of the width, between the words of a line


def draw_header(figure: Figure, title: str, words: str, legend: str, ink: str, faint: str) -> list[Text]:
    """Title and words in one line, the legend below; letters are smaller where a line would be too long.

    Arguments:
        figure: of any width.
        title: bold, at the left.
        words, legend: at the right.
        ink, faint: colours of the title and of the rest.
    """
    first = [
        _written(figure, LEFT, LINES[0], title, color=ink, size=13, weight="bold"),
        _written(figure, RIGHT, LINES[0], words, color=faint, size=9, ha="right"),
    ]
    second = [_written(figure, RIGHT, LINES[1], legend, color=faint, size=8, ha="right")]
    for line in (first, second):
        _fit(figure, line)
    return first + second


def _written(figure: Figure, x: float, below: float, words: str, **look: Any) -> Text:
    """Words whose upper edge lies so many inches below that of the figure, however high it is."""
    text = figure.text(x, 1 - below / figure.get_figheight(), words, va="top", **look)
    text.set_parse_math(False)  # pyright: ignore[reportAttributeAccessIssue]
    return text


def _fit(figure: Figure, line: list[Text]) -> None:
    """Shrink the letters of a line to what its width has place for."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    needed = sum(text.get_window_extent(renderer).width for text in line)
    space = figure.bbox.width * (RIGHT - LEFT - APART)
    for text in line:
        text.set_fontsize(float(text.get_fontsize()) * min(1.0, space / max(needed, 1.0)))
