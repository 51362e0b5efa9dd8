"""Results of restored images are what their predictions give."""

import torch

import zoo_core as zoo
from zoo_core.bench.examination import examine
from zoo_core.bench.harness import measure
from zoo_core.bench.results import result_path
from zoo_core.catalog.specs import BenchmarkSpec


def test_a_result_without_classes_is_found_true(tmp_path):
    torch.set_num_threads(1)
    few = {"n": 4, "seed": 5, "cache": str(tmp_path)}
    spec = BenchmarkSpec(
        "few", "restoration_space", "restoration", ("psnr", "arc_flux_error"), few, strata={"arc_snr": (8, 50, 1e5)}
    )
    (result,) = measure([zoo.load("gaussian_filter.denoise", device="cpu")], spec, results=tmp_path)
    assert result.status == "ok" and result.images == {"all": 4} and result.heads == zoo.Heads()
    assert not examine(result_path(tmp_path, "few", "gaussian_filter.denoise"), result, spec, None).reason
