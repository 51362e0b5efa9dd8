"""Noise-free rendering beside caustics under vmap and lenstronomy, a process each."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PEERS = Path(__file__).with_name("render_peers.py")


def seconds_a_scene(peer: str, kind: str) -> float:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", str(PEERS), peer, kind]
    return float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize(("kind", "lead_over_lenstronomy"), [("sie", 4.0), ("epl", 3.0)])
def test_rendering_is_faster_than_its_peers(benchmark, kind, lead_over_lenstronomy):
    ours = benchmark.pedantic(seconds_a_scene, args=("ours", kind), rounds=1)
    peers = {peer: seconds_a_scene(peer, kind) for peer in ("caustics", "lenstronomy")}
    benchmark.extra_info |= {"ours_ms": ours * 1e3} | {f"{peer}_ms": value * 1e3 for peer, value in peers.items()}
    assert peers["caustics"] / ours >= 1, benchmark.extra_info
    assert peers["lenstronomy"] / ours >= lead_over_lenstronomy, benchmark.extra_info


@pytest.mark.timeout(1800)
def test_a_whole_cutout_takes_a_third_of_what_lenstronomy_takes_for_one_lens(benchmark):
    ours = benchmark.pedantic(seconds_a_scene, args=("cutouts", "epl"), rounds=1)
    theirs = seconds_a_scene("lenstronomy", "epl")
    benchmark.extra_info |= {"ours_ms": ours * 1e3, "lenstronomy_ms": theirs * 1e3}
    assert theirs / ours >= 3, benchmark.extra_info


@pytest.mark.timeout(1800)
def test_a_whole_cutout_takes_ten_milliseconds_of_a_core(benchmark):
    ours = benchmark.pedantic(seconds_a_scene, args=("cutouts", "epl"), rounds=1)
    benchmark.extra_info |= {"ours_ms": ours * 1e3}
    assert ours <= 0.010, benchmark.extra_info
