"""Weights of timm on the Hugging Face Hub, as the first ones of a network of timm."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ..catalog import hub
from ..catalog.weights import CONFIG, WEIGHTS
from ..errors import WeightsError
from ..models.backbones import Backbone

__all__ = ["HubStart", "TimmWeights", "begin_with", "on_the_hub"]

SCHEME = "hub://"
ADDRESS = re.compile(rf"{SCHEME}(?P<repo>[\w.-]+/[\w.-]+)@(?P<commit>[0-9a-f]{{40}})")

SHOWN = 300  # letters of what timm says
LEFT_OUT = re.compile(r"Unexpected keys \((.*)\) found while loading")  # words of timm

log = logging.getLogger("zoo")


@dataclass(frozen=True)
class HubStart:
    """A repository of timm's layout: config.json, which names the model of timm, and model.safetensors.

    Arguments:
        repo: "owner/name".
        commit: 40 hexadecimal digits.

    Example:
        >>> from zoo_core.train.hub_start import HubStart
        >>> HubStart.of("hub://timm/resnet18.a1_in1k@" + 40 * "0").repo
        'timm/resnet18.a1_in1k'
    """

    repo: str
    commit: str

    @classmethod
    def of(cls, address: str) -> HubStart:
        """The repository of hub://OWNER/NAME@COMMIT.

        Raises:
            ValueError: it is no such address.
        """
        found = ADDRESS.fullmatch(address)
        if found is None:
            raise ValueError(
                f"warm_start: {address} is not {SCHEME}OWNER/NAME@COMMIT, as in {SCHEME}timm/resnet18.a1_in1k@...; "
                "COMMIT are the 40 digits that the page of the repository shows under its history, so that the "
                "recipe always begins with the same weights"
            )
        return cls(**found.groupdict())

    def weights(self) -> TimmWeights:
        """What it holds; errors as of `TimmWeights.read` and `file`."""
        return TimmWeights.read(self.file(CONFIG), self.file(WEIGHTS), f"{SCHEME}{self.repo}@{self.commit}")

    def file(self, name: str) -> Path:
        """A file of it, from the cache of the Hub's client or from the Hub.

        Raises:
            DownloadError: it cannot be had, and what to do.
        """
        elsewhere = (
            f"run `hf download {self.repo} {CONFIG} {WEIGHTS} --revision {self.commit}` on a machine with a network "
            "and bring its cache (HF_HOME), or leave it out"
        )
        at = (self.repo, self.commit, name)
        return hub.cached(*at) or hub.download(*at, elsewhere=elsewhere)


def on_the_hub(name: str) -> bool:
    """Whether a recipe's `warm_start` is an address on the Hub."""
    return name.startswith(SCHEME)


@dataclass(frozen=True)
class TimmWeights:
    """Weights in timm's layout.

    Arguments:
        origin: where they are from.
        model: of timm, that they are of.
        classes: that its head tells apart.
        tensors: by their names in the model.
    """

    origin: str
    model: str
    classes: int
    tensors: Mapping[str, Tensor]

    @classmethod
    def read(cls, config: Path, weights: Path, origin: str) -> TimmWeights:
        """The weights of these two files.

        Raises:
            WeightsError: they are not of timm's layout.
        """
        try:
            about = json.loads(config.read_text(encoding="utf-8"))
            return cls(origin, about["architecture"], about["pretrained_cfg"]["num_classes"], load_file(weights))
        except (ValueError, KeyError, TypeError) as error:
            raise WeightsError(f"{origin}: its {CONFIG} is not one of timm ({error!r}); name another") from error
        except SafetensorError as error:
            raise WeightsError(
                f"{origin}: {weights} is no safetensors file ({error}); delete it, and try again"
            ) from error


def begin_with(network: nn.Module, start: TimmWeights, head: Collection[str]) -> None:
    """Give a network of timm these weights, all but the head, which stays as it is.

    timm fits them to the number of channels, the size of the images, the patches and the windows.

    Arguments:
        network: a `Backbone`, or one that holds one.
        start: the weights.
        head: names of the tensors whose shape depends on the number of outputs.

    Raises:
        WeightsError: the network is not of timm, or the weights are of another one.
    """
    prefix, backbone = _backbone(network, start)
    given = {f"{prefix}body.{name}": tensor for name, tensor in _fitted(backbone, start).items()}
    own = network.state_dict()
    taken = {name: tensor for name, tensor in given.items() if name in own and name not in head}
    network.load_state_dict({**own, **taken}, strict=True)
    log.info("the network begins as %s of %s, with a new head", start.model, start.origin)


def _backbone(network: nn.Module, start: TimmWeights) -> tuple[str, Backbone]:
    """The part that timm made, and what precedes its name."""
    found = [(name, part) for name, part in network.named_modules() if isinstance(part, Backbone)]
    if len(found) != 1:
        raise WeightsError(f"{start.origin}: only a network of timm begins with weights of timm; leave out warm_start")
    name, backbone = found[0]
    return f"{name}." if name else "", backbone


def _fitted(backbone: Backbone, start: TimmWeights) -> dict[str, Tensor]:
    """The tensors of a network like this one with these weights."""
    model = backbone.body.pretrained_cfg["architecture"]
    if start.model != model:
        raise WeightsError(
            f"{start.origin} holds weights of {start.model}, the network is {model}; write `arguments: {{model: "
            f"{start.model}, options: {{}}}}`"
        )
    stored = {"state_dict": dict(start.tensors), "num_classes": start.classes, "source": None}
    try:
        with _left_out_is_told(start):
            fitted = backbone.again(pretrained=True, pretrained_cfg_overlay=stored).state_dict()
    except RuntimeError as error:
        raise WeightsError(
            f"{start.origin} does not fit {model} with these options; leave out those that change its widths, "
            f"depths or tokens (`options: {{}}`): {' '.join(str(error).split())[:SHOWN]}"
        ) from error
    if not fitted.keys() & start.tensors.keys():
        raise WeightsError(f"{start.origin} has no tensor of the name of one of {model}; name another")
    return fitted


@contextmanager
def _left_out_is_told(start: TimmWeights) -> Iterator[None]:
    """Says which weights have no place in the network; timm warns of them as of a fault, and names no file."""

    def told(record: logging.LogRecord) -> bool:
        found = LEFT_OUT.match(record.getMessage())
        if found:
            log.info("%s: %s have no place in the network, and are left out", start.origin, found[1])
        return not found

    builder = logging.getLogger("timm.models._builder")
    builder.addFilter(told)
    try:
        yield
    finally:
        builder.removeFilter(told)
