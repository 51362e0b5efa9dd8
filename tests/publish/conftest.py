"""A third party's model, installed as an editable plugin and measured on its own benchmark."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..catalog.distributions import declare

DISTRIBUTION = Path(__file__).parents[1] / "distributions" / "zoo-second"
MODEL = "second.tiny"


def installed(site: Path) -> Path:
    """Metadata of zoo-second in `site`, whose package stays in its source folder."""
    declare(site, "zoo-second", second="zoo_second")
    return site


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of `sys.path` where zoo-second is installed."""
    folder = installed(tmp_path_factory.mktemp("publish") / "site")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DISTRIBUTION)
        patch.syspath_prepend(folder)
        yield folder
    for module in [name for name in sys.modules if name.split(".")[0] == "zoo_second"]:
        del sys.modules[module]


@pytest.fixture(scope="package")
def trained(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model as a folder, with a golden file of what it says here and now."""
    from zoo_core.catalog.folder import write_folder
    from zoo_core.catalog.weights import weights_file
    from zoo_core.datasets.opening import open_dataset
    from zoo_core.models.load import load
    from zoo_core.testing.golden import Samples, write_golden

    folder, model, rings = tmp_path_factory.mktemp("trained"), load(MODEL), open_dataset("second_rings", n=5, seed=9)
    kinds = ("typical", "typical", "typical", "typical", "edge")
    ids = tuple(str(name) for name in rings.truth()["id"])
    samples = Samples(tuple(rings.images(slice(5))), (rings.description.pixel_scale,) * 5, ids, kinds)
    golden = write_golden(model, samples, folder / "golden.safetensors")
    return write_folder(folder / "model", model.spec, weights_file(model.spec), golden)


@pytest.fixture(scope="package")
def results(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the model measured on its benchmark."""
    from zoo_core.bench.harness import benchmark

    folder = tmp_path_factory.mktemp("results")
    (result,) = benchmark([MODEL], on="second_rings", results=folder, device="cpu")
    assert result.status == "ok", result.message
    return folder
