"""The core's registry with a benchmark of a few images, on which a test can measure within a second."""

import re
from pathlib import Path

from zoo_core.bench.truth import truth_sha256
from zoo_core.catalog.registry import core_registry
from zoo_core.datasets.opening import open_dataset
from zoo_core.datasets.simulated.frozen import table_sha256

ARGUMENTS = {"n": 40, "seed": 1, "lens_fraction": 0.5}


def write_small_registry(path: Path) -> Path:
    """A registry file in which `finding_space` has forty images, pinned by their own hashes."""
    dataset = open_dataset("finding_space", **ARGUMENTS)
    pinned = {
        "sha256": dataset.fingerprint(),
        "table_sha256": table_sha256(dataset),
        "truth_sha256": truth_sha256(dataset.truth(), dataset.description.heads),
    }
    before, benchmarks = core_registry().read_text().split("\nbenchmarks:\n")
    others, benchmark = re.split(r"^(?=  finding_space:\n)", benchmarks, flags=re.MULTILINE)
    benchmark, rest = re.split(r"(?<=\n)(?=  \w)", benchmark, maxsplit=1)
    small = re.sub(r"arguments: .*", f"arguments: {{n: {ARGUMENTS['n']}, seed: 1, lens_fraction: 0.5}}", benchmark)
    for key, value in pinned.items():
        small = re.sub(rf"(?<!_)\b{key}: .*", f'{key}: "{value}"', small)
    path.write_text(f"{before}\nbenchmarks:\n{others}{small}{rest}")
    return path
