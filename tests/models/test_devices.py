"""The precision that is asked for, and the one that a CPU is quick in."""

import pytest
import torch

from zoo_core.models import devices
from zoo_core.models.devices import precision_on

CPU = torch.device("cpu")


@pytest.fixture
def unit(monkeypatch):
    """`unit(name)`: from here on the CPU's vector unit is called so."""
    devices._cpu_precision.cache_clear()
    yield lambda name: monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: name)
    devices._cpu_precision.cache_clear()


@pytest.mark.parametrize(("name", "found"), [("AVX2", "float32"), ("DEFAULT", "float32"), ("AVX512", "bf16")])
def test_only_a_cpu_with_bf16_computes_in_it(unit, name, found):
    unit(name)
    assert precision_on(CPU, "bf16") == found
    assert precision_on(CPU, "float32") == "float32"
    assert precision_on(torch.device("cuda"), "bf16") == "bf16"


def test_one_warning_says_so(unit, caplog):
    unit("AVX2")
    for _ in range(3):
        precision_on(CPU, "bf16")
    assert len(caplog.records) == 1 and "(AVX2) is several times slower in bf16" in caplog.text


def test_what_is_unknown_stays_so_that_it_can_be_refused(unit):
    unit("AVX2")
    assert precision_on(CPU, "float8") == "float8"
