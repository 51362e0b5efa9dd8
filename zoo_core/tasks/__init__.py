"""The tasks: what is asked of a network, and what its output means.

Every module of this package but those of NO_TASKS is a task: its prediction, and `TASK`, what the rest of the zoo asks
of it.
Nothing here imports torch or numpy when it is loaded.
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from ..errors import UnknownNameError
from ..predictions import UNCALIBRATED, Calibration, Columns, Heads, Prediction, RankingColumn
from .anomaly import Anomaly
from .classification import Classification
from .clustering import Clustering
from .convergence import Convergence
from .posterior import Regression
from .restoration import Restoration
from .task import Task

__all__ = [
    "TASKS",
    "UNCALIBRATED",
    "Anomaly",
    "Calibration",
    "Classification",
    "Clustering",
    "Columns",
    "Convergence",
    "Heads",
    "Prediction",
    "RankingColumn",
    "Regression",
    "Restoration",
    "Task",
    "task_named",
    "tasks",
]


NO_TASKS = ("flows", "gaussians", "likelihoods", "posterior", "task")


def tasks() -> list[str]:
    """Names of all tasks."""
    return list(TASKS)


def task_named(name: str) -> Task:
    """The task of that name, or an error that names the nearest one."""
    if name not in TASKS:
        raise UnknownNameError.among("task", name, TASKS)
    return TASKS[name]


def _every() -> Mapping[str, Task]:
    names = sorted(module.name for module in iter_modules(__path__) if module.name not in NO_TASKS)
    found: list[Task] = [import_module(f"{__name__}.{name}").TASK for name in names]
    return {task.name: task for task in found}


TASKS = _every()
