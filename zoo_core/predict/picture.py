"""Pictures that a user asks for by the name of their file."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from ..errors import ArgumentError
from ..files import whole

__all__ = ["OUTLINED", "check_picture", "outline_measured", "write_picture"]

OUTLINE = "#56b4e9"
OUTLINED = "dashed: what was measured, the rest was filled in"


def check_picture(path: Path) -> str:
    """The format that the extension names.

    Raises:
        ArgumentError: it names none.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FigureCanvasAgg.get_supported_filetypes():
        raise ArgumentError(f"{path}: not the name of a picture; end it with .png, .jpg, .pdf or .svg")
    return kind


def outline_measured(axes: Axes, measured: np.ndarray | None) -> bool:
    """Draw a dashed line around what was measured of the picture in the axes, and say whether the rest was filled in.

    Arguments:
        axes: that show the picture.
        measured: (bands, H, W), see `images.preprocess.Prepared`; None: all of it.
    """
    if measured is None or measured.all():
        return False
    _, height, width = measured.shape
    in_all = measured[measured.any((1, 2))].all(0)
    framed = np.pad(in_all, 1)  # so that the line closes at the border of the picture
    limits = axes.get_xlim(), axes.get_ylim()
    axes.contour(
        np.arange(-1, width + 1),
        np.arange(-1, height + 1),
        framed,
        levels=[0.5],
        colors=[OUTLINE],
        linewidths=0.8,
        linestyles="dashed",
    )
    axes.set(xlim=limits[0], ylim=limits[1])
    return True


def write_picture(figure: Figure, path: Path) -> Path:
    """The figure as a file of the format that the extension names; returns its path.

    Its words are shown as they are: files and classes may have names with `$`, which are no formulas.

    Raises:
        ArgumentError: the extension names none.
        FileError: it cannot be written.
    """
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # pyright: ignore[reportAttributeAccessIssue]
    with whole(path) as part:
        figure.savefig(part, format=check_picture(path))
    return path
