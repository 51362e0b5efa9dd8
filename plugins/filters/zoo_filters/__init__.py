"""Filters that know nothing of galaxies: what networks must beat that denoise, or that leave nothing but arcs."""

import zoo_core as zoo
from zoo_core.images.declared import FINDING

__all__ = ["zoo_architectures"]

WALT = """@article{vanderWalt2014,
  author = {van der Walt, S. and Schonberger, J. L. and Nunez-Iglesias, J. and Boulogne, F. and Warner, J. D. and Yager,
            N. and Gouillart, E. and Yu, T. and {the scikit-image contributors}},
  title = {scikit-image: image processing in Python},
  journal = {PeerJ},
  volume = {2},
  pages = {e453},
  year = {2014}
}"""

BUADES = """@inproceedings{Buades2005,
  author = {Buades, A. and Coll, B. and Morel, J.-M.},
  title = {A non-local algorithm for image denoising},
  booktitle = {Computer Vision and Pattern Recognition},
  year = {2005}
}"""

CHANG = """@article{Chang2000,
  author = {Chang, S. Grace and Yu, Bin and Vetterli, Martin},
  title = {Adaptive wavelet thresholding for image denoising and compression},
  journal = {IEEE Transactions on Image Processing},
  volume = {9},
  pages = {1532},
  year = {2000}
}"""

SERSIC = """@article{Sersic1963,
  author = {S{\\'e}rsic, J. L.},
  title = {Influence of the atmospheric and instrumental dispersion on the brightness distribution in a galaxy},
  journal = {Boletin de la Asociacion Argentina de Astronomia},
  volume = {6},
  pages = {41},
  year = {1963}
}"""

CHOSEN = ", in units of the noise; its strength is all that was chosen"


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """None, three against noise and one for arcs, each with one strength that is chosen on training images."""
    return [
        _architecture("no_filter", "NoFilter", "the image as it was observed: what doing nothing gives", ""),
        _architecture("gaussian_filter", "GaussianFilter", f"Gaussian smoothing{CHOSEN}", WALT),
        _architecture("wavelet_filter", "WaveletFilter", f"wavelet shrinkage (Chang et al. 2000){CHOSEN}", CHANG),
        _architecture("nlmeans_filter", "NonLocalMeans", f"non-local means (Buades et al. 2005){CHOSEN}", BUADES),
        _architecture(
            "sersic_filter", "SersicLight", f"arcs beside a fitted Sersic profile, above a threshold{CHOSEN}", SERSIC
        ),
    ]


def _architecture(name: str, network: str, summary: str, paper: str) -> zoo.Architecture:
    return zoo.Architecture(
        name=name,
        task="restoration",
        build=zoo.any_size(zoo.lazy(f"zoo_filters.network:{network}")),
        bands=("VIS",),
        heads=zoo.Heads(),
        preprocess=FINDING[:-1],  # in the unit of the image
        summary=summary,
        paper=paper,
        train=zoo.lazy("zoo_filters.choice:train"),
        measures_noise=network == "SersicLight",  # whose threshold counts in it; the others smooth what there is
    )
