"""LASTRO EPFL, the lens finder that won the space set of the first Bologna challenge, and its three variants."""

import zoo_core as zoo
from zoo_core.images.declared import FINDING_STRETCHED

__all__ = ["zoo_architectures"]

PAPER = """@article{Schaefer2018,
  author = {Schaefer, C. and Geiger, M. and Kuntzer, T. and Kneib, J.-P.},
  title = {Deep convolutional neural networks as strong gravitational lens detectors},
  journal = {Astronomy & Astrophysics},
  volume = {611},
  pages = {A2},
  year = {2018},
  eprint = {1705.07132}
}"""


def _architecture(name: str, network: str, summary: str) -> zoo.Architecture:
    return zoo.Architecture(
        name=name,
        task="classification",
        build=zoo.one_size(zoo.lazy(f"zoo_lastro.{network}"), 101),
        bands=("VIS",),
        heads=zoo.Heads(classes=("nonlens", "lens")),
        preprocess=FINDING_STRETCHED,
        summary=f"LASTRO EPFL {summary}, 101 x 101 pixels (Schaefer et al. 2018)",
        paper=PAPER,
    )


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """The four networks of Schaefer et al. (2018)."""
    return [
        _architecture("lastro", "baseline:Lastro", "baseline CNN"),
        _architecture("lastro_views", "views:Views", "views, the baseline joined with a CNN of the centre"),
        _architecture("lastro_residual", "residual:Residual", "residual CNN"),
        _architecture("lastro_invariant", "invariant:Invariant", "CNN invariant under turns and mirror images"),
    ]
