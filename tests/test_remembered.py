"""Registry files are parsed once, and read again when they change."""

import os

import pytest

from zoo_core.catalog.registry import read_registry
from zoo_core.errors import RegistryError
from zoo_core.remembered import instructions, remembered

from .catalog.distributions import registry_text


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "zoo" / "remembered"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "registry.yaml"
    path.write_text(registry_text({"tiny.one": {}}))
    return path


def test_what_is_remembered_is_read_again_when_its_state_changes(cache):
    first = remembered("name", "state", lambda: {"read": 1})

    assert remembered("name", "state", lambda: {"read": 2}) == first == {"read": 1}
    assert remembered("other", "state", lambda: {"read": 3}) == {"read": 3}
    assert remembered("name", "another", lambda: {"read": 4}) == {"read": 4}


def test_code_that_says_something_else_is_the_same_code():
    said = b"'Said.'\nclass A:\n    'A class.'\n    x = (1)  # one\n    'A number.'\n"
    assert instructions(said) == instructions(b"class A:\n    x = 1")


@pytest.mark.parametrize("other", [b"x = 2", b"x = '1'", b"x = 1; x", b"y = 1", b"class A: x = 1"])
def test_code_that_computes_something_else_is_other_code(other):
    assert instructions(other) != instructions(b"x = 1")


def test_a_file_that_did_not_change_is_not_parsed_again(cache, path):
    first, when = read_registry(path), path.stat()
    path.write_text("#" * when.st_size)
    os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))

    assert read_registry(path) == first


@pytest.mark.parametrize("change", ["size", "time"])
def test_a_file_that_changed_is_parsed_again(cache, path, change):
    read_registry(path)
    if change == "size":
        path.write_text(registry_text({"tiny.another": {}}))
    else:
        path.write_text(registry_text({"tiny.two": {}}))
        os.utime(path, ns=(0, 1))

    assert list(read_registry(path).models) == ["tiny.another" if change == "size" else "tiny.two"]


def test_the_same_models_are_listed_with_and_without_a_cache(cache, path):
    assert read_registry(path, "zoo-tiny") == read_registry(path, "zoo-tiny")
    assert len(list(cache.iterdir())) == 1


def test_an_entry_that_was_only_listed_is_still_checked(cache, path):
    path.write_text(registry_text({"tiny.one": {"licence": "none"}}))
    read_registry(path, "zoo-tiny", check=False)

    with pytest.raises(RegistryError, match="licence"):
        read_registry(path, "zoo-tiny")
    with pytest.raises(RegistryError, match="licence"):
        read_registry(path, "zoo-tiny")


def test_what_json_would_change_is_not_kept(cache, path):
    assert remembered("name", "", lambda: {"keys": {1: "a number"}}) == {"keys": {1: "a number"}}
    assert not cache.exists()


def test_what_was_kept_long_ago_is_removed_when_something_new_is_kept(cache):
    remembered("old", "", lambda: {"read": 1})
    (old,) = cache.iterdir()
    os.utime(old, (0, 0))

    remembered("new", "", lambda: {"read": 2})

    assert len(list(cache.iterdir())) == 1 and not old.exists()


@pytest.mark.parametrize("damage", ["", "[]", '{"state": 1}', "no JSON"])
def test_a_damaged_cache_does_not_matter(cache, path, damage):
    before = read_registry(path)
    for kept in cache.iterdir():
        kept.write_text(damage)

    assert read_registry(path) == before


def test_a_cache_that_cannot_be_written_does_not_matter(cache, path):
    cache.parent.parent.write_text("a file where the folder would be")

    assert list(read_registry(path).models) == ["tiny.one"]
