"""Metrics, the harness that measures every model alike, its results, and the leaderboard drawn from them."""
