import subprocess
import sys
from pathlib import Path

import pytest

from zoo_core.catalog.registry import core_registry, merge, read_registry
from zoo_core.catalog.specs import Cost
from zoo_core.errors import RegistryError, UnknownNameError

from .distributions import registry_text


def written(folder: Path, text: str, name: str = "registry.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_core_registry_is_well_formed():
    registry = read_registry(core_registry(), "zoo-core")
    assert "finding_space" in registry.datasets
    assert "finding_space" in registry.benchmarks


def test_an_entry_is_read_as_it_is_written(tmp_path):
    changes = {
        "arguments": "{width: 16, rate: 1e-4}",
        "heads": "{classes: [no, yes]}",
        "calibration": "{prior: [0.5], temperature: 1.5}",
        "views": "8",
        "cost": "{parameters: 12, flops: 3400}",
        "trained_on": "[{dataset: rings, domain: simulated, arguments: {n: 9}}, {dataset: mine, domain: real}]",
        "default": "true",
        "known_failures": "[rings]",
    }
    path = written(tmp_path, registry_text({"tiny.a": changes}))
    spec = read_registry(path).models["tiny.a"]
    assert spec.architecture == "tiny"
    assert spec.arguments == {"width": 16, "rate": 1e-4}
    assert spec.heads.classes == ("no", "yes")
    assert spec.calibration.temperature == 1.5
    assert spec.calibration.prior == (0.5,)
    assert spec.training_sets == ("rings", "mine") and spec.domain == "simulated, real"
    assert spec.trained_on[0].arguments == {"n": 9}
    assert spec.views == 8
    assert spec.cost == Cost(parameters=12, flops=3400)
    assert spec.default is True
    assert spec.weights.file == "model.safetensors"
    assert spec.source == str(path)


def test_a_paper_is_written_once_and_named_by_its_key(tmp_path):
    papers = "schema: 2\npapers:\n  Rings2027: |\n    @article{Rings2027}\n"
    path = written(
        tmp_path, registry_text({"tiny.a": {"paper": "Rings2027"}, "tiny.b": {"paper": "Rings2027"}}, papers)
    )
    assert [spec.paper for spec in read_registry(path).models.values()] == ["@article{Rings2027}\n"] * 2

    path = written(tmp_path, registry_text({"tiny.a": {"paper": "Rings2072"}}, papers))
    with pytest.raises(RegistryError, match=r"models: tiny\.a: paper: .*did you mean Rings2027"):
        read_registry(path)


def test_entries_that_name_no_plugin_belong_to_the_distribution_of_the_file(tmp_path):
    path = written(tmp_path, registry_text({"tiny.a": {"plugin": None}}))
    assert read_registry(path, "zoo-mine").models["tiny.a"].plugin == "zoo-mine"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"views": "3"}, "views"),
        ({"views": "yes"}, "views"),
        ({"default": "yes"}, "default"),
        ({"cost": "{flops: 12}"}, "cost.parameters is missing"),
        ({"cost": "{parameters: 1.5}"}, "cost.parameters"),
        ({"licence": None}, "licence is missing"),
        ({"licence": "banana"}, "licence: not a licence of the SPDX list"),
        ({"licence": '""'}, "licence: not a licence of the SPDX list"),
        ({"plugin": None}, "plugin is missing"),
        ({"lisence": "MIT"}, "lisence is not a key"),
        ({"task": "clasification"}, "did you mean classification"),
        ({"heads": "{classes: [lens]}"}, "at least two classes"),
        ({"heads": "{classes: [a, b], temperature: 2.0}"}, "heads.temperature is not a key"),
        ({"bands": "[]"}, "bands"),
        ({"preprocess": "[{size: 101}]"}, "has no `op`"),
        ({"calibration": "{prior: [1.5]}"}, "calibration.prior"),
        ({"calibration": "{prior: [0.5, 0.6]}"}, "sum to 1"),
        ({"calibration": "{prior: [0.0]}"}, "calibration.prior"),
        ({"calibration": "{prior: [0.2]}", "heads": "{classes: [a, b, c]}"}, "one fraction for each class"),
        ({"calibration": "{temperature: 0}"}, "calibration.temperature"),
        ({"calibration": "{temperature: .nan}"}, "calibration.temperature"),
        ({"trained_on": "[{dataset: a, domain: sky}]"}, "trained_on.0.domain"),
        ({"trained_on": "[{domain: real}]"}, "trained_on.0.dataset is missing"),
        ({"known_failures": None}, "known_failures is missing"),
        ({"architecture": "other"}, "an id is `architecture.tag`"),
        ({"weights": '{sha256: "AB", size: 1}'}, "weights.sha256"),
        ({"weights": f'{{sha256: "{"a" * 64}", size: 0}}'}, "weights.size"),
        ({"weights": f'{{sha256: "{"a" * 64}", size: 1, repo: a/b}}'}, "weights: repo and revision go together"),
        ({"weights": f'{{sha256: "{"a" * 64}", size: 1, repo: a/b, revision: main}}'}, "weights.revision"),
        ({"weights": f'{{sha256: "{"a" * 64}", size: 1, file: ../x.safetensors}}'}, "weights.file"),
        ({"weights": f'{{sha256: "{"a" * 64}", size: 1, file: /x.safetensors}}'}, "weights.file"),
        ({"weights": f'{{sha256: "{"a" * 64}", size: 1, file: weights.pt}}'}, "weights.file"),
    ],
)
def test_a_wrong_key_is_named_with_its_entry_and_its_file(tmp_path, changes, key):
    path = written(tmp_path, registry_text({"tiny.a": changes}))
    with pytest.raises(RegistryError) as caught:
        read_registry(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: models: tiny.a: ")
    assert key in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schema: 3\n", "upgrade zoo-core"),
        ("models: {}\n", "schema: 2"),
        ("schema: 2\nmodel: {}\n", "are no sections"),
        ("schema: 2\nmodels: [a]\n", "must be a mapping"),
        ("schema: 2\nmodels: {tiny.a: 3}\n", "an entry is a mapping"),
        ("schema: 2\nmodels: {tiny: {}}\n", "models: tiny: id"),
        ("schema: 2\nmodels: {1: {}}\n", "models: 1: id"),
        ("schema: 2\nschema: 2\n", "'schema' is written twice"),
        ("schema: [1\n", "not valid YAML: line"),
        ("", "holds nothing"),
        ("- 1\n", "holds list"),
        ("!!python/object/apply:os.system ['true']\n", "not valid YAML"),
        ("schema: 2\nbenchmarks: {b: {dataset: d, plugin: p, task: t, metrics: [m], strata: {z: [1, 0]}}}", "rising"),
    ],
)
def test_a_malformed_file_is_named(tmp_path, text, says):
    path = written(tmp_path, text)
    with pytest.raises(RegistryError) as caught:
        read_registry(path)
    assert str(path) in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"schema: 1\x00"])
def test_a_file_that_is_no_text_is_named(tmp_path, content):
    path = tmp_path / "registry.yaml"
    path.write_bytes(content)
    with pytest.raises(RegistryError, match=r"registry\.yaml"):
        read_registry(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RegistryError, match="no such file"):
        read_registry(tmp_path / "registry.yaml")


def test_every_fault_of_an_entry_is_told_at_once(tmp_path):
    path = written(tmp_path, registry_text({"tiny.a": {"views": "3", "domain": "sky", "licence": None}}))
    with pytest.raises(RegistryError) as caught:
        read_registry(path)
    assert [key for key in ("views", "domain", "licence") if key not in str(caught.value)] == []


def test_listing_leaves_the_checks_to_the_use_of_an_entry(tmp_path):
    path = written(tmp_path, registry_text({"tiny.a": {"views": "3"}, "tiny.b": {}}))
    listed = merge([read_registry(path, check=False)])
    assert sorted(listed.models) == ["tiny.a", "tiny.b"]
    assert listed.model("tiny.b").id == "tiny.b"
    with pytest.raises(RegistryError) as caught:
        listed.model("tiny.a")
    assert str(caught.value).startswith(f"{path}: models: tiny.a: views")


@pytest.mark.parametrize("changes", [{"task": None}, {"weights": "3"}, {"weights": None}, {"lisence": "MIT"}])
def test_what_cannot_be_listed_is_named_without_the_checks_too(tmp_path, changes):
    path = written(tmp_path, registry_text({"tiny.a": changes}))
    with pytest.raises(RegistryError) as caught:
        read_registry(path, check=False)
    assert str(caught.value).startswith(f"{path}: models: tiny.a: {next(iter(changes))}")


def test_listing_imports_nothing_heavy():
    code = (
        "import sys; from zoo_core.catalog.registry import catalog; catalog()\n"
        "print(sorted({'torch', 'numpy', 'pydantic', 'huggingface_hub', 'zoo_lastro'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_an_architecture_has_one_default_tag(tmp_path):
    path = written(tmp_path, registry_text({"tiny.a": {"default": "true"}, "tiny.b": {"default": "true"}}))
    with pytest.raises(RegistryError, match="tiny has 2 default tags"):
        read_registry(path)


def test_a_bare_architecture_is_its_default_tag(tmp_path):
    text = registry_text({"tiny.a": {}, "tiny.b": {"default": "true"}, "lone.c": {}, "twin.d": {}, "twin.e": {}})
    listed = merge([read_registry(written(tmp_path, text))])
    assert listed.model("tiny").id == "tiny.b"
    assert listed.model("tiny.a").id == "tiny.a"
    assert listed.model("lone").id == "lone.c"
    with pytest.raises(RegistryError, match=r"name one of twin\.d, twin\.e"):
        listed.model("twin")


def test_an_unknown_name_gives_the_nearest(tmp_path):
    listed = merge([read_registry(written(tmp_path, registry_text({"lastro.space": {}})))])
    with pytest.raises(UnknownNameError, match=r"did you mean lastro\.space"):
        listed.model("lastro.spce")
    with pytest.raises(UnknownNameError, match="did you mean lastro"):
        listed.model("latro")
    with pytest.raises(UnknownNameError, match="no benchmark is called"):
        listed.benchmark("finding")


def test_where_no_name_is_near_the_error_stays_a_line_or_two():
    with pytest.raises(UnknownNameError, match=r"no band is called '%'; known: (b\d\d, ){11}b11 and 88 more$"):
        raise UnknownNameError.among("band", "%", [f"b{k:02d}" for k in range(100)])


def test_the_same_model_in_two_files_is_one_entry(tmp_path):
    files = [written(tmp_path, registry_text({"tiny.a": {}}), name) for name in ("one.yaml", "two.yaml")]
    listed = merge([read_registry(file) for file in files])
    assert listed.conflicts == {}
    assert listed.model("tiny.a").source == str(files[0])


def test_another_file_under_the_same_id_is_an_error_that_names_both(tmp_path):
    other = {"weights": '{sha256: "' + "b" * 64 + '", size: 12}'}
    files = [written(tmp_path, registry_text({"tiny.a": {}, "tiny.c": {}}), "one.yaml")]
    files += [written(tmp_path, registry_text({"tiny.a": other}), "two.yaml")]
    listed = merge([read_registry(file) for file in files])
    with pytest.raises(RegistryError) as caught:
        listed.model("tiny.a")
    assert all(str(file) in str(caught.value) for file in files)
    assert all(digest * 64 in str(caught.value) for digest in "ab")
    assert listed.model("tiny.c").id == "tiny.c", "the others are not disturbed"


@pytest.mark.parametrize("licence", ["MIT", "CC-BY-4.0", "Apache-2.0 OR MIT", "LicenseRef-mine"])
def test_a_licence_is_an_expression_of_spdx(tmp_path, licence):
    path = written(tmp_path, registry_text({"tiny.a": {"licence": licence}}))
    assert read_registry(path).models["tiny.a"].licence == licence


def test_simulated_training_images_cannot_be_listed_as_real(tmp_path):
    core = read_registry(core_registry(), "zoo-core")
    own = written(tmp_path, registry_text({"tiny.a": {"trained_on": "[{dataset: finding_space, domain: real}]"}}))
    listed = merge([core, read_registry(own)])

    with pytest.raises(RegistryError, match=r"finding_space is listed as real, but .* lists it as simulated") as caught:
        listed.model("tiny.a")
    assert str(own) in str(caught.value)
    assert "tiny.a" not in listed.models
