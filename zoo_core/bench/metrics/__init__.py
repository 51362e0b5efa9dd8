"""Metrics, one module a task, their intervals, ranks and strata."""
