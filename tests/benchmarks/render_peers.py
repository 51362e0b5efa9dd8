"""One renderer, one kind of lens, in one process: prints the core seconds that a noise-free scene takes.

    python render_peers.py {ours,cutouts,caustics,lenstronomy} {sie,epl}

A scene is a lens with shear, its light and one source, on 101 x 101 pixels of 0.1 arcsec. Ours: one ray a pixel, more
where the light varies inside it, which on these scenes is right to 1e-3 of the peak and to 5e-3 at the images of
centres. Peers: plain samples, two along a pixel's side for caustics (at its best batch size) and three for lenstronomy;
three are right to 6e-3, and to 0.1 at centres.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from zoo_core.sim.frame import CutoutFrame
from zoo_core.sim.rays.render import render
from zoo_core.sim.rays.scene import LENS, LIGHT, Scenes

PIXELS, SCALE = 101, 0.1
SCENES, REPEATS = 48, 12
EPL_TERMS = 16
"""That leave an error of 1e-7 at the axis ratio of 0.5."""


def scenes(slope: float) -> Scenes:
    """The scenes that all peers draw."""
    rng = np.random.default_rng(1)
    lenses, lights = np.zeros(SCENES, LENS), np.zeros(2 * SCENES, LIGHT)
    lenses["theta_E"], lenses["q"] = rng.uniform(0.5, 2, SCENES), rng.uniform(0.5, 0.95, SCENES)
    lenses["phi"], lenses["slope"] = rng.uniform(0, 3, SCENES), slope
    lenses["x"], lenses["y"], lenses["gamma_1"] = 0.013, -0.017, 0.03
    lights["scene"], lights["lensed"] = np.repeat(np.arange(SCENES), 2), np.tile([0, 1], SCENES)
    lights["x"], lights["y"] = np.where(lights["lensed"], rng.normal(0, 0.2, (2, 2 * SCENES)), [[0.013], [-0.017]])
    lights["R"] = np.where(lights["lensed"], rng.uniform(0.1, 0.4, 2 * SCENES), rng.uniform(0.5, 1.5, 2 * SCENES))
    lights["n"] = np.where(lights["lensed"], rng.uniform(0.7, 2, 2 * SCENES), rng.uniform(3, 5, 2 * SCENES))
    lights["q"], lights["phi"], lights["flux"] = rng.uniform(0.4, 1, 2 * SCENES), rng.uniform(0, 3, 2 * SCENES), 1.0
    return Scenes(lenses, lights)


def ours(slope: float) -> Callable[[], object]:
    """The renderer of this package."""
    drawn = scenes(slope)
    return lambda: render(drawn, CutoutFrame(PIXELS, SCALE))


def cutouts(slope: float) -> Callable[[], object]:
    """Whole scenes of `finding_space`, fifteen profiles each on a grid twice as fine, with PSF and brightness."""
    from zoo_core.sim.cutouts import draw, expose
    from zoo_core.sim.versions import VERSIONS

    drawn = [draw(np.random.default_rng(i), VERSIONS[1], i % 10 == 0) for i in range(SCENES)]
    return lambda: expose(drawn)


def caustics(slope: float, batch: int) -> Callable[[], object]:
    """A caustics simulator under vmap, its EPL series as long as ours for the flattest of the lenses."""
    import caustics as library

    cosmology = {"cosmology": library.FlatLambdaCDM()}
    mass = library.SIE(**cosmology) if slope == 1 else library.EPL(**cosmology, n_iter=EPL_TERMS, chunk_size=1)
    shear = library.ExternalShear(**cosmology, gamma_2=0.0)
    lens = library.SinglePlane(**cosmology, lenses=[mass, shear], z_l=0.5, z_s=1.5)
    grid = {"pixelscale": SCALE, "pixels_x": PIXELS, "upsample_factor": 2}
    simulator = library.LensSource(lens, library.Sersic(name="source"), lens_light=library.Sersic(name="light"), **grid)
    run, table = torch.vmap(simulator), caustics_parameters(scenes(slope))
    return lambda: [run(table[start : start + batch]) for start in range(0, SCENES, batch)]


def caustics_parameters(drawn: Scenes) -> torch.Tensor:
    """The dynamic parameters in the simulator's order: mass, shear, source, light."""
    lenses, power_law = drawn.lenses, drawn.lenses["slope"][0] != 1
    mass = ["x", "y", "q", "phi", "theta_E", *(["slope"] if power_law else [])]
    columns = [lenses[name] for name in (*mass, "x", "y", "gamma_1")]
    for rows in (drawn.lights["lensed"], ~drawn.lights["lensed"]):
        columns += [drawn.lights[rows][name] for name in ("x", "y", "q", "phi", "n", "R", "flux")]
    return torch.as_tensor(np.stack(columns, axis=1), dtype=torch.float32)


def lenstronomy(slope: float) -> Callable[[], object]:
    """The image model of lenstronomy, three samples along a pixel's side, without a PSF."""
    from lenstronomy.Data.imaging_data import ImageData
    from lenstronomy.Data.psf import PSF
    from lenstronomy.ImSim.image_model import ImageModel
    from lenstronomy.LensModel.lens_model import LensModel
    from lenstronomy.LightModel.light_model import LightModel

    corner = -(PIXELS - 1) / 2 * SCALE
    frame = {"ra_at_xy_0": corner, "dec_at_xy_0": corner, "transform_pix2angle": np.eye(2) * SCALE}
    model = ImageModel(
        ImageData(image_data=np.zeros((PIXELS, PIXELS)), **frame),
        PSF("NONE"),
        LensModel(["SIE" if slope == 1 else "EPL", "SHEAR"]),
        LightModel(["SERSIC_ELLIPSE"]),
        LightModel(["SERSIC_ELLIPSE"]),
        kwargs_numerics={"supersampling_factor": 3},
    )
    calls = [lenstronomy_parameters(drawn) for drawn in (scenes(slope)[i : i + 1] for i in range(SCENES))]
    return lambda: [model.image(*call) for call in calls]


def lenstronomy_parameters(drawn: Scenes) -> tuple[list[dict], list[dict], list[dict]]:
    """Lens, source and lens light of one scene."""
    lens = drawn.lenses[0]
    mass = {"theta_E": lens["theta_E"]} | ellipse(lens)
    mass |= {} if lens["slope"] == 1 else {"gamma": lens["slope"] + 1}
    shear = {"gamma1": lens["gamma_1"], "gamma2": lens["gamma_2"], "ra_0": lens["x"], "dec_0": lens["y"]}
    light, source = (
        {"amp": row["flux"], "R_sersic": row["R"], "n_sersic": row["n"]} | ellipse(row) for row in drawn.lights
    )
    return [mass, shear], [source], [light]


def ellipse(row: np.void) -> dict[str, float]:
    """Centre and ellipticity as lenstronomy names them."""
    e = (1 - row["q"]) / (1 + row["q"])
    e1, e2 = e * np.cos(2 * row["phi"]), e * np.sin(2 * row["phi"])
    return {"e1": e1, "e2": e2, "center_x": row["x"], "center_y": row["y"]}


def seconds_a_scene(draw: Callable[[], object]) -> float:
    """CPU seconds of the fastest of some repeats; the first one, which warms caches and compilers, does not count."""
    draw()
    best = float("inf")
    for _ in range(REPEATS):
        start = time.process_time()
        draw()
        best = min(best, time.process_time() - start)
    return best / SCENES


PEERS: dict[str, Callable[[float], float]] = {
    "cutouts": lambda slope: seconds_a_scene(cutouts(slope)),
    "ours": lambda slope: seconds_a_scene(ours(slope)),
    "caustics": lambda slope: min(seconds_a_scene(caustics(slope, batch)) for batch in (2, 4, 8, 16)),
    "lenstronomy": lambda slope: seconds_a_scene(lenstronomy(slope)),
}

if __name__ == "__main__":
    torch.set_num_threads(1)
    peer, kind = sys.argv[1:]
    sys.stdout.write(f"{PEERS[peer]({'sie': 1.0, 'epl': 1.1}[kind])}\n")
