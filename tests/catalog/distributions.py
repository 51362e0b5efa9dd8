"""Distributions as pip leaves them in a folder of `sys.path`: a package, its metadata and its entry point."""

from pathlib import Path

ENTRY = {
    "plugin": "zoo-tiny",
    "task": "classification",
    "heads": "{classes: [other, lens]}",
    "bands": "[VIS]",
    "preprocess": "[{op: frame, size: 8}]",
    "pixel_scale": "any",
    "licence": "MIT",
    "known_failures": "[]",
    "weights": '{sha256: "' + "a" * 64 + '", size: 12}',
}


def registry_text(models: dict[str, dict[str, str]], head: str = "schema: 2") -> str:
    """A registry file whose entries are `ENTRY` with these changes, values as YAML; None leaves a key out."""
    lines = [head, "models:"]
    for name, changes in models.items():
        lines.append(f"  {name}:")
        lines += [f"    {key}: {value}" for key, value in (ENTRY | changes).items() if value is not None]
    return "\n".join(lines) + "\n"


def install(
    site: Path,
    name: str,
    module: str,
    code: str = "",
    registry: str | None = None,
    package_root: Path | None = None,
) -> Path:
    """A plugin `name` (distribution zoo-`name`) in `site`; its package in `package_root`, if editable; returns that."""
    info = site / f"zoo_{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: zoo-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[zoo]\n{name} = {module}\n")
    package = (package_root or site) / module.split(".")[0]
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(code)
    if registry is not None:
        (package / "registry.yaml").write_text(registry)
    return package
