"""Data sets: simulated ones, and adapters of public ones."""
