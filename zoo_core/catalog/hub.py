"""Files of the Hugging Face Hub, by pinned commit, through its own client and its own cache.

The client is imported inside the functions: with the file bundled it is not needed, and it takes its settings
(HF_ENDPOINT, HF_HOME, HF_HUB_OFFLINE, HF_TOKEN) from the environment when it is imported.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import DownloadError

__all__ = ["cached", "download", "remove"]

# The client retries connections, HEAD requests and rate limits by itself, but a server error on GET is final for it.
SERVER_ERROR_WAITS = (1.0, 2.0, 4.0)
FETCH = "run `zoo fetch MODEL --to DIR` on a machine with a network and load that folder"

log = logging.getLogger("zoo")


def cached(repo: str, revision: str, file: str, cache_dir: Path | str | None = None) -> Path | None:
    """The file if it is in the cache, without any network call."""
    from huggingface_hub import try_to_load_from_cache

    path = try_to_load_from_cache(repo, file, cache_dir=cache_dir, revision=revision)
    return Path(path) if isinstance(path, str) else None


def download(
    repo: str,
    revision: str,
    file: str,
    cache_dir: Path | str | None = None,
    waits: Sequence[float] = SERVER_ERROR_WAITS,
    elsewhere: str = FETCH,
) -> Path:
    """The file, fetched into the cache with a progress bar, resumed where the connection breaks.

    Arguments:
        repo, revision, file: "owner/name", the commit, the path in the repository.
        cache_dir: of the Hub's client; None: its own default.
        waits: seconds before each further attempt after a server error.
        elsewhere: what to do where there is no network.

    Raises:
        DownloadError: says which file, what the Hub answered and what to do.
    """
    from huggingface_hub.errors import HfHubHTTPError

    with _explaining(f"{file} of {repo} at {revision[:12]}", elsewhere):
        for wait in waits:
            try:
                return _download(repo, revision, file, cache_dir)
            except HfHubHTTPError as error:
                if error.response.status_code < 500:
                    raise
                log.warning("%s: the Hub answered %d; retrying in %g s", repo, error.response.status_code, wait)
                time.sleep(wait)
        return _download(repo, revision, file, cache_dir)


def remove(path: Path) -> None:
    """Delete a file of the cache: the link of the snapshot and the blob that it points to.

    Raises:
        OSError: the cache can't be written.
    """
    chain = [path]
    while chain[-1].is_symlink():
        chain.append(chain[-1].parent / chain[-1].readlink())
    for link in chain:
        link.unlink(missing_ok=True)


def _download(repo: str, revision: str, file: str, cache_dir: Path | str | None) -> Path:
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(repo, file, revision=revision, cache_dir=cache_dir, library_name="zoo-core"))


@contextmanager
def _explaining(what: str, elsewhere: str) -> Iterator[None]:
    from huggingface_hub import constants
    from huggingface_hub.errors import HTTPError  # the root of the errors of its HTTP library, whichever it is

    try:
        yield
    except (HTTPError, OSError, RuntimeError) as error:  # RuntimeError: of Xet, the Hub's own protocol for large files
        raise DownloadError(
            f"{what} could not be had from {constants.ENDPOINT}: {_reason(error, elsewhere)}"
        ) from error


def _reason(error: BaseException, elsewhere: str) -> str:
    """What happened and what to do, in one sentence, from the client's error or its cause."""
    from huggingface_hub import constants
    from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError

    if isinstance(error, LocalEntryNotFoundError) and error.__cause__ is not None:
        return _reason(error.__cause__, elsewhere)
    if constants.is_offline_mode():
        return f"HF_HUB_OFFLINE is set and the cache does not hold it; unset it, or {elsewhere}"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, GatedRepoError) or status == 403:
        return "access is not granted; ask for it on the repository's page and set HF_TOKEN"
    if (
        isinstance(error, OSError)
        and error.errno is not None
        and not isinstance(error, (ConnectionError, TimeoutError))
    ):
        return f"the cache can't be written ({error}); make room, set HF_HOME or pass cache_dir"
    if status is None:
        return f"{error}; check the connection, or HF_ENDPOINT if it is set"
    return f"it answered {status}; {_REMEDIES.get(status, _SERVER_REMEDY if status >= 500 else str(error))}"


_SERVER_REMEDY = "it is a fault on its side: try again later"
_REMEDIES = {
    401: "a private repository or one that does not exist: check HF_TOKEN and the name",
    404: "the repository, the commit or the file does not exist: check the entry or recipe that names it",
    429: "too many requests: wait some minutes, or set HF_TOKEN for a higher limit",
}
