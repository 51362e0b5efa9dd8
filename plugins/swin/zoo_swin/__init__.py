"""Swin transformers, any of timm, sized for 64 x 64 pixels by default."""

import zoo_core as zoo

__all__ = ["zoo_architectures"]

PAPER = """@inproceedings{Liu2021,
  author = {Liu, Z. and Lin, Y. and Cao, Y. and Hu, H. and Wei, Y. and Zhang, Z. and Lin, S. and Guo, B.},
  title = {Swin transformer: hierarchical vision transformer using shifted windows},
  booktitle = {International Conference on Computer Vision},
  pages = {9992},
  year = {2021},
  eprint = {2103.14030}
}"""


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """A classifier."""
    return [
        zoo.timm_architecture(
            "swin",
            families=["swin_transformer", "swin_transformer_v2"],
            model="swin_tiny_patch4_window7_224",
            options={
                "patch_size": 4,
                "window_size": 4,
                "embed_dim": 48,
                "depths": [2, 2, 2],
                "num_heads": [2, 4, 8],
            },
            heads=zoo.Heads(classes=("no", "sphere", "vort")),
            summary="Swin transformer, any of timm, 64 x 64 pixels (Liu et al. 2021)",
            paper=PAPER,
        )
    ]
