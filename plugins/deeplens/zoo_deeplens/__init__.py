"""CMU DeepLens, the lens finder that won the ground set of the first Bologna challenge."""

import zoo_core as zoo
from zoo_core.images.declared import FINDING_STRETCHED

__all__ = ["zoo_architectures"]

PAPER = """@article{Lanusse2018,
  author = {Lanusse, F. and Ma, Q. and Li, N. and Collett, T. E. and Li, C.-L. and Ravanbakhsh, S. and
            Mandelbaum, R. and Poczos, B.},
  title = {CMU DeepLens: deep learning for automatic image-based galaxy-galaxy strong lens finding},
  journal = {Monthly Notices of the Royal Astronomical Society},
  volume = {473},
  pages = {3895},
  year = {2018},
  eprint = {1703.02642}
}"""


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """The residual network of Lanusse et al. (2018)."""
    return [
        zoo.Architecture(
            name="deeplens",
            task="classification",
            build=zoo.any_size(zoo.lazy("zoo_deeplens.network:DeepLens")),
            bands=("VIS",),
            heads=zoo.Heads(classes=("nonlens", "lens")),
            preprocess=FINDING_STRETCHED,
            summary="CMU DeepLens residual network, 101 x 101 pixels (Lanusse et al. 2018)",
            paper=PAPER,
            compiled=True,
        )
    ]
