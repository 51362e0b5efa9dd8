"""Files that are cut short, hit by cosmic rays or made up are refused as bad images, and nothing else happens."""

import gzip
import random
import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from astropy.io import fits
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from zoo_core.errors import ImageError
from zoo_core.images import find_sources, read
from zoo_core.images.source import FileSource

FLOATS = np.random.default_rng(0).normal(size=(24, 20)).astype(np.float32)
COUNTS = (FLOATS * 1000).astype(np.int16)
BYTES = (FLOATS * 20 + 99).clip(0, 255).astype(np.uint8)
TAN = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CD1_1": -2.8e-5, "CD2_2": 2.8e-5}


def written(write: Callable[[BytesIO], object]) -> bytes:
    stream = BytesIO()
    write(stream)
    return stream.getvalue()


def as_fits(*hdus: object) -> bytes:
    for hdu in hdus:
        hdu.header.update(TAN)
    return written(fits.HDUList(list(hdus)).writeto)


def compressed(pixels: np.ndarray, algorithm: str) -> bytes:
    return as_fits(fits.PrimaryHDU(), fits.CompImageHDU(pixels, compression_type=algorithm, name="SCI"))


def as_hdf5(**options: object) -> bytes:
    stream = BytesIO()
    with h5py.File(stream, "w") as file:
        file.create_dataset("image", data=FLOATS, **options).attrs["pixel_scale"] = 0.1
    return stream.getvalue()


FILES = {
    "plain.fits": as_fits(fits.PrimaryHDU(FLOATS)),
    "integers.fits": as_fits(fits.PrimaryHDU(COUNTS)),
    "unsigned.fits": as_fits(fits.PrimaryHDU(COUNTS.astype(np.uint16))),
    "extensions.fits": as_fits(fits.PrimaryHDU(), fits.ImageHDU(FLOATS, name="SCI"), fits.ImageHDU(COUNTS, name="DQ")),
    "cube.fits": as_fits(fits.PrimaryHDU(np.stack([FLOATS] * 3))),
    "image.fits.gz": gzip.compress(as_fits(fits.PrimaryHDU(FLOATS))),
    "rice.fits.fz": compressed(FLOATS, "RICE_1"),
    "rice-integers.fits.fz": compressed(COUNTS, "RICE_1"),
    "gzip.fits.fz": compressed(FLOATS, "GZIP_2"),
    "hcompress.fits.fz": compressed(COUNTS, "HCOMPRESS_1"),
    "image.npy": written(lambda stream: np.save(stream, FLOATS)),
    "image.npz": written(lambda stream: np.savez(stream, image=FLOATS, id=3)),
    "packed.npz": written(lambda stream: np.savez_compressed(stream, image=FLOATS, psf=FLOATS)),
    "image.h5": as_hdf5(),
    "packed.h5": as_hdf5(chunks=(8, 20), compression="gzip"),
    "grey.png": written(lambda stream: Image.fromarray(BYTES).save(stream, "PNG")),
    "deep.png": written(lambda stream: Image.fromarray(COUNTS.astype(np.uint16)).save(stream, "PNG")),
    "palette.png": written(lambda stream: Image.fromarray(BYTES).convert("P").save(stream, "PNG")),
    "image.jpg": written(lambda stream: Image.fromarray(BYTES).save(stream, "JPEG")),
    "image.tif": written(lambda stream: tifffile.imwrite(stream, FLOATS)),
    "tiles.tif": written(lambda stream: tifffile.imwrite(stream, FLOATS, compression="zlib", tile=(16, 16))),
    "pages.tif": written(lambda stream: tifffile.imwrite(stream, np.stack([FLOATS] * 3), photometric="minisblack")),
    "jpeg.tif": written(lambda stream: Image.fromarray(BYTES).save(stream, "TIFF", compression="jpeg")),
    "lzw.tif": written(lambda stream: Image.fromarray(BYTES).save(stream, "TIFF", compression="tiff_lzw")),
}
WILD = ["0", "-1", "-5", "1", "3", "999", "999999999", "1000000000000", "-32", "-64", "8", "16", "1E308", "NaN", "T"]
WILD += ["", "1.5", "1e-300", "'abc'", "'RICE_1'", "'IMAGE'", "'BINTABLE'", "'1PB(99999)'", "'rad'", "'no end"]
WILD += ["160000"]

# Under load a first read takes seconds; what would hang is stopped by the time limit of the suite. There are a hundred
# formats and ways to damage them; `make laws` tries each of them a hundred times.
EXAMPLES = settings.default.max_examples // 10
fuzz = settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])


def outcome(path: Path, content: bytes) -> list[np.ndarray]:
    """All images that the file gives; the only error on the way is ImageError, and no warning is shown."""
    path.write_bytes(content)
    images = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sources = [FileSource(str(path)), *list(find_sources(path, ext="all", stack=True))[:4]]
        for source in sources:
            try:
                raw = read(source, n_bands=1)
            except ImageError as error:
                assert path.name in str(error) and len(str(error)) < 600
            else:
                assert raw.pixels.dtype == np.float32 and raw.pixels.ndim == 3 and raw.pixels.size > 0
                images.append(raw.pixels)
    return images


@pytest.mark.parametrize("name", FILES)
@fuzz
@given(seed=st.integers(0, 2**32), flips=st.integers(1, 8), head=st.booleans())
def test_flipped_bits(tmp_path, name, seed, flips, head):
    content, chance = bytearray(FILES[name]), random.Random(seed)
    for _ in range(flips):
        content[chance.randrange(min(len(content), 400) if head else len(content))] ^= 1 << chance.randrange(8)

    outcome(tmp_path / name, bytes(content))


@pytest.mark.parametrize("name", FILES)
@fuzz
@given(where=st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_is_refused_or_reads_to_the_very_same_pixels(tmp_path, name, where):
    whole = outcome(tmp_path / name, FILES[name])

    for pixels in outcome(tmp_path / name, FILES[name][: int(where * len(FILES[name]))]):
        assert any(np.array_equal(pixels, other) for other in whole)


@pytest.mark.parametrize("name", FILES)
@fuzz
@given(start=st.floats(0, 1, exclude_max=True), content=st.binary(max_size=200))
def test_overwritten_bytes(tmp_path, name, start, content):
    at = int(start * len(FILES[name]))

    outcome(tmp_path / name, FILES[name][:at] + content + FILES[name][at + len(content) :])


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith((".fits", ".fz"))])
@fuzz
@given(cards=st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(WILD)), min_size=1, max_size=4))
@example(cards=[(3, "T")])  # NAXIS1
@example(cards=[(4, "T")])
def test_wild_headers(tmp_path, name, cards):
    content = bytearray(FILES[name])
    places = [i for i in range(0, len(content), 80) if content[i + 8 : i + 10] == b"= "]
    for where, value in cards:
        at = places[where % len(places)]
        padded = value.ljust(70) if value.startswith("'") else value.rjust(20).ljust(70)
        content[at + 10 : at + 80] = padded.encode()

    outcome(tmp_path / name, bytes(content))


@fuzz
@given(content=st.binary(max_size=300), magic=st.sampled_from([c[:10] for c in FILES.values()]))
def test_the_first_bytes_of_a_format_and_then_anything(tmp_path, content, magic):
    outcome(tmp_path / "image", magic + content)
