"""Data sets that the zoo simulates."""
