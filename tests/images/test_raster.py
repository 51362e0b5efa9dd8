"""PNG and JPEG read to what Pillow reads."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoo_core.errors import ImageReadError, ImageShapeError
from zoo_core.images import read
from zoo_core.images.source import FileSource

GREY = np.random.default_rng(0).integers(0, 256, (24, 20)).astype(np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (24, 20, 3)).astype(np.uint8)
DEEP = np.random.default_rng(2).integers(0, 65536, (24, 20)).astype(np.uint16)


def pixels_of(path: Path, n_bands: int = 1) -> np.ndarray:
    return read(FileSource(str(path)), n_bands=n_bands).pixels


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, bits: int, colour_type: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
def test_pictures_read_to_the_same_pixels_as_pillow_over_255(tmp_path, name, pixels):
    Image.fromarray(pixels).save(tmp_path / name)
    n_bands = 1 if pixels.ndim == 2 else 3

    expected = np.asarray(Image.open(tmp_path / name), np.float32).reshape(24, 20, n_bands)

    np.testing.assert_array_equal(pixels_of(tmp_path / name, n_bands), np.moveaxis(expected, -1, 0) / np.float32(255))


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bits_are_kept(tmp_path, name):
    Image.fromarray(DEEP).save(tmp_path / name)

    np.testing.assert_array_equal(pixels_of(tmp_path / name)[0], DEEP.astype(np.float32))


@pytest.mark.parametrize("mode", ["1", "P"])
def test_bilevel_and_palette_pictures_are_unpacked(tmp_path, mode):
    Image.fromarray(COLOUR).convert(mode).save(tmp_path / "a.png")
    expected = np.asarray(Image.open(tmp_path / "a.png").convert("RGB" if mode == "P" else "1"), np.float32)
    expected = expected / np.float32(255) if mode == "P" else expected

    pixels = pixels_of(tmp_path / "a.png", 3 if mode == "P" else 1)

    np.testing.assert_array_equal(pixels, np.moveaxis(expected.reshape(24, 20, -1), -1, 0))


@pytest.mark.parametrize(("mode", "n_bands"), [("LA", 1), ("RGBA", 3)])
def test_transparency_is_no_band_and_transparent_pixels_are_blank(tmp_path, mode, n_bands):
    picture = np.asarray(Image.fromarray(COLOUR).convert(mode)).copy()
    picture[3, 4, -1], picture[5, 6, -1] = 0, 128
    Image.fromarray(picture, mode=mode).save(tmp_path / "a.png")

    pixels = pixels_of(tmp_path / "a.png", n_bands)

    assert np.isnan(pixels[:, 3, 4]).all() and np.isnan(pixels).sum() == n_bands
    np.testing.assert_array_equal(pixels[:, 5, 6], picture[5, 6, :-1] / np.float32(255))


def test_colours_of_sixteen_bits_are_refused_where_they_would_be_cut_to_eight(tmp_path):
    (tmp_path / "a.png").write_bytes(png(2, 2, 16, 2, (b"\0" + bytes(12)) * 2))

    with pytest.raises(ImageReadError, match="16 bits a colour would be cut to 8; save it as FITS or as TIFF"):
        pixels_of(tmp_path / "a.png", 3)


def test_cmyk_is_refused(tmp_path):
    Image.fromarray(COLOUR).convert("CMYK").save(tmp_path / "a.jpg")

    with pytest.raises(ImageReadError, match="colours are CMYK; save it as grey or RGB"):
        pixels_of(tmp_path / "a.jpg", 3)


def test_a_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path):
    (tmp_path / "a.png").write_bytes(png(60_000, 60_000, 8, 0, b""))

    with pytest.raises((ImageReadError, ImageShapeError)):
        pixels_of(tmp_path / "a.png")
