"""`zoo deblend` writes arcs alone, as files that know where they are on the sky."""

import numpy as np
from astropy.io import fits
from astropy.table import Table

SIDE = 61
Y, X = np.indices((SIDE, SIDE)) - (SIDE - 1) / 2
RADIUS = np.hypot(X, Y)
GALAXY, RING = 400 * np.exp(-RADIUS / 3), 6 * np.exp(-((RADIUS - 14) ** 2) / 4) * (1 + X / 20).clip(0)


def test_a_command_writes_the_arcs_with_their_place_on_the_sky(zoo_command, tmp_path):
    rng = np.random.default_rng(8)
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 31, "CRPIX2": 31, "CRVAL1": 10.0})
    header.update({"CRVAL2": 5.0, "CDELT1": -1e-4 / 3.6, "CDELT2": 1e-4 / 3.6, "BUNIT": "nJy"})
    for band, share in (("g", 0.5), ("i", 1.0)):
        image = 3e-3 * (share * GALAXY + (1.4 - share) * RING + rng.normal(size=RADIUS.shape)).astype(np.float32)
        fits.PrimaryHDU(image, header).writeto(tmp_path / f"a_{band}.fits")

    one = zoo_command("deblend", "sersic", tmp_path / "a_i.fits", "--size", "61", "--out-dir", tmp_path / "sersic")
    patterns = ("--bands", f"g={tmp_path}/*_g.fits", f"i={tmp_path}/*_i.fits")
    table, picture = tmp_path / "a.csv", tmp_path / "a.png"
    two = zoo_command(
        "deblend", "ica", *patterns, "--size", "61", "--out-dir", tmp_path / "ica", "-o", table, "--gallery", picture
    )

    assert (one.code, two.code) == (0, 0) and picture.exists()
    assert f"1 of 1 images deblended; wrote {table} and {tmp_path / 'ica'} and {picture}" in two.err
    ((single,), (both,)) = (list((tmp_path / name).rglob("*.fits")) for name in ("sersic", "ica"))
    assert Table.read(table)["output"][0] == str(both)
    with fits.open(single) as file:
        assert file[0].data.shape == (61, 61) and file[0].header["BUNIT"] == "nJy"
        assert file[0].header["CRVAL1"] == 10.0 and file[0].header["MODEL"] == "deblend.sersic"
        assert abs(file[0].data[RADIUS < 5].mean()) < 0.1 * 3e-3 * GALAXY[RADIUS < 5].mean()
    arcs = fits.getdata(both)
    assert arcs.shape == (61, 61) and np.corrcoef(arcs[RADIUS > 8], RING[RADIUS > 8])[0, 1] > 0.5


def test_it_says_why_nothing_was_deblended_and_what_of_an_image_was(zoo_command, tmp_path):
    fits.writeto(tmp_path / "a_g.fits", GALAXY.astype(np.float32))
    patterns = ("--bands", f"g={tmp_path}/*_g.fits", f"i={tmp_path}/*_z.fits")

    none = zoo_command("deblend", "ica", *patterns, "--out-dir", tmp_path / "ica")
    part = zoo_command("deblend", "sersic", tmp_path / "a_g.fits", "--size", "41", "--out-dir", tmp_path / "part")

    assert none.code == 1 and "0 of 1 images deblended; the one that was not: " in none.err
    assert "only the middle 41 x 41 of 61 x 61 pixels is used (1 of 1 images)" in part.err


def test_an_image_whose_lens_is_not_gone_is_no_success(zoo_command, tmp_path):
    noise = np.random.default_rng(9).normal(size=RADIUS.shape)
    for name, image in (("a_lens", GALAXY + RING), ("b_beside", np.roll(GALAXY, 13, axis=1))):
        fits.writeto(tmp_path / f"{name}.fits", (image + noise).astype(np.float32))
    table, folder = tmp_path / "t.csv", tmp_path / "out"

    done = zoo_command("deblend", "sersic", tmp_path / "*.fits", "--size", "61", "--out-dir", folder, "-o", table)

    lens, beside = Table.read(table)
    assert done.code == 0 and "1 of 2 images deblended" in done.err
    assert (lens["status"], beside["status"]) == ("ok", "error") and lens["chi_square"] < 3
    assert beside["message"] == "the Sersic profile is that of another object, 13 pixels from the middle"
    assert [file.name for file in folder.rglob("*.fits")] == ["a_lens.fits"]


def test_bands_without_light_are_not_deblended_by_colour(zoo_command, tmp_path):
    for band in "gi":
        image = np.random.default_rng(ord(band)).normal(size=RADIUS.shape).astype(np.float32)
        fits.writeto(tmp_path / f"a_{band}.fits", image)
    patterns = ("--bands", f"g={tmp_path}/*_g.fits", f"i={tmp_path}/*_i.fits")

    done = zoo_command("deblend", "ica", *patterns, "--size", "61", "--out-dir", tmp_path / "ica")

    assert done.code == 1 and "not: too few pixels are bright enough to tell colours" in done.err
