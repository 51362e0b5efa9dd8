"""Where the results of the leaderboard lie, and what they say."""

import json
from pathlib import Path
from typing import Any

from ..errors import ResultError
from ..files import refused

__all__ = ["RESULTS", "metrics_in", "published_results"]

RESULTS = Path("docs/leaderboard/results")


def published_results() -> Path:
    """The folder of results: of the current directory, else of the checkout, else what came with the package."""
    package = Path(__file__).parents[1]
    folders = (RESULTS, package.parent / RESULTS, package / "results")
    return next((folder for folder in folders if folder.is_dir()), RESULTS)


def metrics_in(path: Path) -> dict[str, Any]:
    """The metrics of a result as its file states them, without the code that could check them.

    Raises:
        ResultError: the file is no result.
    """
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["metrics"])
    except OSError as error:
        raise ResultError(refused(error, path)) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ResultError(f"{path}: not a result of `zoo benchmark` ({error!r}); measure it again") from error
