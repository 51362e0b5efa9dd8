"""The files of a published model: with its plugin, else in the Hugging Face cache, else on the Hub.

Whatever the place, the sha256 of the catalogue decides that a file is the one that was published.
"""

from pathlib import Path

from ..errors import ChecksumError, NotInstalledError, WeightsError
from ..plugins import package_folder
from . import hub
from .checksum import check_sha256
from .specs import ModelSpec

__all__ = ["CONFIG", "GOLDEN", "WEIGHTS", "golden_file", "weights_file"]

# The names in a folder of `zoo fetch` and in a Hub repository of `zoo publish`.
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
GOLDEN = "golden.safetensors"

# The same files in the `weights` folder of a plugin's package, after the id.
BUNDLED = {WEIGHTS: ".safetensors", GOLDEN: ".golden.safetensors"}


def weights_file(spec: ModelSpec, cache_dir: Path | str | None = None) -> Path:
    """The file of a model's weights, its checksum verified; no network call if it is here already.

    Arguments:
        spec: an entry of the catalogue, or of a folder (`read_folder`).
        cache_dir: of the Hub's client; None: its own default.

    Raises:
        ChecksumError: the file is not the one that was published; a wrong file in the cache is removed.
        DownloadError: the Hub refused or did not answer.
        NotInstalledError: it comes only with a plugin that is not installed.
        WeightsError: nothing provides it.
    """
    bundled = _bundled(spec, WEIGHTS)
    if bundled is not None:
        return check_sha256(bundled, spec.weights.sha256, f"fetch it again, or reinstall {spec.plugin}")
    return _verified(_from_hub(spec, spec.weights.file, cache_dir), spec.weights.sha256)


def golden_file(spec: ModelSpec, cache_dir: Path | str | None = None) -> Path:
    """The file of a model's golden samples, from the same places; verified where the entry has its checksum.

    Raises:
        WeightsError: there is none; else as `weights_file`.
    """
    bundled, sha256 = _bundled(spec, GOLDEN), spec.weights.golden_sha256
    if bundled is not None:
        return check_sha256(bundled, sha256, f"fetch it again, or reinstall {spec.plugin}") if sha256 else bundled
    if spec.weights.golden is None:
        raise WeightsError(f"{spec.id} has no golden file; write one beside its weights (zoo_core.testing.golden)")
    found = _from_hub(spec, spec.weights.golden, cache_dir)
    return _verified(found, sha256) if sha256 else found


def _bundled(spec: ModelSpec, name: str) -> Path | None:
    """The file beside the entry: in its folder, or in the `weights` of the plugin or of the registry's package."""
    beside = Path(spec.source).parent
    if _is_folder(spec):
        places = [beside / name]
    else:
        packages = [_package(spec.plugin), beside if spec.source else None]
        places = [package / "weights" / f"{spec.id}{BUNDLED[name]}" for package in packages if package is not None]
    return next((place for place in places if place.is_file()), None)


def _is_folder(spec: ModelSpec) -> bool:
    return Path(spec.source).name == CONFIG


def _package(plugin: str) -> Path | None:
    try:
        return package_folder(plugin)
    except NotInstalledError:
        return None


def _from_hub(spec: ModelSpec, file: str, cache_dir: Path | str | None) -> Path:
    weights = spec.weights
    if weights.repo is None or weights.revision is None:
        raise _missing(spec)
    at = (weights.repo, weights.revision, file, cache_dir)
    return hub.cached(*at) or hub.download(*at)


def _missing(spec: ModelSpec) -> WeightsError | NotInstalledError:
    if _is_folder(spec):
        return WeightsError(f"{Path(spec.source).parent}: {WEIGHTS} is missing; fetch the folder again")
    if _package(spec.plugin) is None:
        return NotInstalledError(f"the weights of {spec.id} come with {spec.plugin}; pip install {spec.plugin}")
    return WeightsError(f"{spec.plugin} is installed without the weights of {spec.id}; reinstall or upgrade it")


def _verified(path: Path, sha256: str) -> Path:
    """The cached file, or ChecksumError after it has been removed: its name alone would keep it there for ever."""
    try:
        return check_sha256(path, sha256, "")
    except ChecksumError as error:
        raise ChecksumError(f"{error}{_removed(path)}") from None


def _removed(path: Path) -> str:
    try:
        hub.remove(path)
    except OSError as error:
        return f"it can't be removed ({error}): delete it, or set HF_HOME to another cache"
    return "the file was removed: try again, and if it comes back wrong, tell the owner of the registry entry"
