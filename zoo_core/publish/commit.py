"""The folder of a model as one commit of a Hugging Face repository, looked at once more after it was made."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi, constants
from huggingface_hub.errors import HTTPError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from ..catalog.folder import read_folder
from ..catalog.specs import ModelSpec, WeightsSpec
from ..catalog.weights import WEIGHTS
from ..errors import PublishError

__all__ = ["UploadedModel", "commit_folder", "files_of"]


@dataclass(frozen=True)
class UploadedModel:
    """Where a model lies now.

    Arguments:
        model: its id.
        url: of the repository.
        weights: what its registry entry should say, repository and commit included.
    """

    model: str
    url: str
    weights: WeightsSpec

    def entry(self) -> str:
        """The `weights` of its registry entry, as YAML."""
        weights = self.weights
        return (
            "weights:\n"
            f"  repo: {weights.repo}\n"
            f'  revision: "{weights.revision}"\n'
            f"  file: {weights.file}\n"
            f'  sha256: "{weights.sha256}"\n'
            f"  size: {weights.size}\n"
            f"  golden: {weights.golden}\n"
            f'  golden_sha256: "{weights.golden_sha256}"\n'
        )


def commit_folder(folder: Path, repo: str, private: bool = False) -> UploadedModel:
    """Upload all files of a model's folder in one commit; the repository is made if it does not exist.

    Raises:
        PublishError: the repository holds other weights, or the Hub refused; nothing was changed then.
    """
    spec = read_folder(folder)
    hub = HfApi(library_name="zoo-core")
    with _explaining(spec.id, repo), _bars_on_terminals_only():
        url = hub.create_repo(repo, private=private, exist_ok=True)
        before = hub.model_info(repo).sha
        _check_new(hub, spec, repo)
        commit = hub.create_commit(
            repo,
            [CommitOperationAdd(name, folder / name) for name in files_of(folder)],
            commit_message=f"Publish {spec.id}",
            parent_commit=before,
        )
        if _sha256_there(hub, repo, commit.oid) != spec.weights.sha256:
            raise PublishError(f"{repo} at {commit.oid} does not hold the weights of {spec.id}; publish them again")
    return UploadedModel(spec.id, str(url), replace(spec.weights, repo=repo, revision=commit.oid))


def files_of(folder: Path) -> list[str]:
    """Its files, with those of its folders, as they are called in the repository."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _check_new(hub: HfApi, spec: ModelSpec, repo: str) -> None:
    there = _sha256_there(hub, repo, constants.DEFAULT_REVISION)
    if there not in (None, spec.weights.sha256):
        raise PublishError(
            f"{repo} holds other weights already (sha256 {there}); the bytes of an id never change: publish under a "
            "new tag, in a repository of its own"
        )


def _sha256_there(hub: HfApi, repo: str, revision: str) -> str | None:
    entries = hub.get_paths_info(repo, [WEIGHTS], revision=revision)
    return next((one.lfs.sha256 for one in entries if isinstance(one, RepoFile) and one.lfs is not None), None)


@contextmanager
def _bars_on_terminals_only() -> Iterator[None]:
    """The client draws bars of downloads on terminals only, but those of uploads everywhere."""
    if sys.stderr.isatty() or are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


@contextmanager
def _explaining(id: str, repo: str) -> Iterator[None]:
    """The client documents these errors: of HTTP, of files, of a card or an answer that it finds malformed."""
    try:
        yield
    except (HTTPError, OSError, ValueError, RuntimeError) as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        remedy = "; set HF_TOKEN to a token that may write there" if status in (401, 403) else ""
        raise PublishError(
            f"{id} could not be published in {repo} at {constants.ENDPOINT}: {str(error).strip()}{remedy}"
        ) from error
