"""Metrics, the harness that measures every model alike, and its results."""
