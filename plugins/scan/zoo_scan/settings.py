"""Keys of a recipe under `settings:`, of all three stages."""

from dataclasses import dataclass, field

from .views import RandomViews

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """Settings of all stages; how long each lasts is under `stages:`.

    Arguments:
        views: of the contrast and of the neighbours, and the weak views that labels are read from.
        strong: views that must get the label of the weak one; by default like `views`.
        temperature: of the contrast.
        neighbours: that are mined for each image.
        entropy_weight: of the clusters' entropy; lower it where the classes are not equally frequent.
        threshold: probability from which a prediction is a label.
        least: share of each cluster's members that are labels whatever their probability.
    """

    views: RandomViews = field(default_factory=RandomViews)
    strong: RandomViews | None = None
    temperature: float = 0.2
    neighbours: int = 20
    entropy_weight: float = 5.0
    threshold: float = 0.99
    least: float = 0.1

    def __post_init__(self) -> None:
        for name in ("temperature", "neighbours", "least"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} = {getattr(self, name)} is not above 0")
        if not 0 < self.threshold < 1:
            raise ValueError(f"threshold = {self.threshold} is not a probability between 0 and 1")
