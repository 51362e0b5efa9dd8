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


def declare(site: Path, distribution: str, **modules: str) -> None:
    """The metadata of a distribution in `site`, with the module of each of its plugins, by name."""
    info = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    points = "".join(f"{name} = {module}\n" for name, module in modules.items())
    (info / "entry_points.txt").write_text(f"[zoo]\n{points}")


def install(
    site: Path,
    name: str,
    module: str,
    code: str = "",
    registry: str | None = None,
    package_root: Path | None = None,
) -> Path:
    """A plugin `name` (distribution zoo-`name`) in `site`; its package in `package_root`, if editable; returns that."""
    declare(site, f"zoo-{name}", **{name: module})
    package = (package_root or site) / module.split(".")[0]
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(code)
    if registry is not None:
        (package / "registry.yaml").write_text(registry)
    return package
