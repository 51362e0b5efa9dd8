"""`zoo predict`."""

import csv
import io
import json
import os
import signal
import sys
from contextlib import contextmanager

import matplotlib.image
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from torch.nn.modules.module import register_module_forward_pre_hook

import zoo_core as zoo
from zoo_core.cli import main
from zoo_core.cli.show import _text


@pytest.fixture
def folder(tmp_path):
    """Five FITS files of 8 x 8 pixels, rising in brightness, and one that is none."""
    images = tmp_path / "images"
    images.mkdir()
    rng = np.random.default_rng(0)
    for number in range(5):
        fits.PrimaryHDU((rng.normal(size=(8, 8)) + number).astype(np.float32)).writeto(images / f"c{number}.fits")
    (images / "c5.fits").write_bytes(b"no image")
    return images


pytestmark = pytest.mark.usefixtures("flat_plugin")


def test_table_is_written_and_the_gallery_drawn(zoo_command, folder, tmp_path):
    out, picture = tmp_path / "scores.csv", tmp_path / "top.png"
    answer = zoo_command("predict", "flat.space", folder / "*.fits", "-o", out, "--gallery", picture)
    assert answer.code == 0 and answer.out == ""
    assert f"5 of 6 images predicted; wrote {out} and {picture}" in answer.err
    assert f"; the one that was not: {Table.read(out)['message'][5]}" in answer.err
    assert list(Table.read(out)["status"]) == ["ok"] * 5 + ["error"]
    assert matplotlib.image.imread(picture).shape[1] > 500


def test_a_terminal_is_told_how_to_see_the_images(zoo_command, folder, monkeypatch):
    hint = "--gallery top.png shows them as pictures"
    assert hint not in zoo_command("predict", "flat.space", folder / "c1.fits").err
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert zoo_command("predict", "flat.space", folder / "c1.fits").err.rstrip().endswith(hint)


def test_a_terminal_tells_a_probability_near_one_from_one():
    rows = [{"p": p} for p in (0.98765432, 0.99996012, 1.0, 12345.678)]

    assert [_text(value) for row in rows for value in row.values()] == ["0.9877", "0.99996", "1", "1.235e+04"]


def test_of_several_that_could_not_be_used_the_first_is_said_and_where_the_others_are(zoo_command, folder):
    (folder / "c0.fits").write_bytes(b"nor this")
    answer = zoo_command("predict", "flat.space", folder)
    assert "4 of 6 images predicted; `message` says what was wrong with the others, first: " in answer.err
    assert "b'nor this'" in answer.err


def test_drawing_says_how_far_it_is(zoo_command, folder, tmp_path, monkeypatch):
    monkeypatch.setattr("zoo_core.cli.show.PATIENCE", 0)

    answer = zoo_command("predict", "flat.space", folder, "--gallery", tmp_path / "top.png", "-o", tmp_path / "t.csv")

    assert "images drawn: 5 of 5" in answer.err


def test_scores_are_those_of_the_library(zoo_command, folder):
    rows = list(csv.DictReader(io.StringIO(zoo_command("predict", "flat", folder).out)))
    table = zoo.load("flat.space").predict(folder)
    assert [row["id"] for row in rows] == list(table["id"])
    np.testing.assert_allclose([float(row["p_lens"]) for row in rows[:5]], table["p_lens"][:5], atol=1e-6)


def test_top_prints_the_best_ranked_first(zoo_command, folder, tmp_path):
    answer = zoo_command("predict", "flat.space", folder, "-o", tmp_path / "a.parquet", "--top", "3", "--json")
    rows = json.loads(answer.out)
    scores = [row["p_lens"] for row in rows]
    assert [row["rank"] for row in rows] == [1, 2, 3] and scores == sorted(scores, reverse=True)
    assert rows[0]["id"] == "c4"


def test_what_must_be_known_of_an_image_stands_below_the_table(zoo_command, tmp_path):
    pixels = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    pixels[0] = np.nan
    fits.PrimaryHDU(pixels).writeto(tmp_path / "cut.fits")

    table, words = zoo_command("predict", "flat.space", tmp_path, "--top", "1").out.rstrip().rsplit("\n", 1)

    assert "message" not in table and words.startswith("1 cut: ")


def test_a_table_names_the_unit_of_each_parameter(zoo_command, tmp_path):
    np.save(tmp_path / "lens.npy", np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32))

    head, *_ = zoo_command(
        "predict", "trivial_regression.hst", tmp_path, "--pixel-scale", "0.05", "--top", "1"
    ).out.splitlines()

    assert "theta_E (arcsec)" in head and "  e1  " in head


def test_parameters_are_shown_with_their_errors_and_draws_written(zoo_command, tmp_path):
    np.save(tmp_path / "lens.npy", np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32))
    asked = ("predict", "resnet_regression.substructure_mass", tmp_path / "lens.npy", "--pixel-scale", "0.05")
    shown = zoo_command(*asked, "--top", "1", "--samples", "3", "--out-dir", tmp_path / "draws").out
    table = zoo_command(*asked).out
    row = next(csv.DictReader(io.StringIO(table)))
    error = float(row["log10_mass_err"])
    assert f"{float(row['log10_mass']):.2f} +- {error:.2f}" in shown and 0.1 < error < 1
    assert len(fits.getdata(tmp_path / "draws" / "lens.fits", 1)) == 3


def test_json_holds_every_row(zoo_command, folder):
    rows = json.loads(zoo_command("predict", "flat.space", folder, "--json").out)
    assert [row["id"] for row in rows] == [f"c{number}" for number in range(6)]
    assert rows[5]["status"] == "error" and rows[5]["p_lens"] is None


def test_exit_code_says_whether_any_image_could_be_used(zoo_command, folder, tmp_path):
    assert zoo_command("predict", "flat.space", folder).code == 0
    assert zoo_command("predict", "flat.space", folder, "--strict").code == 1
    assert zoo_command("predict", "flat.space", folder / "c5.fits", "--gallery", tmp_path / "a.png").code == 1
    assert zoo_command("predict", "flat.space", folder / "gone*.fits").code == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ["--views", "4"],
        ["--batch-size", "0"],
        ["--precision", "int8"],
        ["-o", "scores.txt"],
        ["--device", "gpu"],
        ["--resume"],
        ["--image", "tile.fits"],
        ["--scheduler", "locla"],
        ["--compile", "--scheduler", "local"],
        ["--no-such-option"],
    ],
)
def test_wrong_usage_is_exit_code_two_and_one_clear_message(zoo_command, folder, wrong):
    answer = zoo_command("predict", "flat.space", folder, *wrong)
    assert answer.code == 2 and answer.err and "Traceback" not in answer.err


def test_bands_may_follow_one_option_as_written_in_the_docs(zoo_command, folder):
    answer = zoo_command("predict", "flat.space", folder, "--bands", "VIS=c*.fits", "extra=d*.fits")
    assert answer.code == 2 and "VIS, extra; flat.space takes VIS" in answer.err
    rows = zoo_command("predict", "flat.space", folder, "--bands", "VIS=c*.fits").out.splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == list("012345")


def test_list_of_files_is_read(zoo_command, folder, tmp_path):
    (tmp_path / "list.txt").write_text(f"{folder}/c3.fits\n{folder}/c1.fits\n")
    rows = zoo_command("predict", "flat.space", "--from-file", tmp_path / "list.txt").out.splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["c3", "c1"]


def test_quiet_says_nothing(zoo_command, folder, tmp_path):
    answer = zoo_command("-q", "predict", "flat.space", folder, "-o", tmp_path / "a.csv")
    assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_the_table_names_the_command_that_made_it(zoo_command, folder, tmp_path):
    zoo_command("predict", "flat.space", folder, "-o", tmp_path / "a.ecsv", "--pixel-scale", "0.1")
    meta = Table.read(tmp_path / "a.ecsv").meta
    assert meta["command"] == f"zoo predict flat.space {folder} -o {tmp_path}/a.ecsv --pixel-scale 0.1"
    assert (meta["model"], meta["pixel_scale"]) == ("flat.space", "0.1 arcsec")
    assert meta["weights_sha256"] == zoo.load("flat.space").weights_sha256


@pytest.mark.parametrize(
    ("options", "code", "line"),
    [
        (["-o", "folder.csv"], 1, "it is a folder; name a file in it"),
        (["-o", "gone/a.csv"], 1, "there is no folder gone; make it first"),
        (["--gallery", "a.xyz"], 2, "a.xyz: not the name of a picture; end it with .png, .jpg, .pdf or .svg"),
        (["--catalog", "gone.csv", "--image", "gone.fits"], 1, "gone.csv: no such catalogue"),
    ],
)
def test_what_the_system_refuses_is_one_line(zoo_command, folder, tmp_path, monkeypatch, options, code, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    answer = zoo_command("predict", "flat.space", *([] if "--catalog" in options else [folder]), *options)
    assert answer.code == code and len(answer.err.splitlines()) == 1 and line in answer.err


def test_an_empty_recipe_is_one_line(zoo_command, tmp_path):
    (tmp_path / "empty.yaml").touch()
    answer = zoo_command("train", tmp_path / "empty.yaml", "-o", tmp_path / "run")
    assert answer.code == 1 and len(answer.err.splitlines()) == 1 and "empty.yaml" in answer.err
    assert not (tmp_path / "run").exists()


def test_sigterm_ends_as_ctrl_c_does(zoo_command, folder, tmp_path):
    with when_a_network_computes(lambda: os.kill(os.getpid(), signal.SIGTERM)):
        answer = zoo_command("predict", "flat.space", folder / "c0.fits", "-o", tmp_path / "t.csv")

    assert answer.code == 143
    assert "--resume" in answer.err and answer.err.splitlines()[-1] == "zoo: interrupted"


def test_a_file_that_ends_early_is_no_interruption_but_a_fault(folder, tmp_path):
    def end():
        raise EOFError("No data left in file")

    with when_a_network_computes(end), pytest.raises(EOFError) as fault:
        main(["predict", "flat.space", str(folder / "c0.fits"), "-o", str(tmp_path / "t.csv")])

    assert "fault of the zoo" in fault.value.__notes__[0]


@contextmanager
def when_a_network_computes(act):
    """Does this once, as soon as any network gets its first batch."""
    acts = iter([act])
    hook = register_module_forward_pre_hook(lambda *_: next(acts, lambda: None)())
    try:
        yield
    finally:
        hook.remove()


def test_a_psf_that_the_network_does_not_take_is_remarked_on(zoo_command, folder):
    answer = zoo_command("predict", "flat.space", folder / "c0.fits", "--psf", folder / "c1.fits")
    assert answer.code == 0 and "flat.space takes no PSF: psf= (--psf) changes none of its numbers" in answer.err
