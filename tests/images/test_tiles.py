"""Positions on many tiles."""

import logging
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from zoo_core.errors import ArgumentError, ImageReadError
from zoo_core.images.cutouts import CatalogSource, find_cutouts
from zoo_core.images.tiles import OffTiles

SIDE, SCALE, RA, DEC = 120, 1e-4, 150.0, 2.0  # pixels, degrees a pixel
STEP = 100 * SCALE  # between tiles, which overlap by 20 pixels


@pytest.fixture(scope="module")
def sky() -> np.ndarray:
    """All pixels of the two tiles."""
    return np.random.default_rng(0).normal(size=(SIDE, SIDE + 100)).astype(np.float32)


@pytest.fixture
def tiles(sky, tmp_path) -> Path:
    """Two tiles beside one another along right ascension; `a` is the eastern one."""
    folder = tmp_path / "tiles"
    folder.mkdir()
    for number, name in enumerate("ab"):
        header = fits.Header({"CRVAL1": RA, "CRVAL2": DEC, "CDELT1": -SCALE, "CDELT2": SCALE})
        header.update({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 60.0 - 100 * number, "CRPIX2": 60.0})
        part = sky[:, 100 * number : 100 * number + SIDE]
        fits.PrimaryHDU(part, header).writeto(folder / f"{name}.fits")
    return folder


@pytest.fixture
def catalog(tiles, tmp_path) -> Path:
    """Objects on both tiles in turn, at whole pixels of the sky; one in the overlap, one elsewhere, one nowhere."""
    wcs = WCS(fits.getheader(tiles / "a.fits"))
    x = np.array([30, 190, 40, 180, 112])
    ra, dec = wcs.pixel_to_world_values(x, np.array([30, 40, 50, 60, 70]))
    rows = [f"g{i},{float(a)!r},{float(d)!r}" for i, (a, d) in enumerate(zip(ra, dec, strict=True))]
    path = tmp_path / "catalog.csv"
    path.write_text("\n".join(["id,ra,dec", *rows, "far,10.0,-40.0", "lost,,"]))
    return path


def found(catalog, image, **options):
    return list(find_cutouts(catalog, image, pixels=11, **options))


def test_rows_come_tile_by_tile_and_those_on_none_at_the_end(catalog, tiles):
    rows = found(catalog, tiles)
    assert [row.id for row in rows] == ["g0", "g2", "g1", "g3", "g4", "far", "lost"]
    assert [Path(row.tile.path).stem for row in rows if isinstance(row, CatalogSource)] == list("aabbb")
    assert rows[1].position == pytest.approx((RA + 20 * SCALE, DEC), abs=0.01)
    for row in rows[5:]:
        assert isinstance(row, OffTiles)
        with pytest.raises(ImageReadError, match=rf"catalog\.csv\[\d\]: {row.id} is on none of the tiles"):
            row.load(1)


def test_pixels_are_those_of_the_sky(catalog, tiles, sky):
    centres = {"g0": (30, 30), "g1": (190, 40), "g2": (40, 50), "g3": (180, 60), "g4": (112, 70)}
    for row in found(catalog, [tiles / "b.fits", tiles / "a.fits"])[:5]:
        x, y = centres[row.id]
        np.testing.assert_array_equal(row.load(1).pixels[0], sky[y - 5 : y + 6, x - 5 : x + 6])


def test_bands_of_tiles_are_paired(catalog, tiles, sky):
    for name in "ab":
        header, pixels = fits.getheader(tiles / f"{name}.fits"), fits.getdata(tiles / f"{name}.fits")
        fits.PrimaryHDU(pixels, header).writeto(tiles / f"{name}_r.fits")
        fits.PrimaryHDU(2 * pixels, header).writeto(tiles / f"{name}_i.fits")
    first = found(catalog, {"r": str(tiles / "*_r.fits"), "i": str(tiles / "*_i.fits")})[0]
    pixels = first.load(2).pixels
    np.testing.assert_array_equal(pixels[1], 2 * pixels[0])


def test_a_broken_tile_costs_its_objects(catalog, tiles, caplog):
    (tiles / "b.fits").write_bytes(b"SIMPLE  = nonsense")
    with caplog.at_level(logging.WARNING, "zoo"):
        rows = found(catalog, [tiles / "a.fits", tiles / "b.fits", tiles / "gone.fits"])
    assert [row.id for row in rows if isinstance(row, CatalogSource)] == ["g0", "g2", "g4"]
    assert "b.fits" in caplog.text and "gone.fits: no such file; the tile is left out" in caplog.text


def test_a_truncated_tile_costs_its_cutouts(catalog, tiles):
    path = tiles / "b.fits"
    path.write_bytes(path.read_bytes()[: 2880 + 4 * SIDE * 50])
    rows = {row.id: row for row in found(catalog, tiles)}
    assert rows["g0"].load(1).pixels.shape == (1, 11, 11)
    with pytest.raises(ImageReadError, match=r"b\.fits"):
        rows["g3"].load(1)


def test_pixels_of_a_catalogue_belong_to_one_mosaic(tiles, tmp_path):
    (tmp_path / "pixels.csv").write_text("x,y\n1,2\n")
    with pytest.raises(ArgumentError, match="2 tiles need ra and dec"):
        found(tmp_path / "pixels.csv", tiles)


def test_a_folder_of_parquet_files_is_a_catalogue(tiles, tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in range(2):
        pq.write_table(pa.table({"ID": [number], "RA": [RA], "DEC": [DEC]}), folder / f"{number}.parquet")
    assert [row.id for row in found(folder, tiles)] == ["0", "1"]
    pq.write_table(pa.table({"flux": [1.0]}), folder / "0.parquet")
    (folder / "1.parquet").unlink()
    with pytest.raises(ImageReadError, match=r"parts: needs columns ra and dec \(degrees\) or x and y; it has flux"):
        found(folder, tiles)
    (folder / "0.parquet").unlink()
    with pytest.raises(ImageReadError, match="no HATS catalogue, and no Parquet files in it"):
        found(folder, tiles)


@pytest.mark.parametrize("span", [(0, 2), (1, 6), (4, 7), (7, 7)])
def test_a_part_has_the_same_objects_and_only_the_tiles_that_they_are_on(catalog, tiles, span):
    cutouts = find_cutouts(catalog, tiles, pixels=11)
    part = cutouts.part(*span)
    assert repr(list(part)) == repr(list(cutouts)[slice(*span)])  # NaN is not equal to itself
    assert {tile.path for tile in part.tiles} == {row.tile.path for row in part if isinstance(row, CatalogSource)}
    assert len(part.names.buffers()[2] or b"") < 64
