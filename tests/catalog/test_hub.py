import hashlib
import os
import pty
import re
import resource
import signal
import subprocess
import termios
import time
from collections.abc import Callable
from functools import partial

import pytest

from .conftest import REPO, Client, answer_of, give_up_root

# The client writes in pieces of 10 MB: a break after 12 MB leaves one piece to resume from.
LARGE, BREAK, PIECE = 21_000_000, 12_000_000, 10 * 1024 * 1024


@pytest.fixture
def large(client_of: Callable[[bytes], Client]) -> Client:
    return client_of(os.urandom(LARGE))


def test_the_first_download_shows_its_progress_on_a_terminal(client):
    reading, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    subprocess.run(client.command(), env=client.environment(), stdout=subprocess.DEVNULL, stderr=terminal, check=True)
    os.close(terminal)
    shown = everything(reading)
    assert "model.safetensors" in shown
    assert "100%" in shown


def test_the_downloaded_file_is_the_published_one_and_then_needs_no_network(client, hub):
    answer = client.get()
    assert answer.path.read_bytes() == client.content
    assert answer.path.is_relative_to(client.cache)
    assert "%" not in answer.log, "no progress bar where nobody looks"
    again = client.get("--no-sockets")
    assert again.path == answer.path and again.path.read_bytes() == client.content
    assert len(hub.asked("GET", "/objects/")) == 1


def test_without_a_cached_file_the_network_is_needed(client):
    """Shows that the test above can fail."""
    ended = subprocess.run(client.command("--no-sockets"), env=client.environment(), capture_output=True, text=True)
    assert ended.returncode == 1
    assert "although the file is here" in ended.stderr


def test_a_broken_connection_is_resumed_inside_the_call(large, hub):
    hub.fail("GET", "/objects/", after=BREAK)
    answer = large.get()
    ranges = [request.headers.get("Range") for request in hub.asked("GET", "/objects/")]
    assert answer.path.read_bytes() == large.content
    assert ranges == [None, f"bytes={PIECE}-"]


def test_a_killed_download_leaves_nothing_broken(large, hub):
    hub.fail("GET", "/objects/", after=BREAK, stall=60)
    process = large.start()
    wait_until(lambda: any(blob.stat().st_size for blob in large.cache.glob("models--*/blobs/*.incomplete")))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert large.snapshots() == []
    assert large.get().path.read_bytes() == large.content


def test_two_processes_at_once_both_get_the_file(large):
    processes = [large.start(), large.start()]
    for process in processes:
        stdout, stderr = process.communicate()
        answer = answer_of(stdout.decode(), stderr.decode())
        assert answer.path.read_bytes() == large.content
    assert large.blobs() == [hashlib.sha256(large.content).hexdigest()]


def test_passing_server_errors_are_retried(client, hub):
    for status in (500, 502, 503, 504):
        hub.fail("GET", "/objects/", status=status)
    assert client.get("--waits", "0.05,0.05,0.05,0.05").path.read_bytes() == client.content
    assert len(hub.asked("GET", "/objects/")) == 5


def test_a_lasting_server_error_ends_after_bounded_attempts(client, hub):
    hub.fail("GET", "/objects/", times=99, status=503)
    answer = client.get("--waits", "0.05,0.05,0.05")
    assert answer.error == "DownloadError"
    assert "answered 503" in answer.message
    assert "try again later" in answer.message
    assert len(hub.asked("GET", "/objects/")) == 4


def test_a_short_rate_limit_is_waited_for(client, hub):
    hub.fail("GET", "/objects/", status=429, headers={"Retry-After": "0"})
    assert client.get().path.read_bytes() == client.content


def test_a_lasting_rate_limit_is_reported(client, hub):
    hub.fail("GET", "/objects/", times=99, status=429, headers={"Retry-After": "0"})
    answer = client.get("--hasty")
    assert answer.error == "DownloadError"
    assert "answered 429; too many requests" in answer.message
    assert len(hub.asked("GET", "/objects/")) < 10


def test_a_file_that_does_not_exist_is_reported(client):
    answer = client.get(file="other.safetensors")
    assert answer.error == "DownloadError"
    assert f"other.safetensors of {REPO} at {client.revision[:12]}" in answer.message
    assert "answered 404" in answer.message


def test_a_commit_that_does_not_exist_is_reported(client):
    client.revision = "0" * 40
    answer = client.get()
    assert answer.error == "DownloadError"
    assert "answered 404" in answer.message


def test_a_private_repository_asks_for_a_token(client, hub):
    hub.private.add(REPO)
    answer = client.get()
    assert answer.error == "DownloadError"
    assert "answered 401" in answer.message
    assert "HF_TOKEN" in answer.message
    assert client.get(HF_TOKEN="hf_secret").path.read_bytes() == client.content


def test_a_gated_repository_asks_for_access(client, hub):
    hub.fail("HEAD", "/resolve/", times=99, status=403, headers={"X-Error-Code": "GatedRepo"})
    answer = client.get()
    assert answer.error == "DownloadError"
    assert "access is not granted" in answer.message


def test_a_wrong_checksum_removes_the_link_and_its_blob(client):
    answer = client.get(sha256="0" * 64)
    assert answer.error == "ChecksumError"
    assert hashlib.sha256(client.content).hexdigest() in answer.message
    assert "0" * 64 in answer.message
    assert "was removed" in answer.message
    assert client.blobs() == []
    assert client.snapshots() == []


def test_a_file_damaged_in_the_cache_is_removed_and_fetched_anew(client):
    path = client.get().path
    path.resolve().write_bytes(b"damaged")
    assert client.get().error == "ChecksumError"
    assert client.snapshots() == []
    assert client.get().path.read_bytes() == client.content


def test_a_read_only_cache_serves_what_it_holds(client):
    path = client.get().path
    with read_only(client):
        assert client.get("--no-sockets", prepare=give_up_root).path == path


def test_a_read_only_cache_without_the_file_says_what_to_set(client):
    client.cache.mkdir(parents=True)
    with read_only(client):
        answer = client.get(prepare=give_up_root)
    assert answer.error == "DownloadError"
    assert "can't be written" in answer.message
    assert "HF_HOME" in answer.message


def test_a_cache_that_is_full_says_what_to_do(client):
    """A file longer than the process may write fails as one that the disk has no room for."""
    limited = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (4096, 4096))
    answer = client.get(prepare=limited)
    assert answer.error == "DownloadError"
    assert "can't be written" in answer.message
    assert "make room" in answer.message
    assert client.snapshots() == []
    assert client.get().path.read_bytes() == client.content


def test_a_damaged_file_in_a_read_only_cache_is_named(client):
    path = client.get().path
    path.resolve().write_bytes(b"damaged")
    with read_only(client):
        answer = client.get(prepare=give_up_root)
    assert answer.error == "ChecksumError"
    assert "can't be removed" in answer.message
    assert str(path) in answer.message


def test_offline_a_cached_file_is_served(client):
    path = client.get().path
    assert client.get("--no-sockets", HF_HUB_OFFLINE="1").path == path


def test_offline_without_the_file_says_how_to_bring_it(client, hub):
    answer = client.get("--no-sockets", HF_HUB_OFFLINE="1")
    assert answer.error == "DownloadError"
    assert re.search(r"HF_HUB_OFFLINE is set.*zoo fetch", answer.message)
    assert hub.requests == []


def test_a_hub_out_of_reach_is_reported(client, hub):
    answer = client.get("--hasty", HF_ENDPOINT="http://127.0.0.1:9", HF_HUB_ETAG_TIMEOUT="1")
    assert answer.error == "DownloadError"
    assert "http://127.0.0.1:9" in answer.message
    assert "check the connection" in answer.message


class read_only:
    """The cache cannot be written, for as long as this lasts."""

    def __init__(self, client: Client) -> None:
        self.folders = [
            client.cache,
            *(path for path in client.cache.rglob("*") if path.is_dir() and not path.is_symlink()),
        ]

    def __enter__(self) -> None:
        for folder in self.folders:
            folder.chmod(0o555)

    def __exit__(self, *_: object) -> None:
        for folder in self.folders:
            folder.chmod(0o755)


def everything(reading: int) -> str:
    """What was written to a terminal that is closed by now: Linux ends with an error, macOS with nothing."""
    shown = b""
    try:
        while piece := os.read(reading, 65536):
            shown += piece
    except OSError:
        pass
    os.close(reading)
    return shown.decode()


def wait_until(happened: Callable[[], bool]) -> None:
    while not happened():
        time.sleep(0.02)
