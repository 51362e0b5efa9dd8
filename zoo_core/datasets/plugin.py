"""The data sets of the core, as a plugin like any other."""

from ..interfaces import DatasetFactory
from ..plugins import hookimpl

__all__ = ["zoo_datasets"]


@hookimpl
def zoo_datasets() -> list[DatasetFactory]:
    """Simulated sets, adapters of public ones, and a user's own folder."""
    from .bologna import blf1_ground, blf1_space
    from .finding import finding_space, finding_space_shifted
    from .folder import folder

    return [
        DatasetFactory("finding_space", "classification", finding_space, "simulated lenses and look-alikes, one band"),
        DatasetFactory(
            "finding_space_shifted",
            "classification",
            finding_space_shifted,
            "the same task with other telescopes, galaxies and look-alikes; never trained on",
        ),
        DatasetFactory("blf1_space", "classification", blf1_space, "Bologna challenge 1.0, space set (one VIS band)"),
        DatasetFactory("blf1_ground", "classification", blf1_ground, "Bologna challenge 1.0, ground set (r, i, g, u)"),
        DatasetFactory("folder", "classification", folder, "your own images, one folder a class"),
    ]
