"""Schedulers that cannot be used, and the jobs that a description submits."""

import signal
import socket
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

import zoo_core as zoo
from zoo_core.errors import SchedulerError

pytest.importorskip("distributed")
if find_spec("dask_jobqueue") is None:
    pytest.skip("dask_jobqueue is not installed", allow_module_level=True)

from zoo_core.predict.cluster import SYSTEMS, batch_systems, check_scheduler, connected, job_script, submitted
from zoo_core.predict.worker import Place, objection

SLURM = """
system: slurm
jobs: 3
cores: 4
memory: 16GB
queue: gpu
account: euclid
walltime: "02:00:00"
job_extra_directives: ["--gres=gpu:1"]
job_script_prologue: [source /opt/zoo/bin/activate]
"""


@pytest.fixture
def described(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "jobs.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def batch_system(tmp_path, monkeypatch):
    """Installs a batch system that takes jobs and never starts them; returns the file that lists them."""

    def install(submit: str, cancel: str, answer: str = "Submitted batch job $$") -> Path:
        taken, folder = tmp_path / "taken", tmp_path / "bin"
        folder.mkdir()
        (folder / submit).write_text(f'#!/bin/sh\necho "$1" >> {taken}\necho {answer}\n')
        (folder / submit).chmod(0o755)
        (folder / cancel).symlink_to("/bin/true")
        monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
        return taken

    return install


def test_a_slurm_job_is_as_described_and_is_submitted_so_often(described, batch_system):
    taken = batch_system("sbatch", "scancel")
    with submitted(described(SLURM)) as cluster:
        script = cluster.job_script()
    for line in ("-p gpu", "-A euclid", "--cpus-per-task=4", "--mem=15G", "-t 02:00:00", "--gres=gpu:1"):
        assert f"#SBATCH {line}\n" in script, script
    _, command = script.split("source /opt/zoo/bin/activate\n")
    assert f"{sys.executable} -m distributed.cli.dask_worker tcp://" in command
    assert "--nthreads 4 " in command and "--nworkers" not in command
    assert len(taken.read_text().split()) == 3


def test_pbs_is_described_likewise_and_several_workers_share_a_job(described, batch_system):
    taken = batch_system("qsub", "qdel", "17.server")
    path = described("system: pbs\njobs: 2\nprocesses: 4\ncores: 8\nmemory: 8GB\nqueue: long\n")
    script = job_script(path)
    assert not taken.exists()
    with submitted(path):
        pass
    assert "#PBS -q long\n" in script and "--nthreads 2 " in script and "--nworkers 4 " in script
    assert len(taken.read_text().split()) == 2


def test_a_refused_job_is_one_line(described, batch_system):
    batch_system("sbatch", "scancel", "error: invalid account; exit 1")
    with (
        pytest.raises(SchedulerError, match=r"jobs\.yaml: no job is submitted: .*invalid account"),
        submitted(described(SLURM)),
    ):
        pass


def test_a_machine_without_the_batch_system_is_one_line(described, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SchedulerError, match=r"jobs\.yaml: no job is submitted: .*sbatch"), submitted(described(SLURM)):
        pass


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("system: slum\njobs: 1\n", "needs `system:`, one of htcondor, "),
        ("system: slurm\n", "needs `jobs:`.* it is None"),
        ("system: slurm\njobs: 0\n", "needs `jobs:`.* it is 0"),
        ("system: slurm\njobs: 1\nqueu: gpu\n", "queu is no argument of dask_jobqueue.SLURMCluster"),
        ("system: slurm\njobs: 1\nmemory: 1GB\n", "cores"),
        ("[1, 2]", "needs `system:`"),
        ("a: [", "cannot be read as YAML"),
    ],
)
def test_a_description_that_cannot_be_used_is_named(described, text, message):
    with pytest.raises(zoo.ArgumentError, match=rf"jobs\.yaml: .*{message}"):
        job_script(described(text))


@pytest.mark.parametrize("scheduler", ["locla", "tcp://host", "host", "nowhere.yaml", "nowhere.json"])
def test_what_names_no_scheduler_is_refused(scheduler):
    with pytest.raises(zoo.ArgumentError, match=r"scheduler= \(--scheduler\) is"):
        check_scheduler(scheduler)


@pytest.mark.parametrize("scheduler", ["local", "tcp://10.0.0.1:8786", "node17:8786"])
def test_what_names_one_is_taken(scheduler):
    check_scheduler(scheduler)


def test_an_unreachable_scheduler_is_one_line():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
    with (
        pytest.raises(SchedulerError, match=f"{address}: no Dask scheduler answers there"),
        connected(address, timeout=0.2),
    ):
        pass


def test_all_systems_of_dask_jobqueue_are_known(ctrl_c):
    classes = {name for name in vars(batch_systems()) if name.endswith("Cluster")}
    assert classes - {"JobQueueCluster"} == set(SYSTEMS.values())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler  # Ctrl-C is what it was


def test_a_worker_says_what_it_lacks(tmp_path):
    token = tmp_path / "token"
    place = Place(str(tmp_path), str(token), {"zoo-core": version("zoo-core")}, ("zoo_core",))
    assert "the folder" in (objection(place) or "")
    token.touch()
    assert objection(place) is None
    other = Place(str(tmp_path), str(token), {"zoo-core": "9.9"}, ())
    assert objection(other) == (
        f"zoo-core is {version('zoo-core')} there and 9.9 here; install zoo-core==9.9 on workers"
    )
    assert "zoo-none is not installed there" in (
        objection(Place(str(tmp_path), str(token), {"zoo-none": "1"}, ())) or ""
    )
    assert "package zoo_none" in (objection(Place(str(tmp_path), str(token), {}, ("zoo_none",))) or "")
