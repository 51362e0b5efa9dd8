"""Networks of timm as networks of the zoo: any model of a family, for any number of channels, pixels and outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn

from ..errors import NotInstalledError, SpecError, UnknownNameError

__all__ = ["Backbone", "backbone", "backbone_names"]

FETCHING = {"pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "checkpoint_path"}  # options that read weights


class Backbone(nn.Module):
    """A classifier of timm (Wightman 2019) whose pooled features can be had.

    Arguments:
        body: a model of timm.
        again: builds another like it; takes what else `timm.create_model` takes.
    """

    def __init__(self, body: Any, again: Callable[..., Any]):
        super().__init__()
        self.body, self.again = body, again

    def features(self, x: Tensor) -> Tensor:
        """(B, D): what the last linear layer sees of images (B, channels, size, size)."""
        return self.body.forward_head(self.body.forward_features(x), pre_logits=True)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (B, outputs) of images (B, channels, size, size)."""
        return self.body(x)


def backbone(
    families: Sequence[str] | None, model: str, channels: int, outputs: int, options: Mapping[str, Any]
) -> Backbone:
    """A model of timm with random weights.

    Arguments:
        families: modules of timm that may define it: resnet, vision_transformer, swin_transformer ...; None: any.
        model: its name in timm, without the tag of pretrained weights.
        channels: of the images.
        outputs: of the last linear layer; 0: there is none, and the network gives pooled features.
        options: of the model's constructor, instead of those that the name stands for.

    Raises:
        NotInstalledError: timm is missing.
        UnknownNameError: the families have no such model.
        SpecError: the options are not the model's, contradict each other, or read weights.
    """
    if reading := sorted(FETCHING & options.keys()):
        raise SpecError(
            f"options: {', '.join(reading)} would fetch weights whenever the network is built or loaded; leave it "
            "out, and begin a training with weights of timm by `warm_start: hub://OWNER/NAME@COMMIT` in its recipe"
        )
    names = backbone_names(families)
    if model not in names:
        raise UnknownNameError.among(
            f"model of timm's {' or '.join(families)}" if families else "model of timm", model, names
        )
    import timm

    build = partial(timm.create_model, model, in_chans=channels, num_classes=outputs, **options)
    try:
        body = build()
    except (TypeError, ValueError, AssertionError) as error:
        raise SpecError(f"timm can't build {model} with {dict(options)}: {error}") from error
    return Backbone(body, build)


def backbone_names(families: Sequence[str] | None) -> list[str]:
    """The models of some families of timm, None: of all.

    Raises:
        NotInstalledError: timm is missing.
    """
    try:
        import timm
    except ImportError as error:
        raise NotInstalledError(f"timm can't be imported ({error}); install it with: pip install timm") from error
    return timm.list_models(module=list(families) if families else "")
