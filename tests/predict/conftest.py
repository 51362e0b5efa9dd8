"""What predictions are made with: tiny models, folders of images."""

from multiprocessing import forkserver

import numpy as np
import pytest
from astropy.io import fits

from ..tiny_models import cutouts as cutouts
from ..tiny_models import model as model
from ..tiny_models import tiny as tiny


@pytest.fixture(scope="session")
def quick_workers():
    """Workers of Dask begin with the zoo imported: they are forked by a process that has."""
    dask = pytest.importorskip("dask")
    forkserver.set_forkserver_preload(["zoo_core.predict.worker"])
    forkserver.ensure_running()
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        yield


@pytest.fixture(scope="session")
def cluster(quick_workers):
    """Two workers for all tests, processes, also those that follow a killed one."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as two_processes:
        yield two_processes


def stacked(folder, names):
    """The pixels of these files of a folder, (N, 1, H, W)."""
    return np.stack([fits.getdata(folder / f"{name}.fits") for name in names])[:, None]
