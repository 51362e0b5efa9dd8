"""FITS files read to what astropy reads."""

import gzip
import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from zoo_core.errors import ImageError, ImageReadError, ImageShapeError
from zoo_core.images import read
from zoo_core.images.fits import open_gzip
from zoo_core.images.source import FileSource

BITPIX = [np.uint8, np.int16, np.int32, np.int64, np.float32, np.float64]
COMPRESSIONS = [("RICE_1", np.int16), ("RICE_1", np.float32), ("GZIP_1", np.float32), ("GZIP_2", np.float32)]
COMPRESSIONS += [("GZIP_1", np.int32), ("NOCOMPRESS", np.float32)]


def pixels_of(path: str, n_bands: int = 1, **where: object) -> np.ndarray:
    return read(FileSource(path, **where), n_bands=n_bands).pixels


def counts(dtype: type) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 100, (24, 20)).astype(dtype)


@pytest.mark.parametrize("dtype", BITPIX)
def test_every_bitpix_reads_to_the_same_pixels_as_astropy(write_fits, dtype):
    path = write_fits(counts(dtype))

    pixels = pixels_of(path)

    assert pixels.dtype == np.float32 and pixels.dtype.isnative and pixels.flags.c_contiguous
    np.testing.assert_array_equal(pixels[0], fits.getdata(path).astype(np.float32))


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.uint64, np.int8])
def test_unsigned_integers_and_signed_bytes_come_back_from_bzero(write_fits, dtype):
    values = counts(dtype) + dtype(27)
    path = write_fits(values)

    assert "BZERO" in fits.getheader(path)
    np.testing.assert_array_equal(pixels_of(path)[0], values.astype(np.float32))


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32])
def test_bscale_and_bzero_give_physical_values(tmp_path, dtype):
    hdu = fits.PrimaryHDU(counts(dtype))
    hdu.header["BSCALE"], hdu.header["BZERO"] = 0.25, 100.5
    path = str(tmp_path / "scaled.fits")
    path_bytes = hdu.header.tostring().encode() + counts(dtype).astype(counts(dtype).dtype.newbyteorder(">")).tobytes()
    Path(path).write_bytes(path_bytes + b"\0" * (-len(path_bytes) % 2880))

    pixels = pixels_of(path)

    np.testing.assert_array_equal(pixels[0], counts(dtype) * np.float32(0.25) + np.float32(100.5))
    np.testing.assert_array_equal(pixels[0], fits.getdata(path).astype(np.float32))


@pytest.mark.parametrize("blank", [0, 7])
@pytest.mark.parametrize("scaled", [False, True])
def test_blank_integers_are_nan(tmp_path, blank, scaled):
    header = fits.PrimaryHDU(counts(np.int16)).header
    header["BLANK"] = blank
    if scaled:
        header["BSCALE"] = 2.0
    stored = header.tostring().encode() + counts(">i2").tobytes()
    path = tmp_path / "blank.fits"
    path.write_bytes(stored + b"\0" * (-len(stored) % 2880))

    pixels = pixels_of(str(path))[0]

    np.testing.assert_array_equal(np.isnan(pixels), counts(np.int16) == blank)
    assert np.isnan(pixels).any()


def test_nan_in_the_file_stays_nan(write_fits, image):
    image[3, 4] = np.nan

    np.testing.assert_array_equal(pixels_of(write_fits(image))[0], image)


@pytest.mark.parametrize(("algorithm", "dtype"), COMPRESSIONS)
def test_tile_compression_reads_to_the_same_pixels_as_astropy(tmp_path, algorithm, dtype):
    path = str(tmp_path / "image.fits.fz")
    hdu = fits.CompImageHDU(counts(dtype), compression_type=algorithm, name="SCI")
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)

    np.testing.assert_array_equal(pixels_of(path)[0], fits.getdata(path, "SCI").astype(np.float32))


@pytest.mark.parametrize("algorithm", ["HCOMPRESS_1", "PLIO_1"])
def test_compressions_whose_decoder_can_crash_are_refused(tmp_path, algorithm):
    path = str(tmp_path / "image.fits.fz")
    hdu = fits.CompImageHDU(counts(np.int16), compression_type=algorithm)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)

    with pytest.raises(ImageReadError, match=f"{algorithm}, whose decoder is not safe; unpack it first with funpack"):
        pixels_of(path)


def test_blank_pixels_of_a_compressed_float_image_are_nan(tmp_path, image):
    image[5] = np.nan
    path = str(tmp_path / "image.fits.fz")
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(image, compression_type="RICE_1")]).writeto(path)

    assert np.isnan(pixels_of(path)[0, 5]).all() and np.isfinite(pixels_of(path)[0, 6:]).all()


def test_gzip_changes_nothing(write_fits, image):
    path = write_fits(image)
    packed = Path(path + ".gz")
    packed.write_bytes(gzip.compress(Path(path).read_bytes()))

    np.testing.assert_array_equal(pixels_of(str(packed)), pixels_of(path))


@pytest.mark.parametrize("ext", ["SCI", "sci", 1, "1"])
def test_an_extension_is_chosen_by_name_in_any_case_or_by_number(write_fits, image, ext):
    path = write_fits(("SCI", image), ("ERR", image + 1))

    np.testing.assert_array_equal(pixels_of(path, ext=ext)[0], image)


def test_tables_and_empty_primaries_are_no_images(tmp_path, image):
    table = fits.BinTableHDU.from_columns([fits.Column("x", "D", array=np.arange(3.0))])
    path = str(tmp_path / "image.fits")
    fits.HDUList([fits.PrimaryHDU(), table, fits.ImageHDU(image)]).writeto(path)

    np.testing.assert_array_equal(pixels_of(path)[0], image)


def test_a_cube_is_its_bands(write_fits, cube):
    np.testing.assert_array_equal(pixels_of(write_fits(cube), n_bands=4), cube)


def test_leading_axes_of_length_one_are_dropped(write_fits, image):
    np.testing.assert_array_equal(pixels_of(write_fits(image[np.newaxis, np.newaxis]))[0], image)


def test_a_plane_of_a_stack_is_read_alone(write_fits, cube):
    np.testing.assert_array_equal(pixels_of(write_fits(cube), index=2)[0], cube[2])


@pytest.mark.parametrize("ext", [None, "SCI"])
def test_a_header_that_asks_for_more_than_the_file_holds_costs_no_memory(write_fits, image, ext):
    path = write_fits(image if ext is None else ("SCI", image))
    stored = Path(path).read_bytes()
    for axis, length in ((1, 20), (2, 24)):
        stored = stored.replace(f"NAXIS{axis}  = {length:20d}".encode(), f"NAXIS{axis}  = {160_000:20d}".encode())
    Path(path).write_bytes(stored)
    tracemalloc.start()

    with pytest.raises((ImageReadError, ImageShapeError)):
        pixels_of(path, ext=ext)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6  # 160,000 x 160,000 pixels are 100 GB


def test_an_image_larger_than_any_model_takes_is_refused_with_the_way_out(tmp_path):
    header = fits.PrimaryHDU(np.zeros((1, 1), np.uint8)).header
    header["NAXIS1"] = header["NAXIS2"] = 20_000
    path = tmp_path / "mosaic.fits"
    with path.open("wb") as stream:
        stream.write(header.tostring().encode())
        stream.truncate(2880 + 20_000**2 + 2880)  # a sparse file: no disk is used

    with pytest.raises(ImageShapeError, match="too large for one image; take cutouts"):
        pixels_of(str(path))


def test_a_gzip_bomb_is_refused(tmp_path):
    packer = zlib.compressobj(wbits=31)
    start = packer.compress(b"SIMPLE  =" + b" " * 71) + packer.flush(zlib.Z_FULL_FLUSH)
    zeros = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    path = tmp_path / "bomb.fits.gz"
    path.write_bytes(start + zeros * 100)  # 1.6 GB
    tracemalloc.start()

    with path.open("rb") as stream, pytest.raises(ImageReadError, match="unpacks to more than 8 MiB; gunzip it first"):
        open_gzip(stream, str(path), most=2**23)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * 2**23


def test_countless_axes_do_not_keep_the_reader_busy(write_fits, image):
    path = write_fits(("SCI", image))
    stored = Path(path).read_bytes().replace(b"NAXIS   =                    2", b"NAXIS   =            999999999")
    Path(path).write_bytes(stored)

    with pytest.raises(ImageReadError, match="NAXIS = 999999999 in a header"):
        pixels_of(path)


def test_missing_bytes_are_counted(write_fits, cube):
    path = write_fits(cube)
    Path(path).write_bytes(Path(path).read_bytes()[:5000])

    with pytest.raises(ImageReadError, match=f"{2880 + cube.nbytes - 5000} bytes of the image are missing"):
        pixels_of(path, n_bands=4)


def test_every_member_of_a_gzip_file_is_read(tmp_path):
    first, second = BytesIO(), BytesIO()
    hdus = [fits.PrimaryHDU(), *(fits.ImageHDU(np.full((9, 9), n, "f4"), name=f"B{n}") for n in (1, 2))]
    fits.HDUList(hdus[:2]).writeto(first)
    fits.HDUList(hdus).writeto(second)
    stored, cut = second.getvalue(), len(first.getvalue())
    (tmp_path / "a.fits.gz").write_bytes(gzip.compress(stored[:cut]) + gzip.compress(stored[cut:]))

    assert read(FileSource(str(tmp_path / "a.fits.gz"), "B2"), n_bands=1).pixels[0, 0, 0] == 2


def test_a_header_that_claims_two_thousand_million_planes_is_one_row_with_a_reason(tmp_path):
    path = tmp_path / "cube.fits"
    fits.writeto(path, np.ones((3, 4, 4), np.float32))
    path.write_bytes(path.read_bytes().replace(b"NAXIS3  =                    3", b"NAXIS3  =           2147483647"))
    (row,) = FileSource(str(path)).expand(stack=True)
    with pytest.raises(ImageError):
        read(row, n_bands=1)


@pytest.mark.parametrize("key", ["BSCALE", "BZERO", "BLANK"])
def test_a_scaling_that_is_no_number_is_named(tmp_path, write_fits, key):
    path = Path(write_fits(np.arange(480, dtype=np.int16).reshape(24, 20)))
    content = path.read_bytes()
    end = content.index(b"END     ")
    path.write_bytes(content[:end] + f"{key:<8}= '0.5'".encode().ljust(80) + content[end : end + 2720] + content[2880:])

    with pytest.raises(ImageReadError, match=f"{key} = '0.5' in its header is no number"):
        read(FileSource(str(path)), n_bands=1)
