"""Where the results of a board lie: in a folder of one's own, and behind it the published ones."""

from dataclasses import dataclass
from pathlib import Path

from ..bench.results import result_path

__all__ = ["Folders"]


@dataclass(frozen=True)
class Folders:
    """Folders of <benchmark>/<model>.json.

    Arguments:
        folders: a result in an earlier one stands for that of the same model in the later ones.
    """

    folders: tuple[Path, ...]

    def files(self, on: str | None = None) -> list[Path]:
        """The results, those of a benchmark together.

        Arguments:
            on: only those of this benchmark.
        """
        found: dict[tuple[str, str], Path] = {}
        for folder in reversed(self.folders):
            found |= {(path.parent.name, path.name): path for path in folder.glob(f"{on or '*'}/*.json")}
        return [found[key] for key in sorted(found)]

    def path(self, benchmark: str, model: str) -> Path:
        """Of the result of a model on a benchmark."""
        paths = [result_path(folder, benchmark, model) for folder in self.folders]
        return next((path for path in paths if path.is_file()), paths[0])
