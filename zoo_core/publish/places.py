"""Where a model and what belongs to it lie in the repository."""

from pathlib import Path

__all__ = ["CARDS", "PLUGINS", "REQUIREMENTS"]

CARDS = Path("docs/leaderboard/cards")
PLUGINS = Path("plugins")
REQUIREMENTS = PLUGINS / "requirements.txt"
