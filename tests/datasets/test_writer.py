"""`zoo simulate` writes what the data set holds, once, whatever interrupts it."""

import csv

import h5py
import numpy as np
import pytest
import torch
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales

from zoo_core.datasets import writer
from zoo_core.datasets.simulated.finding import finding_space
from zoo_core.datasets.simulated.substructure import substructure
from zoo_core.datasets.writer import simulate
from zoo_core.errors import DatasetError, FileError

N, SEED = 12, 2


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(writer, "BLOCK", 5)


@pytest.fixture(scope="module")
def expected():
    return finding_space(n=N, seed=SEED).make(0, N)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("written")
    ticks = []
    simulate("finding_space", N, SEED, out, progress=lambda done, total: ticks.append((done, total)))
    return out, ticks


def rows(out):
    with (out / "truth.csv").open() as file:
        return list(csv.DictReader(file))


def test_fits_files_hold_the_images_and_the_pixel_scale(written, expected):
    out, _ = written
    for row, image in zip(rows(out), expected[0], strict=True):
        with fits.open(out / f"{row['id']}.fits") as file:
            np.testing.assert_allclose(file[0].data, image[0], rtol=1e-6)
            scales = proj_plane_pixel_scales(WCS(file[0].header)) * 3600
            np.testing.assert_allclose(scales, 0.1, rtol=1e-9)


def test_the_truth_has_a_row_an_image_in_order(written, expected):
    table = rows(written[0])
    assert [row["id"] for row in table] == finding_space(n=N, seed=SEED).ids(range(N))
    np.testing.assert_allclose([float(row["theta_E"]) for row in table], expected[1]["theta_E"])
    assert [int(row["label"]) for row in table] == expected[1]["label"].tolist()


def test_progress_counts_to_the_end(written):
    counts = [done for done, _ in written[1]]
    assert counts == sorted(counts) and written[1][-1] == (N, N)


def test_nothing_but_the_result_is_left(written):
    names = {path.name for path in written[0].iterdir()}
    assert names == {f"{name}.fits" for name in finding_space(n=N, seed=SEED).ids(range(N))} | {
        "truth.csv",
        "simulation.json",
    }


class Interrupted(Exception):
    """Raised by the progress of a run that is to stop."""


def stop_after(count):
    def tick(done, total):
        if done >= count:
            raise Interrupted

    return tick


@pytest.mark.parametrize("format", ["fits", "hdf5"])
def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, expected, format):
    with pytest.raises(Interrupted):
        simulate("finding_space", N, SEED, tmp_path, format=format, progress=stop_after(5))
    assert not (tmp_path / "truth.csv").exists()
    first = {path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    simulate("finding_space", N, SEED, tmp_path, format=format)
    kept = [path for path in tmp_path.glob("*.fits") if path.name in first]
    assert all(path.stat().st_mtime_ns == first[path.name] for path in kept) and len(rows(tmp_path)) == N
    if format == "hdf5":
        with h5py.File(tmp_path / "images.h5") as file:
            sigma = np.nanstd(expected[0], axis=(2, 3), keepdims=True)  # the images of a batch differ by their rounding
            np.testing.assert_allclose(file["images"][:] / sigma, expected[0] / sigma, atol=1e-4)
            assert file["images"].attrs["pixel_scale"] == 0.1
            assert file["truth/kind"].asstr()[:].tolist() == expected[1]["kind"].tolist()


def test_a_finished_folder_is_left_alone(written):
    before = (written[0] / "truth.csv").stat().st_mtime_ns
    simulate("finding_space", N, SEED, written[0])
    assert (written[0] / "truth.csv").stat().st_mtime_ns == before


def test_another_simulation_needs_leave_to_replace(tmp_path):
    simulate("finding_space", 2, 5, tmp_path)
    with pytest.raises(DatasetError, match=r"holds another simulation .* pass overwrite=True \(--overwrite\)"):
        simulate("finding_space", 2, 6, tmp_path)
    (tmp_path / "mine.fits").write_text("not ours")
    simulate("finding_space", 2, 6, tmp_path, overwrite=True)
    names = sorted(path.name for path in tmp_path.glob("*.fits"))
    assert names == ["finding_space-6-000000.fits", "finding_space-6-000001.fits", "mine.fits"]


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="jpeg"):
        simulate("finding_space", 2, 5, tmp_path, format="jpeg")


def test_sets_that_exist_already_cannot_be_simulated(tmp_path):
    with pytest.raises(DatasetError, match=r"blf1_space is read from files.*cannot be simulated"):
        simulate("blf1_space", 2, 5, tmp_path)


def test_deeplense_layout_is_a_folder_a_class_of_plain_arrays(tmp_path):
    source = substructure(n=N, seed=SEED)
    with pytest.raises(Interrupted):
        simulate("substructure", N, SEED, tmp_path, format="deeplense", progress=stop_after(5))
    first = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy") if path.parent.name != ".parts"}
    simulate("substructure", N, SEED, tmp_path, format="deeplense")
    assert len(first) == 5 and all(path.stat().st_mtime_ns == time for path, time in first.items())
    images, truth = source.make(0, N)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["no", "sphere", "vort"]
    for name, kind, image in zip(source.ids(range(N)), truth["class"], images, strict=True):
        array = np.load(tmp_path / kind / f"{name}.npy", allow_pickle=False)
        assert array.shape == (1, 64, 64) and array.dtype == np.float32
        np.testing.assert_allclose(array, image, atol=1e-3)  # of the noise
    assert [row["class"] for row in rows(tmp_path)] == truth["class"].tolist()


def test_arguments_of_the_data_set_are_passed_on(tmp_path):
    simulate("substructure", 2, SEED, tmp_path, arguments={"difficulty": "real"})
    assert sorted(path.name for path in tmp_path.glob("*.fits")) == [
        f"substructure-real-{SEED}-{i:06d}.fits" for i in range(2)
    ]


def test_another_deeplense_simulation_replaces_only_its_own_files(tmp_path):
    simulate("substructure", 3, 5, tmp_path, format="deeplense")
    (tmp_path / "no" / "mine.npy").write_bytes(b"not ours")
    simulate("substructure", 2, 6, tmp_path, format="deeplense", overwrite=True)
    names = sorted(path.name for path in tmp_path.glob("*/*.npy"))
    assert names == ["mine.npy", "substructure-easy-6-000000.npy", "substructure-easy-6-000001.npy"]


def test_deeplense_layout_needs_classes(tmp_path):
    with pytest.raises(DatasetError, match="substructure_mass has no classes"):
        simulate("substructure_mass", 2, 5, tmp_path, format="deeplense")


def test_a_folder_of_something_else_is_no_finished_simulation(tmp_path):
    (tmp_path / "truth.csv").write_text("id\nmine\n")

    with pytest.raises(DatasetError, match=r"holds truth\.csv, which is no part of a simulation"):
        simulate("finding_space", n=N, seed=SEED, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["truth.csv"]


def test_the_second_run_into_a_folder_is_refused(tmp_path):
    def second(done, total):
        with pytest.raises(FileError, match="another run is writing there"):
            simulate("finding_space", N, SEED, tmp_path)

    simulate("finding_space", N, SEED, tmp_path, progress=second)
    assert len(rows(tmp_path)) == N


def test_a_block_of_no_bytes_is_made_again(written, tmp_path):
    def killed(done, total):
        raise Interrupted

    with pytest.raises(Interrupted):
        simulate("finding_space", N, SEED, tmp_path, progress=killed)
    (truth,) = (tmp_path / ".parts").glob("*.truth.npy")
    truth.write_bytes(b"")
    simulate("finding_space", N, SEED, tmp_path)
    assert (tmp_path / "truth.csv").read_text() == (written[0] / "truth.csv").read_text()
