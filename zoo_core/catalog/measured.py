"""Where the results of the leaderboard lie."""

from pathlib import Path

__all__ = ["RESULTS", "published_results"]

RESULTS = Path("docs/leaderboard/results")


def published_results() -> Path:
    """The folder of results: of the current directory, else of the checkout, else what came with the package."""
    package = Path(__file__).parents[1]
    folders = (RESULTS, package.parent / RESULTS, package / "results")
    return next((folder for folder in folders if folder.is_dir()), RESULTS)
