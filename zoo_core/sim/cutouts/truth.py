"""What is true of a cutout."""

import numpy as np

from ..brightness import MEASURED
from .parameters import Cutout

__all__ = ["TRUTH", "facts"]

TRUTH = np.dtype(
    [
        ("label", "i8"),  # 1: a lens
        ("kind", "U16"),  # of the source, or of the non-lens
        ("theta_E", "f8"),  # arcsec; 0 if nothing is lensed
        ("arc_snr", "f8"),  # matched-filter signal to noise of the arcs
        ("magnification", "f8"),  # flux of the arcs in the frame over that of the source
        ("arc_contrast", "f8"),  # mean surface brightness of the arcs over that of the light under them
        ("arc_flux", "f8"),  # in sky sigma
        ("source_x", "f8"),  # arcsec from the lens, in the source plane
        ("source_y", "f8"),
        ("source_R", "f8"),
        ("sigma_v", "f8"),  # km/s; of the host, lens or not
        ("z_l", "f8"),
        ("z_s", "f8"),
        ("lens_x", "f8"),
        ("lens_y", "f8"),
        ("lens_q", "f8"),
        ("lens_phi", "f8"),
        ("lens_slope", "f8"),
        ("gamma_1", "f8"),
        ("gamma_2", "f8"),
        ("host_R", "f8"),
        ("host_flux", "f8"),
        ("psf_fwhm", "f8"),
    ]
)


def facts(cutout: Cutout) -> dict[str, float | str]:
    """The truth of a cutout, by the columns of TRUTH, with zeros for what is measured on its image."""
    host, source = cutout.host, cutout.source
    drawn = {
        "label": int(source is not None),
        "kind": cutout.kind,
        "theta_E": host.theta_E if source else 0.0,
        "source_x": source.x if source else 0.0,
        "source_y": source.y if source else 0.0,
        "source_R": source.R if source else 0.0,
        "sigma_v": host.sigma_v,
        "z_l": host.z_l,
        "z_s": host.z_s,
        "lens_x": host.light.x,
        "lens_y": host.light.y,
        "lens_q": host.q,
        "lens_phi": host.phi,
        "lens_slope": host.slope,
        "gamma_1": host.gamma_1,
        "gamma_2": host.gamma_2,
        "host_R": host.light.R,
        "host_flux": host.light.flux,
        "psf_fwhm": cutout.psf.fwhm,
    }
    return drawn | dict.fromkeys(MEASURED, 0.0)
