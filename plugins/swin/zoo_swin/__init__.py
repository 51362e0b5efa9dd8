"""Swin transformers, any of timm, sized for 64 x 64 pixels by default."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import zoo_core as zoo

if TYPE_CHECKING:
    from torch import nn

__all__ = ["zoo_architectures"]

PAPER = """@inproceedings{Liu2021,
  author = {Liu, Z. and Lin, Y. and Cao, Y. and Hu, H. and Wei, Y. and Zhang, Z. and Lin, S. and Guo, B.},
  title = {Swin transformer: hierarchical vision transformer using shifted windows},
  booktitle = {International Conference on Computer Vision},
  pages = {9992},
  year = {2021},
  eprint = {2103.14030}
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
FAMILIES = ("swin_transformer", "swin_transformer_v2")  # modules of timm
SMALL = {
    "model": "swin_tiny_patch4_window7_224",
    "options": {"patch_size": 4, "window_size": 4, "embed_dim": 48, "depths": [2, 2, 2], "num_heads": [2, 4, 8]},
}


def build(
    channels: int,
    outputs: int,
    model: str = "swin_tiny_patch4_window7_224",
    size: int = 64,
    options: Mapping[str, Any] | None = None,
) -> "nn.Module":
    """A Swin transformer of timm with random weights.

    Arguments:
        model: its name in timm.
        size: pixels a side, as the preprocessing frames them.
        options: of timm's constructor: patch_size, window_size, embed_dim, depths, num_heads ...
    """
    from zoo_core.models.backbones import backbone

    return backbone(FAMILIES, model, channels, outputs, {"img_size": size, **(options or {})})


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """A classifier."""
    return [
        zoo.Architecture(
            name="swin",
            task="classification",
            build=build,
            size=64,
            bands=("VIS",),
            heads=zoo.Heads(classes=("no", "sphere", "vort")),
            preprocess=PREPROCESS,
            arguments=SMALL,
            summary="Swin transformer, any of timm, 64 x 64 pixels (Liu et al. 2021)",
            paper=PAPER,
        )
    ]
