"""Imports point one way, and listing is light."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import zoo_core as zoo

PACKAGE = Path(zoo.__file__).parent

LAYERS = (
    {"errors"},
    {"references", "files", "processes", "remembered"},
    {"typed", "installed"},
    {"predictions", "scores", "symmetries", "metric", "fit", "sim", "images"},
    {"bench/metrics"},
    {"tasks"},
    {"interfaces"},
    {"plugins"},
    {"catalog"},
    {"datasets", "models"},
    {"predict", "train", "bench", "testing", "env"},
    {"board", "publish"},
    {"web", "search"},
    {"cli"},
    {"__main__"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

ROOMS_IN_ROOMS = {"bench/metrics"}  # on a floor of their own

DOORS = {  # opened when they are called
    ("models/model.py", "predict"),  # by `Model.predict`
    ("tasks/anomaly.py", "board"),  # by `pictures`
    ("tasks/classification.py", "board"),
    ("tasks/clustering.py", "board"),
    ("tasks/convergence.py", "board"),
    ("tasks/regression.py", "board"),
    ("tasks/restoration.py", "board"),
}
CIRCLES = {  # imports that close one
    ("models.model", "predict.predict"),
    ("tasks.anomaly", "board.pictures"),
    ("tasks.classification", "board.uncertainty"),
    ("tasks.clustering", "board.pictures"),
    ("tasks.convergence", "board.mass_maps"),
    ("tasks.regression", "board.features"),
    ("tasks.restoration", "board.restored"),
}

LISTED = "zoo.list_models(), zoo.list_datasets(), zoo.list_benchmarks(), zoo.list_plugins()"
HEAVY = {"torch", "numpy", "astropy", "lightning", "huggingface_hub"}
LISTING = {
    "models": ["models"],
    "datasets": ["datasets"],
    "benchmarks": ["benchmarks"],
    "plugins listed": ["plugins", "--no-import"],
    "help": ["--help"],
}


def layer(path: Path) -> str:
    return room(path.relative_to(PACKAGE).with_suffix("").parts)


def room(parts: Sequence[str]) -> str:
    return "/".join(parts[:2]) if "/".join(parts[:2]) in ROOMS_IN_ROOMS else parts[0]


def modules() -> list[Path]:
    """All modules but the index, whose names are imported when they are asked for."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py" and is_code(path)]


def is_code(path: Path) -> bool:
    return "template" not in path.parts  # text of the scaffold


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(path: Path) -> frozenset[str]:
    """Layers that a module imports at run time, at its top or inside a function."""
    return frozenset(imports_of(path))


def imports_of(path: Path) -> Iterator[str]:
    tree = parsed(path)
    typing_only = {id(node) for block in ast.walk(tree) if is_typing_only(block) for node in ast.walk(block)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in typing_only:
            base = [*PACKAGE.parts[:-1], *path.relative_to(PACKAGE.parent).parts][: -node.level or None]
            start = [] if node.level == 0 else list(base[len(PACKAGE.parts) - 1 :])
            target = [*start, *(node.module or "").split(".")]
            yield from parts_of(target, node.names)
        yield from (room(module.split(".")) for module in referred(node))


def parts_of(target: list[str], names: list[ast.alias]) -> Iterator[str]:
    inside = [part for part in target if part]
    if inside[:1] != ["zoo_core"]:
        return
    yield from [room(inside[1:])] if len(inside) > 1 else [alias.name for alias in names]


def referred(node: ast.AST) -> Iterator[str]:
    """The module of the package in `lazy("zoo_core.<module>:<name>")`, which a call imports."""
    match node:
        case ast.Call(func=ast.Name(id="lazy"), args=[ast.Constant(value=str(reference))]):
            if reference.startswith("zoo_core."):
                yield reference.partition(":")[0].removeprefix("zoo_core.")


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def files_imported(path: Path, files: set[str]) -> Iterator[str]:
    """Files of the package that one imports anywhere: at its top, inside a function, or for types alone."""
    yield from names_in(parsed(path), path, files)


def names_in(tree: ast.AST, path: Path, files: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        yield from referred(node)
        if not isinstance(node, ast.ImportFrom):
            continue
        base = ["zoo_core", *path.relative_to(PACKAGE).parts][: -node.level] if node.level else []
        module = [*base, *(node.module or "").split(".")]
        inside = ".".join(part for part in module[1:] if part)
        if module[0] == "zoo_core":
            names = (f"{inside}.{alias.name}".lstrip(".") for alias in node.names)
            yield from (name if name in files else inside for name in names)


@cache
def file_graph() -> dict[str, set[str]]:
    files = {dotted(path): path for path in modules()}
    return {name: set(files_imported(path, set(files))) & set(files) - {name} for name, path in files.items()}


def circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def is_typing_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def above(path: Path) -> set[str]:
    """Layers that a module imports and should not: of its own floor, or of one above."""
    own, file = layer(path), path.relative_to(PACKAGE).as_posix()
    others = {name for name in imported(path) if name != own and (file, name) not in DOORS}
    return {name for name in others if LEVEL[name] >= LEVEL[own]}


def test_modules_import_only_what_is_below_them():
    found = {str(path.relative_to(PACKAGE)): above(path) for path in modules()}
    assert {file: names for file, names in found.items() if names} == {}


def test_doors_lead_upwards():
    for file, opened in DOORS:
        assert opened in imported(PACKAGE / file) and LEVEL[opened] > LEVEL[layer(PACKAGE / file)], file


def test_lightning_is_imported_by_training_alone_and_that_by_its_commands():
    heavy = {
        layer(path)
        for path in modules()
        if "import lightning" in path.read_text() or "from lightning" in path.read_text()
    }
    users = {layer(path) for path in modules() if "train" in imported(path)} - {"train"}
    assert (heavy, users) == ({"train"}, {"cli"})


def test_every_layer_is_placed():
    assert {layer(path) for path in modules()} == set(LEVEL)


def test_no_files_import_each_other():
    graph = {name: {one for one in imports if (name, one) not in CIRCLES} for name, imports in file_graph().items()}
    assert not circle(graph), " <- ".join(circle(graph))


def test_a_model_is_loaded_without_the_simulator():
    reached, waiting = set(), ["models.load"]
    while waiting:
        reached.add(name := waiting.pop())
        path = PACKAGE / f"{name.replace('.', '/')}.py"
        path = path if path.exists() else path.with_suffix("") / "__init__.py"
        top = ast.Module([node for node in parsed(path).body if isinstance(node, ast.ImportFrom)], [])
        waiting += sorted(set(names_in(top, path, set(file_graph()))) & set(file_graph()) - reached)
    assert "models.model" in reached and "sim.rays.lens" not in reached  # whose library takes a second to import


def test_circles_that_are_allowed_still_exist():
    graph = file_graph()
    assert [(name, one) for name, one in CIRCLES if one not in graph[name] or not circle({**graph, name: {one}})] == []


LISTS = """
import json, sys
from zoo_core.cli import _exit_code

def imported():
    return sorted({name.split(".")[0] for name in sys.modules})

seen = {"front page": imported()}
for name, arguments in json.loads(sys.argv[1]).items():
    assert _exit_code(arguments) == 0, name
    seen[name] = imported()
print()
print(json.dumps(seen))
"""
"""Python that lists one thing after the other, and says what has been imported after each."""


def test_listing_imports_nothing_heavy_and_no_plugin_but_to_see_what_it_provides():
    plugins = {f"zoo_{name}" for name in zoo_plugin_names()}
    command = [sys.executable, "-c", LISTS, json.dumps({**LISTING, "plugins": ["plugins"]})]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seen = {name: set(modules) for name, modules in json.loads(done.stdout.splitlines()[-1]).items()}

    every = seen.pop("plugins")
    assert {name: modules & {*HEAVY, *plugins} for name, modules in seen.items() if modules & {*HEAVY, *plugins}} == {}
    assert "zoo_lastro" in every and not every & HEAVY


def zoo_plugin_names() -> list[str]:
    from zoo_core.plugins import plugin_names

    return [name for name in plugin_names() if name != "core"]


def test_the_lists_of_the_front_page_import_neither_torch_nor_numpy():
    code = f"import zoo_core as zoo\n{LISTED}\nimport sys\nassert not {{'torch', 'numpy'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_front_page_has_these_names_and_each_can_be_had():
    assert set(zoo.__all__) == {
        "Architecture",
        "ArgumentError",
        "Batch",
        "Dataset",
        "DatasetFactory",
        "Description",
        "Files",
        "Heads",
        "Binomial",
        "Bootstrap",
        "Metric",
        "Model",
        "MassMaps",
        "NoiseFree",
        "Mosaic",
        "Training",
        "TrainingView",
        "ZooError",
        "any_size",
        "benchmark",
        "build",
        "committee",
        "check",
        "deblender",
        "fetch",
        "finetune",
        "hookimpl",
        "lazy",
        "leaderboard",
        "list_benchmarks",
        "list_datasets",
        "list_models",
        "list_plugins",
        "load",
        "mass_map",
        "one_size",
        "open_dataset",
        "pipeline",
        "timm_architecture",
        "zoom",
    }
    assert all(callable(getattr(zoo, name)) for name in zoo.__all__)
    assert set(zoo.__all__) <= set(dir(zoo)) and zoo.__version__


def test_type_checkers_see_the_names_of_the_front_page():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if is_typing_only(node))
    declared = {alias.asname for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert declared == set(zoo.__all__)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        zoo.laod  # noqa: B018


def test_listings_are_sorted_and_can_be_narrowed():
    ids = [spec.id for spec in zoo.list_models()]
    assert ids == sorted(ids) and {"lastro.space", "resnet.substructure"} < set(ids)
    assert {spec.id.partition(".")[0] for spec in zoo.list_models("resnet*")} >= {"resnet", "resnet_regression"}
    assert {spec.task for spec in zoo.list_models("resnet*", task="regression")} == {"regression"}
    assert all(spec.task == "classification" for spec in zoo.list_datasets(task="classification"))
    assert [plugin.name for plugin in zoo.list_plugins("lastr[o]")] == ["lastro"]


@pytest.mark.parametrize("listed", [zoo.list_models, zoo.list_datasets, zoo.list_benchmarks])
def test_an_unknown_task_is_an_error_and_not_an_empty_list(listed):
    with pytest.raises(zoo.ZooError, match="did you mean classification"):
        listed(task="clasification")
