"""Images as a network of a pipeline sees them: observed, restored by the member before it, or better than any does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import zoo_core as zoo
from zoo_core.datasets.simulated.restoration import RestorationSpace
from zoo_core.images.geometry_torch import centred
from zoo_core.images.sky import level_and_noise
from zoo_core.tasks import Restoration

SCALE, AT_ONCE = 0.1, 50  # arcsec a pixel; images that are restored together
OBSERVED, DENOISER, NOISE_FREE, ARCS = "observed", "unet.denoise", "noise-free", "arcs"
THEN = " then "


@dataclass(frozen=True)
class Seen:
    """Images as a network sees them, in any unit, and the noise in which they are counted.

    Arguments:
        images: (N, 1, 101, 101), finite.
        noise: that of the observed image, (N, 1, 1, 1).
    """

    images: Tensor
    noise: Tensor

    def channels(self, model: zoo.Model, rows: Tensor) -> Tensor:
        """As the network of that model takes them, (B, C, size, size)."""
        return model.preprocess.channels(centred(self.images[rows], model.preprocess.size), self.noise[rows])

    def collected(self, function: Callable[[Tensor], Tensor], model: zoo.Model, rows: Tensor) -> Tensor:
        """What a function of that model's network makes of these images, a few at once, (N, ...)."""
        return torch.cat([function(self.channels(model, part)) for part in rows.split(AT_ONCE)])


def seen(arm: str, images: RestorationSpace, folder: Path) -> Seen:
    """All images of a data set as that arm sees them; models that restore one after the other are joined by THEN."""
    file = folder / f"{arm.replace('/', '_')}-{images.seed}.safetensors"
    if not file.exists():
        parts = zip(*_restored(arm, images), strict=True)
        save_file(dict(zip(("images", "noise"), map(torch.cat, parts), strict=True)), file)
    return Seen(**load_file(file))


def _restored(arm: str, images: RestorationSpace) -> Iterator[tuple[Tensor, Tensor]]:
    """Images and the noise of the observed ones, a few at once."""
    restorer = _restorer(DENOISER if arm in (OBSERVED, NOISE_FREE, ARCS) else arm)
    for rows in np.split(np.arange(len(images)), range(AT_ONCE, len(images), AT_ONCE)):
        observed = images.images(rows)
        ready = np.stack([restorer.preprocess.prepare_array(image, SCALE).pixels for image in observed])
        prepared = restorer.preprocess.channels(torch.from_numpy(ready))
        noise = level_and_noise(prepared)[1]
        if arm == OBSERVED:
            yield prepared, noise
        elif arm in (NOISE_FREE, ARCS):
            truth = images.noise_free(rows)
            light = torch.from_numpy(truth.light if arm == NOISE_FREE else truth.arcs)
            yield light.masked_fill(torch.from_numpy(observed).isnan(), 0.0), noise
        else:
            restored = restorer.prediction(prepared)
            assert isinstance(restored, Restoration) and restored.noise is not None
            yield restored.image, restored.noise


def _restorer(arm: str) -> zoo.Model:
    members = [zoo.load(name, device="cpu").with_views(1) for name in arm.split(THEN)]
    return zoo.pipeline(members, device="cpu") if len(members) > 1 else members[0]
