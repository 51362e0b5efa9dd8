"""A model as a folder: config.json, model.safetensors and, where there is one, golden.safetensors.

What `zoo fetch` and `zoo train` write, what a Hub repository of `zoo publish` holds, what `zoo.load(folder)` reads.
"""

import json
import logging
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, UnknownNameError, WeightsError
from ..files import refused, whole_folder
from .checksum import sha256_of
from .entries import SCHEMA, check_version, entry_of, model_spec
from .registry import catalog
from .schema import check_entry
from .specs import ModelSpec, WeightsSpec
from .weights import CONFIG, GOLDEN, WEIGHTS, golden_file, weights_file

__all__ = ["fetch", "folder_named", "read_folder", "spec_named", "write_folder"]

log = logging.getLogger("zoo")


def fetch(name: str, to: Path | str, cache_dir: Path | str | None = None) -> Path:
    """A published model as a folder that `zoo.load` reads without any network; an interrupted fetch leaves nothing.

    Arguments:
        name: its id, or an architecture for its default tag.
        to: the folder; new, empty, or already holding this very model.
        cache_dir: as in `weights_file`.

    Example:
        >>> import tempfile
        >>> import zoo_core as zoo
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     sorted(path.name for path in zoo.fetch("trivial.space", f"{folder}/trivial").iterdir())
        ['config.json', 'golden.safetensors', 'model.safetensors']
    """
    spec = catalog().model(name)
    weights = weights_file(spec, cache_dir)
    golden = _golden(spec, cache_dir)
    if _holds(Path(to), spec):
        return Path(to)
    return write_folder(to, spec, weights, golden)


def spec_named(name: str | Path) -> ModelSpec:
    """The entry of a published model, of the default tag of an architecture, or of a folder.

    Raises:
        UnknownNameError: no registry lists it, or there is no such folder.
    """
    if folder := folder_named(name):
        return read_folder(folder)
    try:
        spec = catalog().model(str(name))
    except UnknownNameError:
        _refuse_what_lies_here(Path(name))
        raise
    if spec.id != name:
        log.info("%s is %s, the default tag", name, spec.id)
    return spec


def _refuse_what_lies_here(path: Path) -> None:
    """Say what is wrong with a file or a folder that was named where a published model was meant."""
    if path.is_dir():
        raise UnknownNameError(f"no model is called '{path}'; to name the folder, write ./{path}")
    if path.is_file():
        advice = "name the model first, then the images; `zoo models` lists the models"
        raise UnknownNameError(f"{path} is a file and not a model; {advice}")


def folder_named(name: str | Path) -> Path | None:
    """The folder that is meant by a `Path` or by a string with a separator (`./mine`); of any other name, None.

    Raises:
        UnknownNameError: there is no such folder.
        ArgumentError: it is no name.
    """
    if not isinstance(name, str | Path):
        raise ArgumentError(f"a model is called {name!r}; give its id, or its folder")
    if not isinstance(name, Path) and not any(separator in name for separator in ("/", os.sep)):
        return None
    folder = Path(name).expanduser()
    if not folder.is_dir():
        _refuse_what_lies_here(folder)
        raise UnknownNameError(f"{name}: no such folder; a published model has a name without slashes")
    return folder


def write_folder(to: Path | str, spec: ModelSpec, weights: Path, golden: Path | None = None) -> Path:
    """Write the folder of a model, all of it or nothing; size and sha256 are those of the file.

    Raises:
        WeightsError: `to` is a file, or holds something.
        FileError: it cannot be written.
    """
    to = Path(to)
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise WeightsError(f"{to}: exists and is not an empty folder; choose another place, or remove it first")
    with whole_folder(to) as partial:
        shutil.copyfile(weights, partial / WEIGHTS)
        if golden is not None:
            shutil.copyfile(golden, partial / GOLDEN)
        config = json.dumps(folder_config(spec, partial), indent=2, ensure_ascii=False)
        (partial / CONFIG).write_text(config + "\n", encoding="utf-8")
    return to


def read_folder(path: Path | str) -> ModelSpec:
    """The model of a folder; its weights are at `weights_file(spec)`.

    Raises:
        WeightsError: the folder is incomplete or its config.json is malformed; names the key.
    """
    config = Path(path) / CONFIG
    entry = _config(config)
    check_version(entry.pop("schema", None), str(config), WeightsError)
    check_entry("models", entry, str(config), WeightsError)
    spec = model_spec(entry, str(config))
    size = _size(Path(path) / WEIGHTS)
    if size != spec.weights.size:
        raise WeightsError(
            f"{Path(path) / WEIGHTS}: {size} bytes, {CONFIG} says {spec.weights.size}; the copy is incomplete, copy or "
            "fetch it again"
        )
    return spec


def folder_config(spec: ModelSpec, folder: Path) -> dict[str, Any]:
    """The files in that folder, as its config.json describes them."""
    weights, golden = folder / WEIGHTS, folder / GOLDEN
    same = WeightsSpec(sha256_of(weights), _size(weights), WEIGHTS)
    if golden.is_file():
        same = replace(same, golden=GOLDEN, golden_sha256=sha256_of(golden))
    return {"schema": SCHEMA, **entry_of(replace(spec, weights=same))}


def _golden(spec: ModelSpec, cache_dir: Path | str | None) -> Path | None:
    try:
        return golden_file(spec, cache_dir)
    except WeightsError:
        if spec.weights.golden is not None:
            raise
        return None


def _holds(to: Path, spec: ModelSpec) -> bool:
    """Whether the folder already is that model, complete."""
    if not (to / CONFIG).is_file():
        return False
    there = read_folder(to)
    return there.id == spec.id and sha256_of(to / WEIGHTS) == there.weights.sha256 == spec.weights.sha256


def _config(config: Path) -> dict[str, Any]:
    try:
        entry = json.loads(config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WeightsError(f"{config.parent}: no {CONFIG}, so not a folder of `zoo fetch` or `zoo train`") from None
    except OSError as error:
        raise WeightsError(refused(error, config)) from error
    except RecursionError:
        raise WeightsError(f"{config}: nested too deeply to be the entry of a model; fetch it again") from None
    except ValueError as error:
        raise WeightsError(f"{config}: not valid JSON ({error}); the copy is incomplete, fetch it again") from None
    if not isinstance(entry, dict):
        raise WeightsError(f"{config}: holds a {type(entry).__name__}, expected the entry of a model")
    return entry


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        raise WeightsError(f"{path}: missing; the folder is incomplete, fetch it again") from None
