"""What is kept of a verification: images of a benchmark that were scored again with the published weights.

    <results>/<benchmark>/verified/<model>.json

It holds the hashes of what was verified. Where they are not those of the result beside it, or its own seal does not
agree with its content, it says nothing of the result: a changed number, prediction, weight or image undoes it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..files import whole
from .results import Result, digest

__all__ = [
    "BADGES",
    "HIDDEN",
    "Verification",
    "badge_of",
    "read_verification",
    "verification_path",
    "write_verification",
]

HIDDEN = "hidden test"
BADGES = ("self-reported", "recomputed", "re-measured", HIDDEN)


@dataclass(frozen=True)
class Verification:
    """Images whose stored predictions are those of the published weights.

    Arguments:
        model, benchmark: ids.
        hashes: of the result: weights, preprocess, dataset, environment, predictions.
        settings: of the result.
        images: that were scored again.
        of: images of the benchmark.
        seed: that drew them.
        unseen: share of the images of a class that could differ without one of them being drawn, at 95 %.
        largest: difference between a stored and a new prediction, in standard deviations of its column.
        tolerance: that it stayed below.
        environment: versions of the code that scored them.
        machine: that scored them.
        verified: date, ISO 8601.
        seal: sha256 of all that stands above.
    """

    model: str
    benchmark: str
    hashes: Mapping[str, str]
    settings: Mapping[str, Any]
    images: int
    of: int
    seed: int
    unseen: float
    largest: float
    tolerance: float
    environment: Mapping[str, str]
    machine: Mapping[str, str]
    verified: str
    seal: str = ""

    @property
    def content_sha256(self) -> str:
        """What the seal must be."""
        return digest({key: value for key, value in asdict(self).items() if key != "seal"})

    def sealed(self) -> "Verification":
        """The verification with its seal."""
        return replace(self, seal=self.content_sha256)

    def is_of(self, result: Result) -> bool:
        """Whether it is unchanged, and of this very result."""
        same = (self.model, self.benchmark) == (result.model, result.benchmark)
        unchanged = self.seal == self.content_sha256 and self.largest <= self.tolerance
        return same and unchanged and self.hashes == result.hashes and self.settings == result.settings


def badge_of(result: Result, truth_is_pinned: bool, verification: Verification | None) -> str:
    """How far a result whose numbers follow from its predictions has been verified.

    "self-reported": the truth that they are compared with is the author's own. "recomputed": it is the benchmark's.
    "re-measured": besides, images were scored again with the published weights.

    Arguments:
        result: that was examined.
        truth_is_pinned: ids and truth of its predictions are known to be those of the benchmark.
        verification: that lies beside it.
    """
    if verification is not None and verification.is_of(result):
        return "re-measured"
    return "recomputed" if truth_is_pinned else "self-reported"


def verification_path(result: Path) -> Path:
    """Where the verification of the result at that path lies."""
    return result.parent / "verified" / result.name


def read_verification(result: Path) -> Verification | None:
    """What lies beside the result at that path; None if there is nothing, or nothing that can be read."""
    try:
        return Verification(**json.loads(verification_path(result).read_bytes()))
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def write_verification(verification: Verification, result: Path) -> Path:
    """Write it beside the result at that path, sealed; returns where."""
    path = verification_path(result)
    with whole(path) as part:
        part.write_text(json.dumps(asdict(verification.sealed()), indent=1) + "\n", encoding="utf-8")
    return path
