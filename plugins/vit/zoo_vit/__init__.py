"""Vision transformers, any of timm, sized for 64 x 64 pixels by default."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import zoo_core as zoo

if TYPE_CHECKING:
    from torch import nn

__all__ = ["zoo_architectures"]

PAPER = """@inproceedings{Dosovitskiy2021,
  author = {Dosovitskiy, A. and Beyer, L. and Kolesnikov, A. and Weissenborn, D. and Zhai, X. and Unterthiner, T. and
            Dehghani, M. and Minderer, M. and Heigold, G. and Gelly, S. and Uszkoreit, J. and Houlsby, N.},
  title = {An image is worth 16x16 words: transformers for image recognition at scale},
  booktitle = {International Conference on Learning Representations},
  year = {2021},
  eprint = {2010.11929}
}"""

PREPROCESS = (
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
FAMILIES = ("vision_transformer", "deit")  # modules of timm
SMALL = {
    "model": "vit_tiny_patch16_224",
    "options": {
        "patch_size": 8,
        "embed_dim": 128,
        "depth": 4,
        "num_heads": 4,
        "class_token": False,
        "global_pool": "avg",
    },
}


def build(
    channels: int,
    outputs: int,
    model: str = "vit_tiny_patch16_224",
    size: int = 64,
    options: Mapping[str, Any] | None = None,
) -> "nn.Module":
    """A vision transformer of timm with random weights.

    Arguments:
        model: its name in timm.
        size: pixels a side, as the preprocessing frames them.
        options: of timm's constructor: patch_size, embed_dim, depth, drop_path_rate ...
    """
    from zoo_core.models.backbones import backbone

    return backbone(FAMILIES, model, channels, outputs, {"img_size": size, **(options or {})})


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """A classifier."""
    return [
        zoo.Architecture(
            name="vit",
            task="classification",
            build=build,
            size=64,
            bands=("VIS",),
            heads=zoo.Heads(classes=("no", "sphere", "vort")),
            preprocess=PREPROCESS,
            arguments=SMALL,
            summary="Vision transformer, any of timm, 64 x 64 pixels (Dosovitskiy et al. 2021)",
            paper=PAPER,
        )
    ]
