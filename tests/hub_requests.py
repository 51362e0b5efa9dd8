"""Requests to a Hub, and what goes wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Fault:
    """What goes wrong with the next `times` requests of that method whose path contains `path`.

    Arguments:
        status: answered instead of what was asked for; None: the answer breaks off.
        headers: of that answer.
        after: bytes of the body that are sent before it breaks off.
        stall: seconds that pass, connection open, before it breaks off.
    """

    method: str
    path: str
    times: int = 1
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after: int = 0
    stall: float = 0.0


@dataclass
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
