"""Vision transformers, any of timm, sized for 64 x 64 pixels by default."""

from dataclasses import replace

import zoo_core as zoo

__all__ = ["zoo_architectures"]

PAPER = """@inproceedings{Dosovitskiy2021,
  author = {Dosovitskiy, A. and Beyer, L. and Kolesnikov, A. and Weissenborn, D. and Zhai, X. and Unterthiner, T. and
            Dehghani, M. and Minderer, M. and Heigold, G. and Gelly, S. and Uszkoreit, J. and Houlsby, N.},
  title = {An image is worth 16x16 words: transformers for image recognition at scale},
  booktitle = {International Conference on Learning Representations},
  year = {2021},
  eprint = {2010.11929}
}"""


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """A classifier and a regressor, the same network."""
    classifier = zoo.timm_architecture(
        "vit",
        families=["vision_transformer", "deit"],
        model="vit_tiny_patch16_224",
        options={
            "patch_size": 8,
            "embed_dim": 128,
            "depth": 4,
            "num_heads": 4,
            "class_token": False,
            "global_pool": "avg",
        },
        heads=zoo.Heads(classes=("no", "sphere", "vort")),
        summary="Vision transformer, any of timm, 64 x 64 pixels (Dosovitskiy et al. 2021)",
        paper=PAPER,
    )
    regressor = replace(
        classifier,
        name="vit_regression",
        task="regression",
        heads=zoo.Heads(parameters=("theta_E", "e1", "e2"), units=("arcsec", "", "")),
        summary="Vision transformer, any of timm, for parameters with their errors (Dosovitskiy et al. 2021)",
    )
    return [classifier, regressor]
