"""Everything in sim lies on one device: with fake CUDA tensors, operations that mix devices raise."""

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from zoo_core.sim import cutouts
from zoo_core.sim.brightness import Wanted, brightened
from zoo_core.sim.cutouts import FINE, FRAME, OVERSAMPLE, draw
from zoo_core.sim.rays.grid import Grid
from zoo_core.sim.rays.lens import convergence, deflection
from zoo_core.sim.rays.light import Profiles, modulation, squared_radius
from zoo_core.sim.rays.scene import LENS, LIGHT
from zoo_core.sim.tables import table
from zoo_core.sim.telescope.blurring import blur, transfer
from zoo_core.sim.telescope.footprint import outside
from zoo_core.sim.telescope.noise import NOISE
from zoo_core.sim.telescope.psf import PSF
from zoo_core.sim.telescope.survey import Randoms, observe
from zoo_core.sim.versions import SHIFTED, VERSIONS

COUNT, SIDE, WIDTH = 6, FRAME.side, FINE.side


@pytest.fixture(scope="module")
def drawn():
    return [draw(np.random.default_rng(i), VERSIONS[1] if i % 2 else SHIFTED, True) for i in range(COUNT)]


@pytest.fixture
def grid():
    with FakeTensorMode():
        yield Grid.of(WIDTH, FINE.pixel_scale, torch.float32, torch.device("cuda"))


def test_telescopes_keep_to_the_device(drawn, grid):
    psfs, noise = table((cutout.psf for cutout in drawn), PSF), table((cutout.noise for cutout in drawn), NOISE)
    spectra = transfer(psfs, WIDTH, FINE.pixel_scale, OVERSAMPLE, torch.float32, "cuda")
    blurred = blur(grid.zeros(COUNT)[:, 1:-1, 1:-1], spectra, OVERSAMPLE)
    arcs, measured = brightened(blurred, blurred, Wanted(*blurred.new_ones(4, COUNT)), noise)
    randoms = Randoms.from_numpy([np.random.default_rng(i) for i in range(COUNT)], SIDE).to("cuda")
    images = observe(blurred, arcs, noise, randoms)
    images = images.masked_fill(outside(SIDE, torch.ones(COUNT, 2, device="cuda")), torch.nan)
    assert {images.device, *(column.device for column in measured)} == {torch.device("cuda:0")}
    assert images.shape == (COUNT, SIDE, SIDE)


def test_lenses_keep_to_the_device(drawn, grid):
    lenses = table(map(cutouts.deflector, drawn), LENS)
    x, y = grid.x.expand(COUNT, -1, -1), grid.y.expand(COUNT, -1, -1)
    alpha_x, alpha_y = deflection(lenses, x, y)
    kappa = convergence(lenses, x, y)
    assert alpha_x.device == alpha_y.device == kappa.device == torch.device("cuda:0")


def test_light_keeps_to_the_device(grid):
    lights = np.ones(COUNT, LIGHT)
    profiles = Profiles.of(lights, grid.axis)
    factor = modulation(profiles, grid.x, grid.y, squared_radius(profiles, grid.x, grid.y), grid.pixel)
    assert factor.device == torch.device("cuda:0") and factor.shape == (COUNT, WIDTH + 2, WIDTH + 2)
