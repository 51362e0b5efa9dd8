"""A Hugging Face Hub on the loopback interface: enough of its protocol for the real client to download and to publish.

Large files are stored by sha256 and served by another host (here: another port) after a redirect, as the Hub does. What
it does not know answers 404. It can be told to fail: `server.fail(...)`.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

from .hub_contents import LARGE, Commit, path_info, remote_oid
from .hub_requests import Fault, Request

MEGABYTE = 1_000_000


class HubServer:
    """The Hub; a context manager. `url` is what HF_ENDPOINT should say, `store_url` is where large files are."""

    def __init__(self) -> None:
        self.repositories: dict[str, list[Commit]] = {}
        self.private: set[str] = set()
        self.objects: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"hub": self})
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    @property
    def store_url(self) -> str:
        return f"http://127.0.0.1:{self._servers[1].server_port}"

    def forget(self) -> None:
        """Hold nothing again, as at first."""
        for held in (self.repositories, self.private, self.objects, self.requests, self.faults):
            held.clear()

    def __enter__(self) -> "HubServer":
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def add(self, repo: str, files: Mapping[str, bytes], message: str = "", private: bool = False) -> str:
        """Commit these files on top of what the repository holds; returns the commit."""
        commits = self.repositories.setdefault(repo, [])
        commits.append(Commit({**(commits[-1].files if commits else {}), **files}, message))
        self.objects |= {hashlib.sha256(content).hexdigest(): content for content in files.values()}
        self.private |= {repo} if private else set()
        return commits[-1].oid

    def files(self, repo: str, revision: str = "main") -> dict[str, bytes]:
        """What a commit of a repository holds."""
        commits = self.repositories[repo]
        return next(one for one in reversed(commits) if revision in ("main", one.oid)).files

    def fail(
        self,
        method: str,
        path: str,
        times: int = 1,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        after: int = 0,
        stall: float = 0.0,
    ) -> None:
        """See `Fault`."""
        self.faults.append(Fault(method, path, times, status, headers or {}, after, stall))

    def asked(self, method: str, path: str) -> list[Request]:
        """The requests of that method whose path contains `path`."""
        with self.lock:
            return [one for one in self.requests if one.method == method and path in one.path]

    def fault(self, method: str, path: str) -> Fault | None:
        with self.lock:
            for one in self.faults:
                if one.times > 0 and one.method == method and one.path in path:
                    one.times -= 1
                    return one
        return None


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_HEAD(self) -> None:
        self._serve("HEAD")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def _serve(self, method: str) -> None:
        path = unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.hub.lock:
            self.hub.requests.append(Request(method, path, dict(self.headers)))
        fault = self.hub.fault(method, path)
        if fault is not None and fault.status is not None:
            self._send(fault.status, b"", fault.headers)
            return
        for route_method, pattern, answer in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method in route_method:
                answer(self, body, fault, *match.groups())
                return
        self._send(404, b"")

    def _send(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None, fault: Fault | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault is None:
            self.wfile.write(body)
            return
        self.wfile.write(body[: fault.after])
        self.wfile.flush()
        self.hub.stopping.wait(fault.stall)
        self.close_connection = True

    def _json(self, content: object, status: int = 200) -> None:
        self._send(status, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _commit(self, repo: str, revision: str) -> Commit | None:
        """The commit, or None after the answer that it can't be had."""
        known = repo in self.hub.repositories
        if not known or (repo in self.hub.private and "Authorization" not in self.headers):
            self._send(401, b"", {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"})
            return None
        commits = [one for one in self.hub.repositories[repo] if revision in ("main", one.oid)]
        if not commits:
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound", "X-Error-Message": "Invalid rev id"})
            return None
        return commits[-1]

    def resolve(self, _body: bytes, fault: Fault | None, repo: str, revision: str, file: str) -> None:
        commit = self._commit(repo, revision)
        if commit is None:
            return
        known = {"X-Repo-Commit": commit.oid}
        if file not in commit.files:
            self._send(404, b"", {**known, "X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found"})
            return
        content = commit.files[file]
        if not file.endswith(LARGE):
            self._send(200, content, {**known, "ETag": f'"{hashlib.sha1(content).hexdigest()}"'}, fault)
            return
        sha256 = hashlib.sha256(content).hexdigest()
        linked = {"X-Linked-Etag": f'"{sha256}"', "X-Linked-Size": str(len(content))}
        location = f"{self.hub.store_url}/objects/{sha256}?filename={quote(file)}"
        self._send(302, b"", {**known, **linked, "Location": location})

    def object(self, _body: bytes, fault: Fault | None, sha256: str) -> None:
        content = self.hub.objects[sha256]
        name = parse_qs(urlsplit(self.path).query)["filename"][0]
        headers = {"ETag": f'"{sha256}"', "Content-Disposition": f'inline; filename="{name}";'}
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if wanted is None:
            self._send(200, content, headers, fault)
            return
        start = int(wanted[1])
        headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._send(206, content[start:], headers, fault)

    def store(self, body: bytes, _fault: Fault | None, sha256: str) -> None:
        if hashlib.sha256(body).hexdigest() != sha256:
            self._send(400, b"")
            return
        self.hub.objects[sha256] = body
        self._send(200, b"")

    def create(self, body: bytes, _fault: Fault | None) -> None:
        wanted = json.loads(body)
        repo = "/".join(filter(None, (wanted.get("organization"), wanted["name"])))
        if repo in self.hub.repositories:
            self._json({"error": "You already created this model repo", "url": f"{self.hub.url}/{repo}"}, 409)
            return
        self.hub.add(repo, {}, "initial commit", private=bool(wanted.get("private")))
        self._json({"url": f"{self.hub.url}/{repo}", "name": repo})

    def validate(self, body: bytes, _fault: Fault | None) -> None:
        front = re.match(r"---\n.*?\n---\n", json.loads(body)["content"], re.DOTALL)
        if front is None:
            self._json({"errors": [{"message": "no YAML metadata"}], "warnings": []}, 400)
            return
        self._json({"errors": [], "warnings": []})

    def preupload(self, body: bytes, _fault: Fault | None, repo: str, revision: str) -> None:
        commit = self._commit(repo, revision)
        if commit is None:
            return
        files = [{"path": one["path"], "shouldIgnore": False} for one in json.loads(body)["files"]]
        for one in files:
            one["uploadMode"] = "lfs" if one["path"].endswith(LARGE) else "regular"
            one["oid"] = remote_oid(commit.files.get(one["path"]), one["uploadMode"])
        self._json({"files": files})

    def batch(self, body: bytes, _fault: Fault | None, repo: str) -> None:
        objects = [{"oid": one["oid"], "size": one["size"]} for one in json.loads(body)["objects"]]
        for one in objects:
            if one["oid"] not in self.hub.objects:
                one["actions"] = {"upload": {"href": f"{self.hub.store_url}/objects/{one['oid']}"}}
        self._json({"transfer": "basic", "objects": objects})

    def commit(self, body: bytes, _fault: Fault | None, repo: str, revision: str) -> None:
        before = self._commit(repo, revision)
        if before is None:
            return
        steps = [json.loads(line) for line in body.splitlines()]
        header = next(step["value"] for step in steps if step["key"] == "header")
        if header.get("parentCommit", before.oid) != before.oid:
            self._json({"error": "A commit has happened since."}, 412)
            return
        files = {step["value"]["path"]: _committed(self.hub, step) for step in steps if step["key"] != "header"}
        oid = self.hub.add(repo, files, header["summary"])
        self._json({"commitUrl": f"{self.hub.url}/{repo}/commit/{oid}", "commitOid": oid, "success": True})

    def info(self, _body: bytes, _fault: Fault | None, repo: str, revision: str | None = None) -> None:
        commit = self._commit(repo, revision or "main")
        if commit is not None:
            siblings = [{"rfilename": path} for path in commit.files]
            self._json({"_id": "0", "id": repo, "modelId": repo, "sha": commit.oid, "siblings": siblings})

    def paths(self, body: bytes, _fault: Fault | None, repo: str, revision: str) -> None:
        commit = self._commit(repo, revision)
        if commit is None:
            return
        wanted = [path for path in parse_qs(body.decode())["paths"] if path in commit.files]
        self._json([path_info(path, commit.files[path]) for path in wanted])


def _committed(hub: HubServer, step: Mapping) -> bytes:
    value = step["value"]
    return hub.objects[value["oid"]] if step["key"] == "lfsFile" else base64.b64decode(value["content"])


Answer = Callable[..., None]
_REPO = r"([^/]+/[^/]+)"
_ROUTES: list[tuple[tuple[str, ...], str, Answer]] = [
    (("GET", "HEAD"), rf"/{_REPO}/resolve/([^/]+)/(.+)", _Handler.resolve),
    (("GET", "HEAD"), r"/objects/([0-9a-f]{64})", _Handler.object),
    (("PUT",), r"/objects/([0-9a-f]{64})", _Handler.store),
    (("POST",), r"/api/repos/create", _Handler.create),
    (("POST",), r"/api/validate-yaml", _Handler.validate),
    (("POST",), rf"/api/models/{_REPO}/preupload/([^/]+)", _Handler.preupload),
    (("POST",), rf"/{_REPO}\.git/info/lfs/objects/batch", _Handler.batch),
    (("POST",), rf"/api/models/{_REPO}/commit/([^/]+)", _Handler.commit),
    (("POST",), rf"/api/models/{_REPO}/paths-info/([^/]+)", _Handler.paths),
    (("GET",), rf"/api/models/{_REPO}/revision/([^/]+)", _Handler.info),
    (("GET",), rf"/api/models/{_REPO}", _Handler.info),
]
