import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from zoo_core.catalog.registry import catalog
from zoo_core.catalog.specs import ModelSpec, WeightsSpec
from zoo_core.catalog.weights import golden_file, weights_file
from zoo_core.errors import ChecksumError, NotInstalledError, WeightsError

from .distributions import install, registry_text

CONTENT = b"bundled weights"
ENTRY = {"weights": f'{{sha256: "{hashlib.sha256(CONTENT).hexdigest()}", size: {len(CONTENT)}}}'}


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    """An installed plugin with the weights and the golden file of `tiny.a`."""
    monkeypatch.syspath_prepend(tmp_path / "site")
    code = "raise RuntimeError('imported')"
    folder = install(tmp_path / "site", "tiny", "zoo_tiny", code, registry_text({"tiny.a": ENTRY}))
    (folder / "weights").mkdir()
    (folder / "weights" / "tiny.a.safetensors").write_bytes(CONTENT)
    (folder / "weights" / "tiny.a.golden.safetensors").write_bytes(b"golden")
    return folder


@pytest.fixture
def spec(package) -> ModelSpec:
    return catalog().model("tiny.a")


def test_bundled_files_are_found_without_importing_their_plugin(package, spec):
    assert weights_file(spec) == package / "weights" / "tiny.a.safetensors"
    assert golden_file(spec) == package / "weights" / "tiny.a.golden.safetensors"


def test_a_bundled_file_needs_neither_a_network_nor_its_client(package):
    code = (
        "import sys\n"
        "from zoo_core.catalog.registry import catalog\n"
        "from zoo_core.catalog.weights import weights_file\n"
        "def refuse(event, arguments):\n"
        "    assert not event.startswith('socket.'), event\n"
        "sys.addaudithook(refuse)\n"
        "weights_file(catalog().model('tiny.a'))\n"
        "print('huggingface_hub' in sys.modules)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(package.parent)}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == ("False\n", "")


def test_a_bundled_file_comes_before_the_hub(package, spec):
    """A repository that does not exist is never asked."""
    published = replace(spec, weights=replace(spec.weights, repo="nobody/nothing", revision="0" * 40))
    assert weights_file(published) == package / "weights" / "tiny.a.safetensors"


def test_weights_may_come_with_another_plugin_than_their_architecture(package, spec):
    """A distribution that only ships a registry and weights for somebody else's network."""
    assert weights_file(replace(spec, plugin="zoo-elsewhere")) == package / "weights" / "tiny.a.safetensors"


def test_a_bundled_file_with_another_checksum_is_refused_and_kept(package, spec):
    file = package / "weights" / "tiny.a.safetensors"
    file.write_bytes(b"other weights")
    with pytest.raises(ChecksumError) as caught:
        weights_file(spec)
    assert str(file) in str(caught.value)
    assert hashlib.sha256(b"other weights").hexdigest() in str(caught.value)
    assert "reinstall zoo-tiny" in str(caught.value)
    assert file.exists()


def test_a_plugin_without_its_file_is_named(package, spec):
    (package / "weights" / "tiny.a.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"zoo-tiny is installed without the weights of tiny\.a; reinstall"):
        weights_file(spec)


def test_a_golden_file_with_another_checksum_than_its_entry_says_is_refused(package, spec):
    right, wrong = (
        replace(spec, weights=replace(spec.weights, golden_sha256=hashlib.sha256(content).hexdigest()))
        for content in (b"golden", b"gilded")
    )
    assert golden_file(right) == golden_file(spec)
    with pytest.raises(ChecksumError, match=r"tiny\.a\.golden\.safetensors: sha256 is .*reinstall zoo-tiny"):
        golden_file(wrong)


def test_a_missing_golden_file_is_named(package, spec):
    (package / "weights" / "tiny.a.golden.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"tiny\.a has no golden file"):
        golden_file(spec)


def test_weights_of_a_plugin_that_is_not_installed_say_what_to_install(spec):
    absent = replace(spec, plugin="zoo-absent", source="", weights=WeightsSpec("a" * 64, 1))
    with pytest.raises(NotInstalledError, match="pip install zoo-absent"):
        weights_file(absent)
