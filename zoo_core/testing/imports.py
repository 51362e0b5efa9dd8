"""The law of a plugin's import: whoever lists plugins must not pay for the networks in them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

from ..plugins import Plugin

__all__ = ["HEAVY", "light_import"]

HEAVY = (
    "astropy",
    "caustics",
    "jax",
    "lightning",
    "matplotlib",
    "pandas",
    "scipy",
    "skimage",
    "sklearn",
    "tensorflow",
    "timm",
    "torch",
    "torchvision",
)

PROBE = """
import json, sys
from zoo_core.plugins import plugin_named
loaded = plugin_named(sys.argv[1])
print(json.dumps({"error": loaded.error, "modules": sorted({name.split(".")[0] for name in sys.modules})}))
"""

TIMEOUT = 1800  # seconds; for hangs alone


def light_import(plugin: Plugin) -> Iterator[str]:
    """Importing the plugin and calling its hooks imports no heavy library: `build` and `open` import what they need."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    probe = subprocess.run(
        [sys.executable, "-c", PROBE, plugin.name], env=environment, capture_output=True, text=True, timeout=TIMEOUT
    )
    if probe.returncode != 0:
        yield f"importing it ends the interpreter: {probe.stderr.strip().splitlines()[-1:]}"
        return
    found = json.loads(probe.stdout.splitlines()[-1])
    if found["error"]:
        yield f"importing it fails: {found['error']}"
    heavy = [name for name in HEAVY if name in found["modules"]]
    yield from (f"importing it imports {name}; import it inside the function that needs it" for name in heavy)
