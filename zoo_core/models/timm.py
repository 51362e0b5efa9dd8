"""Architectures whose network is any model of a family of timm: what a plugin says of one, without importing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, make_dataclass
from typing import TYPE_CHECKING, Any

from ..interfaces import Architecture
from ..tasks import Heads

if TYPE_CHECKING:
    from .backbones import Backbone

__all__ = ["STRETCHED", "timm_architecture"]

STRETCHED = (
    {"op": "frame", "size": 64},
    {"op": "noise_units"},
    {
        "op": "stack",
        "of": (
            {"op": "asinh", "softening": 3.0},
            {"op": "asinh_peak", "contrast": 5.0},
            {"op": "high_pass", "sigma": 2.0, "relative": 0.05},
        ),
    },
)
"""64 x 64 pixels in three stretches: faint light, bright light, and what is narrow."""


def timm_architecture(
    name: str,
    families: Sequence[str],
    model: str,
    options: Mapping[str, Any],
    heads: Heads,
    summary: str,
    paper: str,
    task: str = "classification",
    bands: Sequence[str] = ("VIS",),
    preprocess: Sequence[Mapping[str, Any]] = STRETCHED,
    sized: bool = True,
) -> Architecture[Backbone]:
    """The architecture of a family of timm (Wightman 2019), for any number of channels, pixels and outputs.

    Its arguments are `model`, the name in timm, and `options`, those of timm's constructor.

    Arguments:
        name, heads, summary, paper, task, bands, preprocess: see `Architecture`.
        families: modules of timm that may define the model: resnet, vision_transformer, swin_transformer ...
        model: by default, without the tag of pretrained weights.
        options: by default.
        sized: the constructor takes the size of the images, as `img_size`.

    Example:
        >>> import zoo_core as zoo
        >>> zoo.timm_architecture(
        ...     "vit", ["vision_transformer"], "vit_tiny_patch16_224", {}, zoo.Heads(("a", "b")), "ViT", paper=""
        ... ).build
        TimmBuild(families=('vision_transformer',), sized=True)
    """
    arguments = make_dataclass(
        "Arguments",
        [("model", str, model), ("options", Mapping[str, Any], field(default_factory=lambda: dict(options)))],
        namespace={"__doc__": ARGUMENTS},
        frozen=True,
    )
    return Architecture(
        name=name,
        task=task,
        build=TimmBuild(tuple(families), sized),
        bands=tuple(bands),
        heads=heads,
        preprocess=tuple(preprocess),
        arguments=arguments,
        summary=summary,
        paper=paper,
    )


ARGUMENTS = """Of a network of timm.

Arguments:
    model: its name in timm, without the tag of pretrained weights.
    options: of timm's constructor; none that fetch weights, which a recipe does (`warm_start: hub://...`).
"""


@dataclass(frozen=True)
class TimmBuild:
    """`Architecture.build` of some families of timm; arguments as of `timm_architecture`."""

    families: tuple[str, ...]
    sized: bool

    def __call__(self, channels: int, outputs: int, size: int, model: str, options: Mapping[str, Any]) -> Backbone:
        """The network with random weights."""
        from .backbones import backbone

        given = {"img_size": size, **options} if self.sized else options
        return backbone(self.families, model, channels, outputs, given)
