"""Builds the site of the leaderboard into the documentation; a hook of mkdocs."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig

from zoo_core.board.leaderboard import leaderboard
from zoo_core.web.pages import write_pages

FOLDER = "leaderboard/board"


def on_post_build(config: MkDocsConfig) -> None:
    """From the stored results; the pages link back to the documentation."""
    write_pages(leaderboard(), Path(config.site_dir) / FOLDER, home="../../index.html")
