"""Files elsewhere: in the memory of fsspec, and from a server on this machine."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread

import fsspec
import numpy as np
import pytest
from astropy.io import fits

from zoo_core.errors import ImageReadError
from zoo_core.images import find_cutouts, find_sources, read
from zoo_core.images.remote import stamp_remote
from zoo_core.predict.images import SourceImages

STEP, LARGE = 0.1 / 3600, 2060  # pixels a side: more bytes than are read at once
PIXELS = np.random.default_rng(0).normal(size=(LARGE, LARGE)).astype(np.float32)


def fits_bytes(pixels: np.ndarray, ra: float = 45.0) -> bytes:
    """An image about that right ascension."""
    centre = (pixels.shape[0] + 1) / 2
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": centre, "CRPIX2": centre})
    header.update({"CRVAL1": ra, "CRVAL2": 1.0, "CDELT1": -STEP, "CDELT2": STEP})
    stored = BytesIO()
    fits.PrimaryHDU(pixels, header).writeto(stored)
    return stored.getvalue()


class Server(ThreadingHTTPServer):
    """Gives out `files`; counts the bytes that it gives; with `whole` it knows no parts of files."""

    files: dict[str, bytes]
    given: int
    whole: bool


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        stored = self.server.files.get(self.path.lstrip("/"))
        if stored is None:
            self.send_error(404)
            return
        asked = None if self.server.whole else self.headers.get("Range")
        start, stop = (0, len(stored)) if asked is None else self._range(asked, len(stored))
        self.send_response(200 if asked is None else 206)
        self.send_header("Content-Length", str(stop - start))
        self.send_header("Accept-Ranges", "none" if self.server.whole else "bytes")
        if asked is not None:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(stored)}")
        self.end_headers()
        if body:
            self.server.given += stop - start
            self.wfile.write(stored[start:stop])

    def _range(self, asked: str, size: int) -> tuple[int, int]:
        start, _, last = asked.removeprefix("bytes=").partition("-")
        return int(start), min(int(last or size - 1) + 1, size)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(params=[False, True], ids=["parts", "whole"])
def server(request) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Answer) as one:
        one.files, one.given, one.whole = {"tile.fits": fits_bytes(PIXELS)}, 0, request.param
        thread = Thread(target=one.serve_forever, daemon=True)
        thread.start()
        yield one
        one.shutdown()
        thread.join()


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    system = fsspec.filesystem("memory")
    for name, ra in (("a", 45.0), ("b", 45.01)):
        system.pipe(f"/tiles/{name}_r.fits", fits_bytes(PIXELS[:200, :200], ra))
        system.pipe(f"/tiles/{name}_i.fits", fits_bytes(PIXELS[200:400, :200], ra))
    yield system
    system.rm("/tiles", recursive=True)


def catalogue(tmp_path, *positions: tuple[float, float]) -> str:
    lines = [f"{number},{ra},{dec}" for number, (ra, dec) in enumerate(positions)]
    (tmp_path / "objects.csv").write_text("\n".join(["id,ra,dec", *lines]))
    return str(tmp_path / "objects.csv")


def test_cutouts_come_from_a_server_and_of_a_tile_only_what_is_needed(server, tmp_path):
    url = f"http://127.0.0.1:{server.server_port}/tile.fits"

    found = find_cutouts(catalogue(tmp_path, (45.0, 1.0), (45.01, 1.01)), url, pixels=11)

    middle = slice(LARGE // 2 - 6, LARGE // 2 + 5)
    pixels = [read(source, n_bands=1).pixels[0] for source in found]
    assert any(
        np.array_equal(pixels[0], PIXELS[middle.start + k :, middle.start + j :][:11, :11])
        for k in (0, 1)
        for j in (0, 1)
    )
    assert np.isfinite(pixels[1]).all()
    if not server.whole:
        assert server.given < PIXELS.nbytes / 4


def test_tiles_and_bands_are_found_by_patterns_and_folders(memory, tmp_path):
    objects = catalogue(tmp_path, (45.0, 1.0), (45.01, 1.0))

    red = find_cutouts(objects, "memory://tiles/*_r.fits", pixels=5)
    both = find_cutouts(objects, {"r": "memory://tiles/*_r.fits", "i": "memory://tiles/*_i.fits"}, pixels=5)
    folder = list(find_sources("memory://tiles/"))

    assert [source.key.rpartition("/")[2] for source in red] == ["a_r.fits[0]", "b_r.fits[1]"]
    assert [read(source, n_bands=2).pixels.shape for source in both] == [(2, 5, 5)] * 2
    assert [source.id for source in folder] == ["a_i", "a_r", "b_i", "b_r"]


def test_a_file_that_changed_elsewhere_is_another_input(memory):
    url = "memory://tiles/a_r.fits"
    images = SourceImages(list(find_sources(url)), ("VIS",))
    before = images.identity(0, 1)

    memory.pipe("/tiles/a_r.fits", fits_bytes(PIXELS[:100, :100]))

    assert images.identity(0, 1) != before
    assert stamp_remote("memory://tiles/nothing.fits") == ""


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("memory://tiles/missing.fits", "no such file"),
        ("http://127.0.0.1:9/tile.fits", "its place cannot be reached"),
        ("nowhere://tiles/a.fits", "Protocol not known"),
    ],
)
def test_what_cannot_be_reached_is_one_line(url, reason):
    (source,) = find_sources(url)

    with pytest.raises(ImageReadError, match=reason) as caught:
        read(source, n_bands=1)

    assert str(caught.value).startswith(url) and "\n" not in str(caught.value)


def test_a_pattern_without_a_file_is_refused(memory):
    with pytest.raises(ImageReadError, match="no file matches"):
        list(find_sources("memory://tiles/*.nothing"))


def test_a_truncated_file_elsewhere_costs_itself(memory):
    memory.pipe("/tiles/a_r.fits", fits_bytes(PIXELS[:200, :200])[:90_000])
    good, bad = list(find_sources(["memory://tiles/b_r.fits", "memory://tiles/a_r.fits"]))

    assert read(good, n_bands=1).pixels.shape == (1, 200, 200)
    with pytest.raises(ImageReadError, match=r"bytes of the image are missing"):
        read(bad, n_bands=1)
