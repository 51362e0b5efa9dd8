"""The data sets of the core, as a plugin like any other."""

from ..interfaces import DatasetFactory
from ..plugins import hookimpl

__all__ = ["zoo_datasets"]


@hookimpl
def zoo_datasets() -> list[DatasetFactory]:
    """Simulated sets, adapters of public ones, and a user's own folder."""
    from .bologna import Blf1Ground, Blf1Space
    from .finding import finding_space, finding_space_shifted
    from .folder import Folder

    return [
        DatasetFactory("finding_space", "classification", finding_space, "simulated lenses and look-alikes, one band"),
        DatasetFactory(
            "finding_space_shifted",
            "classification",
            finding_space_shifted,
            "the same task with other telescopes, galaxies and look-alikes; never trained on",
        ),
        DatasetFactory("blf1_space", "classification", Blf1Space, "Bologna challenge 1.0, space set (one VIS band)"),
        DatasetFactory("blf1_ground", "classification", Blf1Ground, "Bologna challenge 1.0, ground set (r, i, g, u)"),
        DatasetFactory("folder", "classification", Folder, "your own images, one folder a class"),
    ]
