import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoo_core.catalog.folder import fetch, read_folder, write_folder
from zoo_core.catalog.specs import ModelSpec, TrainedOn, WeightsSpec
from zoo_core.catalog.weights import golden_file, weights_file
from zoo_core.errors import ChecksumError, FileError, UnknownNameError, WeightsError
from zoo_core.tasks import Calibration, Heads

from .conftest import REPO
from .distributions import install, registry_text

CONTENT = b"weights" * 100
SPEC = ModelSpec(
    id="tiny.a",
    architecture="tiny",
    plugin="zoo-tiny",
    task="regression",
    heads=Heads(parameters=("theta_E", "q"), units=("arcsec", "")),
    bands=("g", "i"),
    pixel_scale=0.2,
    preprocess=({"op": "frame", "size": 8}, {"op": "stack", "of": [{"op": "asinh", "softening": 1.0}]}),
    weights=WeightsSpec(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT)),
    arguments={"width": 4},
    views=8,
    calibration=Calibration(1.25, (0.5,)),
    summary="Größe",
    trained_on=(TrainedOn("rings", "simulated", {"n": 9}, 1),),
    licence="MIT",
    known_failures=("edge-on discs",),
)


@pytest.fixture
def weights(tmp_path) -> Path:
    path = tmp_path / "trained.safetensors"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def folder(tmp_path, weights) -> Path:
    return write_folder(tmp_path / "folder", SPEC, weights)


def test_a_folder_holds_all_that_the_entry_says(folder):
    read = read_folder(folder)
    assert replace(read, source="", preprocess=SPEC.preprocess) == SPEC
    assert json.loads(json.dumps(read.preprocess)) == json.loads(json.dumps(SPEC.preprocess))
    assert weights_file(read) == folder / "model.safetensors"
    assert weights_file(read).read_bytes() == CONTENT


def test_a_folder_keeps_the_golden_file(tmp_path, weights):
    golden = tmp_path / "golden"
    golden.write_bytes(b"golden")
    read = read_folder(write_folder(tmp_path / "folder", SPEC, weights, golden))
    assert golden_file(read).read_bytes() == b"golden"
    (tmp_path / "folder" / "golden.safetensors").write_bytes(b"gilded")
    with pytest.raises(ChecksumError, match=r"golden\.safetensors: sha256 is"):
        golden_file(read)


def test_size_and_checksum_are_those_of_the_file_that_is_written(tmp_path, weights):
    stale = replace(SPEC, weights=WeightsSpec("0" * 64, 1, repo="a/b", revision="0" * 40))
    assert read_folder(write_folder(tmp_path / "folder", stale, weights)).weights == SPEC.weights


def test_a_folder_can_be_moved(folder, tmp_path):
    moved = folder.rename(tmp_path / "elsewhere")
    assert weights_file(read_folder(moved)).read_bytes() == CONTENT


def test_a_changed_file_is_refused(folder):
    (folder / "model.safetensors").write_bytes(CONTENT.swapcase())
    with pytest.raises(ChecksumError, match=r"model\.safetensors: sha256 is"):
        weights_file(read_folder(folder))


@pytest.mark.parametrize("kept", [0, 10, len(CONTENT) - 1])
def test_a_file_that_was_cut_short_is_refused(folder, kept):
    (folder / "model.safetensors").write_bytes(CONTENT[:kept])
    with pytest.raises(WeightsError, match=rf"{kept} bytes, config\.json says {len(CONTENT)}"):
        read_folder(folder)


def test_missing_files_are_named(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"model\.safetensors: missing"):
        read_folder(folder)
    (folder / "config.json").unlink()
    with pytest.raises(WeightsError, match=r"no config\.json"):
        read_folder(folder)


def test_a_half_written_config_is_refused(folder):
    config = folder / "config.json"
    text = config.read_text()
    for length in range(0, len(text.rstrip()), 7):
        config.write_text(text[:length])
        with pytest.raises(WeightsError, match=r"config\.json"):
            read_folder(folder)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*SPEC.__dataclass_fields__, "schema", "classes", "x"]), JSON, min_size=1))
def test_whatever_config_says_is_read_or_refused_by_name(folder, changes):
    config = folder / "config.json"
    original = config.read_text()
    config.write_text(json.dumps(json.loads(original) | changes))
    try:
        assert isinstance(read_folder(folder), ModelSpec)
    except WeightsError as error:
        assert "config.json" in str(error)
    finally:
        config.write_text(original)


@pytest.mark.parametrize("file", ["../../secret.safetensors", "/etc/passwd", "a/../../b.safetensors", "x\\..\\y"])
def test_a_path_out_of_the_folder_is_refused(folder, file):
    config = folder / "config.json"
    entry = json.loads(config.read_text())
    entry["weights"]["file"] = file
    config.write_text(json.dumps(entry))
    with pytest.raises(WeightsError, match=r"weights\.file"):
        read_folder(folder)


def test_a_folder_of_a_newer_zoo_says_upgrade(folder):
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"schema": 3}))
    with pytest.raises(WeightsError, match="upgrade zoo-core"):
        read_folder(folder)


def test_what_is_already_there_is_not_overwritten(tmp_path, weights):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("ten years")
    for place in ("full", "trained.safetensors"):
        with pytest.raises(WeightsError, match="not an empty folder"):
            write_folder(tmp_path / place, SPEC, weights)
    assert (tmp_path / "full" / "thesis.tex").read_text() == "ten years"


def test_a_failed_write_leaves_nothing(tmp_path, weights):
    with pytest.raises(FileError, match="no golden file"):
        write_folder(tmp_path / "folder", SPEC, weights, tmp_path / "no golden file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trained.safetensors"]


def test_a_write_that_is_killed_leaves_no_folder_that_looks_whole(tmp_path):
    code = (
        "import os, signal; from pathlib import Path; from zoo_core.catalog.folder import whole_folder\n"
        f"with whole_folder(Path({str(tmp_path / 'folder')!r})) as partial:\n"
        "    (partial / 'config.json').write_text('{}'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert not (tmp_path / "folder").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path, weights):
    with pytest.raises(FileError, match=r"trained\.safetensors/folder: file exists; a file"):
        write_folder(weights / "folder", SPEC, weights)


@pytest.fixture
def plugin(tmp_path, monkeypatch) -> Path:
    """An installed plugin with `tiny.a`, bundled."""
    monkeypatch.syspath_prepend(tmp_path / "site")
    entry = {"weights": f'{{sha256: "{SPEC.weights.sha256}", size: {SPEC.weights.size}}}', "default": "true"}
    package = install(tmp_path / "site", "tiny", "zoo_tiny", registry=registry_text({"tiny.a": entry}))
    (package / "weights").mkdir()
    (package / "weights" / "tiny.a.safetensors").write_bytes(CONTENT)
    return package


def test_fetch_makes_a_folder_of_a_bundled_model(plugin, tmp_path):
    read = read_folder(fetch("tiny", tmp_path / "new" / "folder"))
    assert read.id == "tiny.a"
    assert weights_file(read).read_bytes() == CONTENT


def test_fetch_takes_the_golden_file_along(plugin, tmp_path):
    (plugin / "weights" / "tiny.a.golden.safetensors").write_bytes(b"golden")
    assert golden_file(read_folder(fetch("tiny.a", tmp_path / "folder"))).read_bytes() == b"golden"


def test_fetching_twice_changes_nothing(plugin, tmp_path):
    config = fetch("tiny.a", tmp_path / "folder") / "config.json"
    before = config.stat().st_mtime_ns
    fetch("tiny.a", tmp_path / "folder")
    assert config.stat().st_mtime_ns == before


def test_fetch_into_a_damaged_folder_is_refused(plugin, tmp_path):
    (fetch("tiny.a", tmp_path / "folder") / "model.safetensors").write_bytes(CONTENT.swapcase())
    with pytest.raises(WeightsError, match="not an empty folder"):
        fetch("tiny.a", tmp_path / "folder")


def test_fetch_of_an_unknown_model_writes_nothing(plugin, tmp_path):
    with pytest.raises(UnknownNameError, match=r"did you mean tiny\.a"):
        fetch("tiny.aa", tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


def test_fetch_brings_a_model_from_the_hub(hub, tmp_path):
    """As on a login node: the folder is then all that an air-gapped node needs."""
    revision = hub.add(REPO, {"model.safetensors": CONTENT, "golden.safetensors": b"golden"})
    place = f'repo: {REPO}, revision: "{revision}", golden: golden.safetensors'
    weights = f'{{sha256: "{SPEC.weights.sha256}", size: 1, {place}}}'
    install(tmp_path / "site", "tiny", "zoo_tiny", registry=registry_text({"tiny.a": {"weights": weights}}))
    code = f"from zoo_core.catalog.folder import fetch; fetch('tiny.a', {str(tmp_path / 'folder')!r})"
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path / "site"),
        "HF_ENDPOINT": hub.url,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(tmp_path / "hf"),
    }
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    read = read_folder(tmp_path / "folder")
    assert weights_file(read).read_bytes() == CONTENT
    assert golden_file(read).read_bytes() == b"golden"
