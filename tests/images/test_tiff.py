"""TIFF reads to what was written, and to what a PNG of the same picture gives."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from zoo_core.errors import ImageError, ImageReadError, ImageShapeError
from zoo_core.images import find_sources, read
from zoo_core.images.source import FileSource

GREY = np.random.default_rng(0).integers(0, 256, (24, 20)).astype(np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (24, 20, 3)).astype(np.uint8)
DEEP = np.random.default_rng(2).integers(0, 65536, (24, 20)).astype(np.uint16)
PACKED = [None, "tiff_lzw", "tiff_deflate", "packbits"]


def pixels_of(path: Path, n_bands: int = 1) -> np.ndarray:
    return read(FileSource(str(path)), n_bands=n_bands).pixels


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "i4", "f2", "<f4", ">f4", "f8"])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16), "compression": "zlib"}], ids=str)
def test_tiff_of_any_dtype_reads_to_what_was_written_8_bits_over_255(tmp_path, dtype, options):
    written = (DEEP // 257).astype(dtype)
    order = ">" if dtype.startswith(">") else "<"
    tifffile.imwrite(tmp_path / "a.tif", written, byteorder=order, **options)

    white = np.float32(255 if dtype == "u1" else 1)
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif")[0], written.astype(np.float32) / white)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits"])
def test_tiff_compressed_by_pillow_reads_to_what_was_written(tmp_path, compression):
    Image.fromarray(DEEP).save(tmp_path / "a.tif", compression=compression)

    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif")[0], DEEP.astype(np.float32))


@pytest.mark.parametrize("planar", [False, True])
def test_tiff_colours_of_any_depth_become_bands(tmp_path, planar):
    bands = np.random.default_rng(3).normal(size=(3, 24, 20)).astype(np.float32)
    written = bands if planar else np.moveaxis(bands, 0, -1)
    layout = "separate" if planar else "contig"
    tifffile.imwrite(tmp_path / "a.tif", written, photometric="rgb", planarconfig=layout)

    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif", 3), bands)


def test_pages_of_a_tiff_are_bands_or_a_stack(tmp_path, cube):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for page in cube:
            writer.write(page, contiguous=True)

    np.testing.assert_array_equal(pixels_of(path, 4), cube)
    rows = [read(source, n_bands=1).pixels[0] for source in find_sources(path, stack=True)]
    np.testing.assert_array_equal(rows, cube)


def test_a_corrupt_tiff_is_not_reported_in_the_log(tmp_path, image, caplog):
    tifffile.imwrite(tmp_path / "a.tif", image)
    stored = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(stored[: len(stored) // 2])

    with pytest.raises(ImageReadError):
        pixels_of(tmp_path / "a.tif")

    assert not caplog.records


@pytest.mark.parametrize("compression", PACKED)
@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA"])
def test_a_tiff_reads_as_a_png_of_the_same_picture(tmp_path, mode, compression):
    picture = Image.fromarray(COLOUR).convert("RGBA")
    picture.putpixel((4, 3), (9, 9, 9, 0))
    picture = picture.convert("RGB").convert("P") if mode == "P" else picture.convert(mode)
    picture.save(tmp_path / "a.png")
    picture.save(tmp_path / "a.tif", compression=compression)
    n_bands = 3 if mode in ("P", "RGBA") else 1

    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif", n_bands), pixels_of(tmp_path / "a.png", n_bands))


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("pixels", [GREY, DEEP], ids=["8 bits", "16 bits"])
def test_where_white_is_zero_bright_is_large_all_the_same(tmp_path, pixels, compression):
    tifffile.imwrite(tmp_path / "black.tif", pixels, photometric="minisblack")
    negative = np.iinfo(pixels.dtype).max - pixels
    tifffile.imwrite(tmp_path / "white.tif", negative, photometric="miniswhite", compression=compression)

    np.testing.assert_array_equal(pixels_of(tmp_path / "white.tif"), pixels_of(tmp_path / "black.tif"))


def test_sixteen_bits_with_white_as_zero_under_lzw_are_inverted_too(tmp_path):
    Image.fromarray(np.uint16(65535) - DEEP).save(tmp_path / "a.tif", compression="tiff_lzw", tiffinfo={262: 0})

    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif")[0], DEEP.astype(np.float32))


def test_floats_with_white_as_zero_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY.astype("f4"), photometric="miniswhite")

    with pytest.raises(ImageReadError, match="zero is white in numbers without a largest"):
        pixels_of(tmp_path / "a.tif")


def test_a_palette_of_sixteen_bits_gives_its_colours(tmp_path):
    colours = np.random.default_rng(3).integers(0, 256, (3, 256)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="palette", colormap=colours.astype(np.uint16) * 257)

    expected = colours[:, GREY] / np.float32(255)

    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif", 3), expected)
    with pytest.raises(ImageShapeError, match="3 planes, the model takes one band"):
        pixels_of(tmp_path / "a.tif", 1)


@pytest.mark.parametrize("compression", ["none", "zlib", "lzw"])
def test_transparency_is_never_a_band(tmp_path, compression):
    picture = np.concatenate([COLOUR, np.full((24, 20, 1), 255, np.uint8)], axis=-1)
    if compression == "lzw":
        Image.fromarray(picture, "RGBA").save(tmp_path / "a.tif", compression="tiff_lzw")
    else:
        packed = {"compression": None if compression == "none" else compression}
        tifffile.imwrite(tmp_path / "a.tif", picture, photometric="rgb", extrasamples=["unassalpha"], **packed)

    with pytest.raises(ImageShapeError, match="3 bands, the model takes 4"):
        pixels_of(tmp_path / "a.tif", 4)


def test_a_fourth_sample_that_is_no_transparency_is_a_band(tmp_path):
    picture = np.random.default_rng(4).normal(size=(24, 20, 4)).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", picture, photometric="rgb", extrasamples=["unspecified"])

    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif", 4), np.moveaxis(picture, -1, 0))


@pytest.mark.parametrize("compression", PACKED)
def test_every_page_is_there_however_it_is_compressed(tmp_path, compression):
    pages = [Image.fromarray(np.roll(GREY, n, 0)) for n in range(3)]
    pages[0].save(tmp_path / "a.tif", compression=compression, save_all=True, append_images=pages[1:])

    rows = [read(source, n_bands=1).pixels[0] for source in find_sources(tmp_path / "a.tif", stack=True)]

    np.testing.assert_array_equal(rows, [np.asarray(page) / np.float32(255) for page in pages])
    with pytest.raises(ImageShapeError, match="--stack"):
        pixels_of(tmp_path / "a.tif")


def test_compressed_pages_of_several_sizes_are_refused(tmp_path):
    pages = [Image.fromarray(GREY), Image.fromarray(GREY[:9])]
    pages[0].save(tmp_path / "a.tif", compression="tiff_lzw", save_all=True, append_images=pages[1:])

    with pytest.raises(ImageReadError, match="pages of several sizes"):
        read(FileSource(str(tmp_path / "a.tif"), index=0), n_bands=1)


def test_pages_of_colours_are_a_stack_of_bands(tmp_path):
    pages = np.stack([COLOUR, COLOUR[::-1]])
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="rgb")

    rows = [read(source, n_bands=3).pixels for source in find_sources(tmp_path / "a.tif", stack=True)]

    np.testing.assert_array_equal(rows, np.moveaxis(pages, -1, 1) / np.float32(255))


def ome(claims: str) -> str:
    return (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" '
        'DimensionOrder="XYZCT" Type="uint16" SizeX="20" SizeY="24" SizeC="1" SizeT="1" '
        f"{claims}</Pixels></Image></OME>"
    )


def test_no_file_is_opened_that_the_metadata_of_another_name(tmp_path):
    tifffile.imwrite(tmp_path / "other.tif", DEEP, description=ome('SizeZ="1"><TiffData/>'), metadata=None)
    (tmp_path / "in").mkdir()
    other = '<TiffData FirstZ="1"><UUID FileName="../other.tif">urn:uuid:1</UUID></TiffData>'
    named = f'SizeZ="2"><TiffData FirstZ="0"/>{other}'
    tifffile.imwrite(tmp_path / "in" / "a.ome.tif", DEEP, description=ome(named), metadata=None)

    np.testing.assert_array_equal(pixels_of(tmp_path / "in" / "a.ome.tif"), DEEP[None].astype(np.float32))


def test_planes_that_are_only_claimed_are_not_read(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", DEEP, description=ome('SizeZ="1000000000"><TiffData/>'), metadata=None)

    np.testing.assert_array_equal(pixels_of(tmp_path / "a.ome.tif"), DEEP[None].astype(np.float32))


def test_an_imagej_stack_that_claims_more_planes_than_the_file_holds_is_refused_or_read_as_it_is(tmp_path):
    claimed = "ImageJ=1.11a\nimages=100000000\nslices=100000000\n"
    tifffile.imwrite(tmp_path / "a.tif", DEEP, description=claimed, metadata=None)

    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif"), DEEP[None].astype(np.float32))


def test_pages_that_come_back_to_themselves_are_counted_once(tmp_path):
    path = tmp_path / "ring.tif"
    tifffile.imwrite(path, GREY, metadata=None)
    with tifffile.TiffFile(path) as file:
        first, tags = file.pages[0].offset, len(file.pages[0].tags)
    stored = bytearray(path.read_bytes())
    link = first + 2 + 12 * tags
    stored[link : link + 4] = len(stored).to_bytes(4, "little")
    path.write_bytes(stored + b"\0\0" + first.to_bytes(4, "little"))  # a page without tags, and then the first again
    with suppress(ImageError):
        read(FileSource(str(path)), n_bands=1)
